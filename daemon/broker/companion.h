/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that lives beside the profiler and needs no privilege: it is the
 * broker's user without its capabilities. It ends with the broker. To start
 * again what may fail is its own task; but one that a signal ended is started
 * again, as the profiler is.
 */
#ifndef BRINDLE_DAEMON_BROKER_COMPANION_H
#define BRINDLE_DAEMON_BROKER_COMPANION_H

#include "base/error.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct companion {
	const char *name;	    /* of the process */
	int (*run)(void *context);  /* its exit status */
	void *context;		    /* borrowed */
	int *kept_fds;		    /* it has these and 0 to 2; borrowed */
	size_t kept_fd_count;
};

/** One that runs, or is to run again; the broker's. */
struct companion_life {
	const struct companion *companion; /* borrowed */
	const sigset_t *mask;		   /* its signal mask; borrowed */
	pid_t pid;			   /* 0: it does not run */
	int pause_ms;			   /* before the next one */
	uint64_t started_ns;
	uint64_t again_ns; /* when the next one is due; 0: none is */
};

/** Forks it, with @mask as its signal mask. Later ones are forked while the
 *  broker has threads, but while none is being made: what they are made by may
 *  use malloc() and stdio, and no other lock that a thread of the broker's takes. */
struct error *companion_start(const struct companion *companion,
			      const sigset_t *mask, struct companion_life *ret);

/** Takes note of its end, and starts it again when that is due. Milliseconds
 *  until it wants to be called again; -1: when a child has ended. */
int companion_tend(struct companion_life *life);

/** Passes @number on, if it runs. */
void companion_signal(const struct companion_life *life, int number);

/** Waits for its end, and makes it one after a while. */
void companion_stop(struct companion_life *life);

#endif
