/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What do threads call themselves? A container counts its threads in a PID
 * namespace of its own, and its interpreters know them by those numbers; the
 * kernel's events have ours. /proc/PID/task/TID/status tells both (NSpid).
 */
#ifndef BRINDLE_DAEMON_CAPTURE_THREAD_ALIAS_H
#define BRINDLE_DAEMON_CAPTURE_THREAD_ALIAS_H

#include "daemon/process/opener.h"
#include "unwind/python/target.h"

/** For a target that is not published yet: whose it is, whether it has a
 *  namespace of its own, and all its threads. */
void thread_alias_learn_all(const struct opener *opener, pid_t pid,
			    struct python_target *target);

/** For one thread of @pid, which has just begun. */
void thread_alias_learn(const struct opener *opener, pid_t pid, pid_t tid,
			struct python_target *target);

#endif
