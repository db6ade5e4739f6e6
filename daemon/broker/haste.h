/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody waits for the daemon to stop, on a host on which everything waits
 * for a CPU: its threads go first, for a short while.
 */
#ifndef BRINDLE_DAEMON_BROKER_HASTE_H
#define BRINDLE_DAEMON_BROKER_HASTE_H

#include <sys/types.h>

/** The ordinary threads of @pid become real-time, below those that take
 *  samples, as far as limits allow it; what they start does not. */
void haste_begin(pid_t pid);

/** They are ordinary again. */
void haste_end(pid_t pid);

#endif
