/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sleeping real-time thread that makes other threads, which inherit its
 * policy. Where RLIMIT_RTPRIO cannot be raised (a container without
 * CAP_SYS_RESOURCE), the broker becomes real-time while it is root, and this is
 * how the profiler, which may not ask for it, keeps hold of it for the capture
 * threads of its whole life.
 */
#ifndef BRINDLE_DAEMON_BROKER_NURSERY_H
#define BRINDLE_DAEMON_BROKER_NURSERY_H

#include "base/error.h"

#include <pthread.h>

struct nursery;

/** The calling thread must be real-time; it stops being so. The nursery lives
 *  as long as the process. */
struct error *nursery_create(struct nursery **ret);

/** As pthread_create(); any thread may call. */
int nursery_start_thread(struct nursery *nursery, pthread_t *ret,
			 void *(*start)(void *argument), void *argument);

#endif
