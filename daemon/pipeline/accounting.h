/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of every sample that the kernel delivered: an identity.
 *
 *     delivered = stored + rejected (by reason) + dropped (by reason) + waiting
 *
 * Rejected: there was nothing to tell by it. Dropped: there was, and it was
 * given up. What the kernel had no room for it counts itself (perf_lost). The
 * left side is counted where records leave the ring, the right side at each
 * place where one ends; at the end nothing waits, and the difference is 0.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_ACCOUNTING_H
#define BRINDLE_DAEMON_PIPELINE_ACCOUNTING_H

#include <stdint.h>

enum sample_fate {
	SAMPLE_STORED,
	SAMPLE_REJECTED_BROKEN,	       /* breaks the format */
	SAMPLE_REJECTED_IDLE,	       /* off-cpu: the idle task */
	SAMPLE_REJECTED_KERNEL_THREAD, /* off-cpu: sleeps as a rule */
	SAMPLE_REJECTED_READER,	       /* off-cpu: one of our capture threads */
	SAMPLE_REJECTED_PREEMPTED,     /* off-cpu: could have gone on */
	SAMPLE_REJECTED_EXCLUDED,      /* of a process that is not wanted */
	SAMPLE_DROPPED_MEMORY,
	SAMPLE_DROPPED_BLOCKED,	       /* too many blocked threads at a time */
	SAMPLE_DROPPED_END_LOST,       /* off-cpu: its end was not recorded */
	SAMPLE_DROPPED_ERA,	       /* off-cpu: slept across an era's end */
	SAMPLE_DROPPED_STOP,	       /* no time was left at the end */
	SAMPLE_FATE_COUNT,
};

struct accounting {
	uint64_t delivered;
	uint64_t fate[SAMPLE_FATE_COUNT];
};

/** Delivered and not at an end yet. */
uint64_t accounting_waiting(const struct accounting *accounting);

/** "rejected_idle", and what it means: rows of v_health. */
const char *sample_fate_name(enum sample_fate fate);
const char *sample_fate_text(enum sample_fate fate);

#endif
