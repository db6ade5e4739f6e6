/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon is two processes, and companions. The broker has five capabilities and parses
 * nothing foreign: it opens what it is asked for, when that is on its short
 * list, and hands the descriptor over. Its child, the profiler, has none, can
 * run no program, open no socket and touch no process, and does everything
 * else. Who takes over the profiler with a crafted ELF file or a forged
 * interpreter can read what a profiler reads, and not change anything.
 *
 *     main ── broker_run() ──┬── broker: waits, serves, starts it again
 *                            ├── profiler: fn(context, life)
 *                            └── companion: needs nothing of the broker
 *
 * A profiler that a signal ended is started again, at once and then with
 * growing pauses. One that exits ends the daemon, with its status. A companion
 * that a signal ended is started again, too.
 *
 * Started as root, both become options.user first; started as anybody else
 * with the capabilities (as systemd does), they stay who they are.
 */
#ifndef BRINDLE_DAEMON_BROKER_BROKER_H
#define BRINDLE_DAEMON_BROKER_BROKER_H

#include "daemon/broker/companion.h"
#include "daemon/process/opener.h"

struct broker_options {
	const char *user;	 /* whom root becomes; NULL: "brindle" */
	const char *state_folder; /* the only one the profiler may write to */
	/* Files and folders that it may read besides the system's, as its
	   configuration; ends with NULL. NULL: none. */
	const char *const *readable;
	/* Descriptors that the profiler keeps; all others it does not have.
	   0 to 2 are always kept. */
	const int *kept_fds;
	size_t kept_fd_count;
	const struct companion *companion; /* NULL: none */
	pid_t ended_writer; /* of an earlier daemon; see broker_life */
};

/** What the profiler is told when it is started. */
struct broker_life {
	const struct opener *opener; /* borrowed; until the process ends */
	unsigned int restarts;	     /* 0: the first */
	int signal;		     /* that ended the one before; 0: none */
	pid_t broker_pid;
	/* The one before, if a read that hangs keeps what is left of it, with
	   its locks; see remains.h. 0: there is none. */
	pid_t ended_writer;
};

/** The profiler: its return value is the exit status of the daemon. Signals are
 *  as they were when broker_run() was called. */
typedef int (*broker_profiler_fn)(void *context,
				  const struct broker_life *life);

/**
 * Runs the profiler until it exits by itself; its status in *ret. SIGTERM,
 * SIGINT and SIGHUP are passed on to it; one that has not ended 10 s after
 * SIGTERM is killed. Call it with one thread only. ERROR_PERMISSION says which
 * capability is missing, or which user, and what to do.
 */
struct error *broker_run(const struct broker_options *options,
			 broker_profiler_fn profiler, void *context, int *ret);

#endif
