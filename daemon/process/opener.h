/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only door to what belongs to other processes: their memory, their
 * mappings, the files they have mapped, what /proc tells of them, and the perf
 * events that watch them. Everything that needs privilege goes through here.
 *
 * There are two doors. The direct one does it itself: `brindle record`. The
 * broker's (daemon/broker/broker.h) asks a process that has the privilege and
 * gets descriptors handed over: the daemon's profiler, which has none.
 *
 * Foreign files are opened in two steps: first a handle that cannot have side
 * effects (O_PATH), then, when that is a regular file, on a file system that
 * answers by itself, and the very file that was mapped, a reader for it. A
 * path is looked up inside the process's own root and never leaves it.
 *
 * All descriptors are close-on-exec and the caller's. Any thread may call.
 */
#ifndef BRINDLE_DAEMON_PROCESS_OPENER_H
#define BRINDLE_DAEMON_PROCESS_OPENER_H

#include "base/error.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	OPENER_TEXT_BYTES_MAX = 16 << 10,
	OPENER_EVENT_NAME_MAX = 128, /* of a tracepoint, with the NUL */
};

/** A mapping, as /proc/PID/maps or a perf record told it. */
struct opener_mapping {
	uint64_t start, end;
	const char *path;
	uint32_t dev_major, dev_minor;
	uint64_t inode; /* 0: not known; then the caller compares build-ids */
};

/** The small things that /proc tells of a thread: name, command line, ... */
enum opener_text {
	OPENER_TEXT_COMM,
	OPENER_TEXT_CMDLINE,
	OPENER_TEXT_CGROUP,
	OPENER_TEXT_STATUS,
	OPENER_TEXT_STAT,
	OPENER_TEXT_EXE, /* where the link points */
};

struct opener_ops;
struct tracepoint;

struct opener {
	const struct opener_ops *ops;
	void *state; /* borrowed; of the ops */
};

/** Does it with the privileges of this process. */
extern const struct opener opener_direct;

/**
 * The same, but a path is followed only as far as the kernel has it in memory,
 * and so never waits for a file system that some user serves. A program that
 * runs, or did a moment ago, is there.
 */
extern const struct opener opener_cautious;

/**
 * /proc/PID/mem for reading. It goes on naming the address space of the moment
 * it was opened.
 */
struct error *opener_memory(const struct opener *opener, pid_t pid,
			    int *ret_fd);

/** The text of /proc/PID/maps, owned by the caller, for proc_maps_next(). */
struct error *opener_maps(const struct opener *opener, pid_t pid,
			  char **ret_text, size_t *ret_size);

/**
 * The file that @pid has or had mapped: through /proc/PID/map_files, which
 * finds deleted files too, or else by path. Refuses anything but the mapped
 * regular file, ERROR_NOT_FOUND when it is not there any more.
 */
struct error *opener_mapped_file(const struct opener *opener, pid_t pid,
				 const struct opener_mapping *mapping,
				 int *ret_fd);

/**
 * Text of thread @tid of process @pid, 0: of the process. Up to @size - 1 bytes
 * (at most OPENER_TEXT_BYTES_MAX) and a NUL; returns their number. 0: there is
 * no such thread, or it says nothing, as a kernel thread's command line.
 */
size_t opener_text(const struct opener *opener, enum opener_text which,
		   pid_t pid, pid_t tid, char *ret, size_t size);

/** Whether /proc still has the process; one that waits to be reaped, too. */
bool opener_has_process(const struct opener *opener, pid_t pid);

/** Called with a number found, a pid or tid. */
typedef void (*opener_number_fn)(void *context, pid_t number);

/** Every thread of process @pid; 0: every process. False: no such process. */
bool opener_list(const struct opener *opener, pid_t pid, opener_number_fn visit,
		 void *context);

/** A perf event, or a negative errno. @tid and @cpu as perf_event_open(2) has
 *  them; who may ask for which is the door's to decide. */
int opener_perf_event(const struct opener *opener,
		      const struct perf_event_attr *attr, pid_t tid, int cpu);

/** The tracepoint "group/name" and where its field @field is: tracepoint.h. */
struct error *opener_tracepoint(const struct opener *opener, const char *event,
				const char *field, struct tracepoint *ret);

/**
 * As pthread_create(); the thread may make itself SCHED_FIFO, up to the priority
 * of a capture thread, wherever this host and door allow it.
 */
int opener_start_thread(const struct opener *opener, pthread_t *ret,
			void *(*start)(void *argument), void *argument);

/** /proc/kallsyms, with addresses where they may be seen. */
struct error *opener_kernel_symbols(const struct opener *opener, int *ret_fd);

/**
 * What a door has to know; results as above. Descriptors are returned, and
 * negative errnos.
 */
struct opener_ops {
	int (*memory)(void *state, pid_t pid);
	int (*maps)(void *state, pid_t pid);
	struct error *(*mapped_file)(void *state, pid_t pid,
				     const struct opener_mapping *mapping,
				     int *ret_fd);
	/* Bytes read, without a NUL. */
	ssize_t (*text)(void *state, enum opener_text which, pid_t pid,
			pid_t tid, char *ret, size_t size);
	/* Numbers found after *position, which moves on; 0: that was all. */
	ssize_t (*list)(void *state, pid_t pid, int64_t *position,
			pid_t *ret, size_t room);
	int (*perf_event)(void *state, const struct perf_event_attr *attr,
			  pid_t tid, int cpu);
	struct error *(*tracepoint)(void *state, const char *event,
				    const char *field, struct tracepoint *ret);
	int (*kernel_symbols)(void *state);
	int (*start_thread)(void *state, pthread_t *ret,
			    void *(*start)(void *argument), void *argument);
};

#endif
