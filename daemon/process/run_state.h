/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has a thread run meanwhile? /proc/PID/task/TID/status counts its context
 * switches, each as it leaves a CPU: the same count and asleep both times, it
 * did not run at all.
 */
#ifndef BRINDLE_DAEMON_PROCESS_RUN_STATE_H
#define BRINDLE_DAEMON_PROCESS_RUN_STATE_H

#include "daemon/process/opener.h"

struct run_state {
	uint64_t switches; /* of its own will and not */
	bool sleeps;	   /* neither runs nor waits for a CPU */
};

/** False: there is no such thread. */
bool run_state_read(const struct opener *opener, pid_t pid, pid_t tid,
		    struct run_state *ret);

#endif
