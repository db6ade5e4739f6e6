/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For live tests: what the records of a watch amount to, and whether each
 * sample is followed by the proof that belongs to it.
 */
#ifndef BRINDLE_TESTS_DAEMON_PERF_PERF_TALLY_H
#define BRINDLE_TESTS_DAEMON_PERF_PERF_TALLY_H

#include "tests/daemon/perf/perf_watch.h"

enum { TALLY_REGS_MAX = 64 };

struct tally {
	pid_t pid;	     /* counted below: records of this process */
	unsigned int samples, proofs, proven, misplaced, foreign;
	unsigned int kernel_chains, children;
	unsigned int mappings, forks, exits, execs, switches, lost_records;
	unsigned int moves; /* of @pid alone */
	uint64_t lost;
	uint64_t last_time_ns, stack_low, stack_high;
	unsigned int disordered;
	uint64_t wanted[TALLY_REGS_MAX]; /* of the newest sample, not yet proven */
	pid_t wanted_tid;
};

/** Where the stack of tally->pid lies: samples elsewhere are misplaced. */
void tally_find_stack(struct tally *tally);

/** Adds all records of the rings; fails the test when one cannot be parsed. */
void tally_watch(struct tally *tally, const struct watch *watch);
void tally_alerts(struct tally *tally, const struct watch *watch);

#endif
