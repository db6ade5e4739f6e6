// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_event.h"

#include "daemon/perf/perf_attr.h"

#include <errno.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct perf_event_choice clocks[] = {
	{ .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK,
	  .name = "cpu-clock", .is_clock = true },
	{ .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK,
	  .name = "task-clock", .is_clock = true },
};

static const struct perf_event_choice *clock_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		if (!strcasecmp(clocks[i].name, name))
			return &clocks[i];
	return NULL;
}

// "cpu-cycles" is perf's spelling, "CPU_CYCLES" libpfm's.
static int pfm_encode(const char *name, struct perf_event_attr *attr)
{
	pfm_perf_encode_arg_t query = { .attr = attr, .size = sizeof(query) };
	char spelling[sizeof(clocks[0].name)];
	int failed;

	failed = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3,
					   PFM_OS_PERF_EVENT, &query);
	if (failed == PFM_SUCCESS)
		return failed;
	snprintf(spelling, sizeof(spelling), "%s", name);
	for (char *c = spelling; *c; c++)
		if (*c == '-')
			*c = '_';
	return pfm_get_os_event_encoding(spelling, PFM_PLM0 | PFM_PLM3,
					 PFM_OS_PERF_EVENT, &query);
}

static struct error *choice_by_name(const char *name,
				    struct perf_event_choice *ret)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	int failed;

	if (strlen(name) >= sizeof(ret->name))
		return error_create(ERROR_USAGE, "event name '%.20s...' is too "
				    "long", name);
	failed = pfm_initialize();
	if (failed == PFM_SUCCESS) {
		failed = pfm_encode(name, &attr);
		pfm_terminate();
	}
	if (failed != PFM_SUCCESS)
		return error_create(ERROR_USAGE, "unknown event '%s' (%s); "
				    "cpu-clock works everywhere", name,
				    pfm_strerror(failed));
	// Registers of a precise sample are not those of the interrupt: no
	// such sample could ever be proven.
	if (attr.precise_ip)
		return error_create(ERROR_UNSUPPORTED, "event '%s': precise "
				    "sampling is not supported", name);
	*ret = (struct perf_event_choice){
		.type = attr.type,
		.config = attr.config,
		.config1 = attr.config1,
		.config2 = attr.config2,
		.exclude_user = attr.exclude_user,
		.exclude_kernel = attr.exclude_kernel,
	};
	memcpy(ret->name, name, strlen(name) + 1);
	return NULL;
}

static bool is_permission(int errnum)
{
	return errnum == EACCES || errnum == EPERM;
}

static int choice_try(const struct opener *opener,
		      const struct perf_event_choice *choice)
{
	struct perf_event_attr attr =
		perf_attr_probe(choice->type, choice->config);
	int fd;

	attr.config1 = choice->config1;
	attr.config2 = choice->config2;
	attr.exclude_guest = 1;
	fd = opener_perf_event(opener, &attr, PERF_TARGET_SELF, -1);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -fd : 0;
}

static char *explain_fallback(const char *name, int errnum,
			      const struct perf_features *features)
{
	char *note;
	int length;

	if (!features->hardware)
		length = asprintf(&note, "this host has no performance counter "
				  "for '%s' (usual in virtual machines): "
				  "sampling by cpu-clock", name);
	else
		length = asprintf(&note, "this host cannot sample by '%s' "
				  "(%s): sampling by cpu-clock", name,
				  strerror(errnum));
	return length < 0 ? NULL : note;
}

struct error *perf_event_choose(const char *name,
				const struct perf_features *features,
				struct perf_event_choice *ret, char **ret_note)
{
	const struct perf_event_choice *clock = clock_by_name(name);
	struct perf_event_choice choice = { 0 };
	struct error *error;
	int failed;

	*ret_note = NULL;
	if (clock) {
		*ret = *clock;
		return NULL;
	}
	error = choice_by_name(name, &choice);
	if (error)
		return error;
	failed = choice_try(features->opener, &choice);
	if (is_permission(failed))
		return error_wrap(perf_attr_error(failed, features),
				  "event '%s'", name);
	if (failed) {
		*ret_note = explain_fallback(name, failed, features);
		choice = clocks[0];
	}
	*ret = choice;
	return NULL;
}
