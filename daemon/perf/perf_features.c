// SPDX-License-Identifier: Apache-2.0
/*
 * What this host and user can do is found by trying: versions lie (backports,
 * distribution patches, containers), an open event does not.
 */
#include "daemon/perf/perf_event.h"

#include "daemon/perf/perf_attr.h"
#include "daemon/perf/perf_record.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	MAX_RATE_DEFAULT_HZ = 100000,
	// The kernel's fixed inode number of the first PID namespace,
	// include/uapi/linux/nsfs.h PID_NS_INIT_INO.
	PID_NAMESPACE_INIT_INODE = (int)0xEFFFFFFCu,
};

static bool sysctl_read(const char *path, int *ret)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");

	return file && fscanf(file, "%d", ret) == 1;
}

static struct perf_event_attr probe_clock(void)
{
	return perf_attr_probe(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
}

// Permissions are of the moment, not of a kernel: ask for exactly one thing.
static bool can_see_kernel(const struct opener *opener)
{
	struct perf_event_attr attr = probe_clock();

	attr.exclude_kernel = 0;
	return perf_attr_works(opener, &attr, PERF_TARGET_SELF, -1);
}

static bool can_see_everyone(const struct opener *opener)
{
	struct perf_event_attr attr = probe_clock();

	return perf_attr_works(opener, &attr, PERF_TARGET_ALL, sched_getcpu());
}

static bool can_identify_builds(const struct opener *opener)
{
	struct perf_event_attr attr = probe_clock();

	attr.mmap = 1;
	attr.mmap2 = 1;
	attr.build_id = 1;
	return perf_attr_works(opener, &attr, PERF_TARGET_SELF, -1);
}

static bool can_count_lost(const struct opener *opener)
{
	struct perf_event_attr attr = probe_clock();

	// As it will be used: inherited events refuse some read formats.
	attr.inherit = 1;
	attr.read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST;
	return perf_attr_works(opener, &attr, PERF_TARGET_SELF, sched_getcpu());
}

static bool can_count_cycles(const struct opener *opener)
{
	struct perf_event_attr attr = perf_attr_probe(
		PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);

	return perf_attr_works(opener, &attr, PERF_TARGET_SELF, -1);
}

// The tracepoint's next_pid counts in the first PID namespace; in another one
// our tid has a different number there, and the filter would never match.
static bool in_first_pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 &&
	       status.st_ino == (unsigned int)PID_NAMESPACE_INIT_INODE;
}

static bool can_trace_switches(const struct opener *opener, uint64_t id)
{
	struct perf_event_attr attr = perf_attr_probe(PERF_TYPE_TRACEPOINT, id);

	attr.freq = 0;
	attr.sample_period = 1;
	attr.exclude_kernel = 0;
	return perf_attr_works(opener, &attr, PERF_TARGET_ALL, sched_getcpu());
}

static enum switch_proof probe_switch_proof(struct perf_features *features)
{
	_cleanup_error_ struct error *error = NULL;
	struct tracepoint found = { 0 };

	if (!features->kernel_allowed)
		return SWITCH_PROOF_NONE;
	if (!features->system_wide_allowed || !in_first_pid_namespace())
		return SWITCH_PROOF_SOFTWARE;
	error = opener_tracepoint(features->opener, "sched/sched_switch",
				  "next_pid", &found);
	if (error || !can_trace_switches(features->opener, found.id))
		return SWITCH_PROOF_SOFTWARE;
	features->sched_switch_id = found.id;
	return SWITCH_PROOF_TRACEPOINT;
}

// Where there are no switches to trace there is nobody to wake, either.
static void probe_waking(struct perf_features *features)
{
	_cleanup_error_ struct error *error = NULL;
	struct tracepoint found = { 0 };

	if (!features->sched_switch_id)
		return;
	error = opener_tracepoint(features->opener, "sched/sched_waking",
				  "pid", &found);
	if (!error && found.field_size == sizeof(uint32_t))
		features->sched_waking = found;
}

struct error *perf_features_probe(const struct opener *opener,
				  struct perf_features *ret)
{
	struct perf_event_attr least = probe_clock();
	struct perf_features features = { .opener = opener,
					  .paranoid = 2,
					  .max_rate_hz = MAX_RATE_DEFAULT_HZ };
	int rate, fd;

	sysctl_read("/proc/sys/kernel/perf_event_paranoid", &features.paranoid);
	if (sysctl_read("/proc/sys/kernel/perf_event_max_sample_rate", &rate) &&
	    rate > 0)
		features.max_rate_hz = (unsigned int)rate;
	// What every user may do, unless a distribution's level 3 forbids it.
	least.sample_freq = 1;
	fd = opener_perf_event(opener, &least, PERF_TARGET_SELF, -1);
	if (fd < 0)
		return perf_attr_error(-fd, &features);
	close(fd);
	features.kernel_allowed = can_see_kernel(opener);
	features.system_wide_allowed = can_see_everyone(opener);
	features.build_id = can_identify_builds(opener);
	features.lost_count = can_count_lost(opener);
	features.hardware = can_count_cycles(opener);
	features.switch_proof = probe_switch_proof(&features);
	probe_waking(&features);
	*ret = features;
	return NULL;
}
