/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread at the first instruction of a signal handler: what were its
 * registers before the kernel sent it there? It saved them on the thread's
 * stack, and each register is now what the kernel has set it to, or what it was
 * (struct arch_signal_register). If any is not, instructions of the handler may
 * have run. Where the handler begins is not known here: what may have run of it
 * is code that leaves every register as it was, and none of an interpreter does.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_SIGNAL_ENTRY_H
#define BRINDLE_DAEMON_CAPTURE_SIGNAL_ENTRY_H

#include "daemon/perf/perf_record.h"

/**
 * @now: registers, and the stack from the stack pointer on. @ret gets
 * arch->perf_count registers. False: no handler is just being entered.
 */
bool signal_entry_read(const struct arch *arch,
		       const struct perf_sample_fields *now, uint64_t *ret);

#endif
