// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_choice.h"

#include "daemon/perf/perf_attr.h"
#include "daemon/perf/tracepoint.h"

#include <errno.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LIST_BYTES_MAX = 512 };

#define SOFTWARE(event) .type = PERF_TYPE_SOFTWARE, .config = (event)

static const struct perf_event_choice known[] = {
	{ .name = "cpu-clock", .kind = PERF_CHOICE_CLOCK, .unit = "ns",
	  SOFTWARE(PERF_COUNT_SW_CPU_CLOCK) },
	{ .name = "task-clock", .kind = PERF_CHOICE_CLOCK, .unit = "ns",
	  SOFTWARE(PERF_COUNT_SW_TASK_CLOCK) },
	{ .name = "off-cpu", .kind = PERF_CHOICE_OFF_CPU, .unit = "ns",
	  SOFTWARE(PERF_COUNT_SW_CONTEXT_SWITCHES) },
	{ .name = "page-faults", .kind = PERF_CHOICE_COUNTER,
	  .unit = "faults", SOFTWARE(PERF_COUNT_SW_PAGE_FAULTS) },
	{ .name = "minor-faults", .kind = PERF_CHOICE_COUNTER,
	  .unit = "faults", SOFTWARE(PERF_COUNT_SW_PAGE_FAULTS_MIN) },
	{ .name = "major-faults", .kind = PERF_CHOICE_COUNTER,
	  .unit = "faults", SOFTWARE(PERF_COUNT_SW_PAGE_FAULTS_MAJ) },
	{ .name = "cpu-migrations", .kind = PERF_CHOICE_COUNTER,
	  .unit = "migrations", SOFTWARE(PERF_COUNT_SW_CPU_MIGRATIONS) },
	{ .name = "context-switches", .kind = PERF_CHOICE_COUNTER,
	  .unit = "switches", SOFTWARE(PERF_COUNT_SW_CONTEXT_SWITCHES) },
};

enum { KNOWN_COUNT = sizeof(known) / sizeof(known[0]) };

static const struct perf_event_choice *known_by_name(const char *name)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (!strcasecmp(known[i].name, name))
			return &known[i];
	return NULL;
}

// "cpu-cycles" is perf's spelling, "CPU_CYCLES" libpfm's.
static int pfm_encode(const char *name, struct perf_event_attr *attr)
{
	pfm_perf_encode_arg_t query = { .attr = attr, .size = sizeof(query) };
	char spelling[PERF_CHOICE_NAME_MAX];
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

// What libpfm4 knows: the host's PMU.
static struct error *choose_counter(const char *name,
				    struct perf_event_choice *ret)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	int failed = pfm_initialize();

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
		.kind = PERF_CHOICE_COUNTER,
		.type = attr.type,
		.config = attr.config,
		.config1 = attr.config1,
		.config2 = attr.config2,
		.unit = strstr(name, "cycles") ? "cycles" : "events",
		.exclude_user = attr.exclude_user,
		.exclude_kernel = attr.exclude_kernel,
	};
	return NULL;
}

// "group:name", unless what follows the colon can only be libpfm's modifiers:
// "cycles:u", "instructions:u=1:k".
static bool is_tracepoint(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon && !strchr(colon, '=') &&
	       strspn(colon + 1, "ukhGHp:") < strlen(colon + 1);
}

static struct error *choose_tracepoint(const char *name,
				       const struct perf_features *features,
				       struct perf_event_choice *ret)
{
	char path[PERF_CHOICE_NAME_MAX];
	struct error *error;
	struct tracepoint tracepoint;

	snprintf(path, sizeof(path), "%s", name);
	*strchr(path, ':') = '/';
	error = opener_tracepoint(features->opener, path, NULL, &tracepoint);
	if (error)
		return error_wrap(error, "event '%s'", name);
	*ret = (struct perf_event_choice){
		.kind = PERF_CHOICE_COUNTER,
		.type = PERF_TYPE_TRACEPOINT,
		.config = tracepoint.id,
		.unit = "calls",
	};
	return NULL;
}

// Where there is the tracepoint its filter leaves out, in the kernel, who is
// only preempted; else each switch is counted and the worker sorts them out.
static struct error *choose_off_cpu(const struct perf_features *features,
				    struct perf_event_choice *choice)
{
	if (!features->kernel_allowed)
		return error_create(ERROR_PERMISSION, "event 'off-cpu': a "
				    "switch happens in the kernel, which "
				    "this user may not sample "
				    "(kernel.perf_event_paranoid is %d)",
				    features->paranoid);
	choice->frequency_hz = PERF_OFF_CPU_MOST_HZ;
	choice->is_adaptive = true;
	if (features->sched_switch_id) {
		choice->type = PERF_TYPE_TRACEPOINT;
		choice->config = features->sched_switch_id;
	}
	return NULL;
}

static bool is_permission(int errnum)
{
	return errnum == EACCES || errnum == EPERM;
}

// Tracepoints see nothing but the kernel.
static int choice_try(const struct perf_features *features,
		      const struct perf_event_choice *choice)
{
	struct perf_event_attr attr =
		perf_attr_probe(choice->type, choice->config);
	int fd;

	attr.config1 = choice->config1;
	attr.config2 = choice->config2;
	attr.exclude_kernel = !features->kernel_allowed;
	attr.exclude_guest = choice->type == PERF_TYPE_HARDWARE ||
			     choice->type == PERF_TYPE_HW_CACHE ||
			     choice->type == PERF_TYPE_RAW;
	fd = opener_perf_event(features->opener, &attr, PERF_TARGET_SELF, -1);
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

static struct error *choose_by_name(const char *name,
				    const struct perf_features *features,
				    struct perf_event_choice *ret)
{
	const struct perf_event_choice *found = known_by_name(name);

	if (found) {
		*ret = *found;
		return ret->kind == PERF_CHOICE_OFF_CPU ?
			       choose_off_cpu(features, ret) : NULL;
	}
	if (is_tracepoint(name))
		return choose_tracepoint(name, features, ret);
	return choose_counter(name, ret);
}

struct error *perf_event_choose(const char *name,
				const struct perf_features *features,
				struct perf_event_choice *ret, char **ret_note)
{
	struct perf_event_choice choice = { 0 };
	struct error *error;
	int failed;

	*ret_note = NULL;
	if (strlen(name) >= PERF_CHOICE_NAME_MAX)
		return error_create(ERROR_USAGE, "event name '%.20s...' is too "
				    "long", name);
	error = choose_by_name(name, features, &choice);
	if (error)
		return error;
	if (!choice.name[0])
		memcpy(choice.name, name, strlen(name) + 1);
	failed = choice.kind == PERF_CHOICE_CLOCK ?
			 0 : choice_try(features, &choice);
	if (is_permission(failed))
		return error_wrap(perf_attr_error(failed, features),
				  "event '%s'", name);
	if (failed) {
		*ret_note = explain_fallback(name, failed, features);
		choice = known[0];
	}
	*ret = choice;
	return NULL;
}

static bool is_chosen(const struct perf_choices *choices, const char *name)
{
	for (size_t i = 0; i < choices->count; i++)
		if (!strcmp(choices->choices[i].name, name))
			return true;
	return false;
}

// "page-faults@49": cuts the rate off @name.
static struct error *take_frequency(char *name, unsigned int *ret)
{
	char *at = strchr(name, '@'), *end;
	unsigned long hz;

	*ret = 0;
	if (!at)
		return NULL;
	errno = 0;
	hz = strtoul(at + 1, &end, 10);
	if (errno || end == at + 1 || *end || !hz || hz > INT32_MAX ||
	    at[1] == '-')
		return error_create(ERROR_USAGE, "'%s': after @ comes a number "
				    "of samples a second, as in page-faults@49",
				    name);
	*at = '\0';
	*ret = (unsigned int)hz;
	return NULL;
}

// One note is enough for the user: the first.
static void keep_note(char **note, char *more)
{
	if (*note)
		free(more);
	else
		*note = more;
}

static struct error *choices_add(struct perf_choices *choices, char *name,
				 const struct perf_features *features,
				 char **note)
{
	struct perf_event_choice choice;
	unsigned int frequency_hz;
	char *more = NULL;
	struct error *error = take_frequency(name, &frequency_hz);

	if (!error)
		error = perf_event_choose(name, features, &choice, &more);
	if (error)
		return error;
	keep_note(note, more);
	if (is_chosen(choices, choice.name))
		return NULL;
	if (choices->count == PERF_CHOICES_MAX)
		return error_create(ERROR_USAGE, "more than %d events",
				    PERF_CHOICES_MAX);
	if (frequency_hz) {
		choice.frequency_hz = frequency_hz;
		choice.is_adaptive = false;
	}
	choices->choices[choices->count++] = choice;
	return NULL;
}

struct error *perf_choices_parse(const char *list,
				 const struct perf_features *features,
				 struct perf_choices *ret, char **ret_note)
{
	struct perf_choices choices = { .count = 0 };
	char text[LIST_BYTES_MAX], *rest = text, *name;
	char *note = NULL;

	if (strlen(list) >= sizeof(text))
		return error_create(ERROR_USAGE, "the list of events is longer "
				    "than %d characters", LIST_BYTES_MAX - 1);
	memcpy(text, list, strlen(list) + 1);
	while ((name = strsep(&rest, ","))) {
		struct error *error;

		name += strspn(name, " ");
		name[strcspn(name, " ")] = '\0';
		error = *name ? choices_add(&choices, name, features, &note) :
				error_create(ERROR_USAGE, "'%s': an event "
					     "without a name", list);
		if (error) {
			free(note);
			return error;
		}
	}
	*ret = choices;
	*ret_note = note;
	return NULL;
}

void perf_choices_describe(const struct perf_features *features, char *ret,
			   size_t size)
{
	snprintf(ret, size, "cpu-clock, page-faults%s%s; %s",
		 features->kernel_allowed ? ", off-cpu" : "",
		 features->sched_switch_id ? ", tracepoints (group:name)" : "",
		 features->hardware ? "cycles and other counters" :
				      "no hardware counters");
}
