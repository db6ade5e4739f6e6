// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/accounting.h"

uint64_t accounting_waiting(const struct accounting *accounting)
{
	uint64_t ended = 0;

	for (int i = 0; i < SAMPLE_FATE_COUNT; i++)
		ended += accounting->fate[i];
	return accounting->delivered - ended;
}

static const struct {
	const char *name, *text;
} fates[SAMPLE_FATE_COUNT] = {
	[SAMPLE_STORED] = { "delivered_stored",
		"samples of the kernel that were stored" },
	[SAMPLE_REJECTED_BROKEN] = { "rejected_broken",
		"samples that broke the format of perf records" },
	[SAMPLE_REJECTED_IDLE] = { "rejected_idle",
		"off-cpu samples of a CPU that went from idle to work" },
	[SAMPLE_REJECTED_KERNEL_THREAD] = { "rejected_kernel_thread",
		"off-cpu samples of kernel threads, which sleep as a rule" },
	[SAMPLE_REJECTED_READER] = { "rejected_reader",
		"off-cpu samples of the recorder's capture threads" },
	[SAMPLE_REJECTED_PREEMPTED] = { "rejected_preempted",
		"off-cpu samples of threads that were preempted, not blocked" },
	[SAMPLE_REJECTED_EXCLUDED] = { "rejected_excluded",
		"samples of processes that the configuration excludes" },
	[SAMPLE_DROPPED_MEMORY] = { "dropped_memory",
		"samples given up by the recorder for want of memory" },
	[SAMPLE_DROPPED_BLOCKED] = { "dropped_blocked",
		"off-cpu samples given up: too many threads to follow" },
	[SAMPLE_DROPPED_END_LOST] = { "dropped_end_lost",
		"off-cpu samples given up: the end of the wait was not seen" },
	[SAMPLE_DROPPED_ERA] = { "dropped_era",
		"off-cpu samples given up: stacks were numbered anew" },
	[SAMPLE_DROPPED_STOP] = { "dropped_stop",
		"samples given up so that stopping did not take longer" },
};

const char *sample_fate_name(enum sample_fate fate)
{
	return fates[fate].name;
}

const char *sample_fate_text(enum sample_fate fate)
{
	return fates[fate].text;
}
