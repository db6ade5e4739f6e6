/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that sleep in the kernel never raise a timer sample. What the kernel
 * tells of them (/proc/PID/task/TID/syscall: stack pointer and pc) and a read
 * of their stack and interpreter make a sample all the same, exact when the
 * thread's count of context switches shows that it did not run meanwhile.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SLEEPING_H
#define BRINDLE_DAEMON_PIPELINE_SLEEPING_H

#include "daemon/pipeline/pipeline.h"

/** True: @tid sleeps, and a sample of it has been added to @pipeline. */
bool sleeping_sample(struct pipeline *pipeline, pid_t pid, pid_t tid);

#endif
