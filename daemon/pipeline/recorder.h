/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recording, from opening the events to the finished profile: it owns the
 * rings, the capture threads, the keeper, the pipeline and the store, and
 * brings them up and down in the right order. record and dump are its users.
 *
 *     recorder_create -> recorder_start -> recorder_tick ... -> recorder_finish
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_H

#include "base/error.h"
#include "daemon/perf/perf_event.h"
#include "daemon/process/command_line.h"
#include "daemon/process/opener.h"

#include <stdbool.h>
#include <sys/types.h>

struct store;
struct store_limits;

/* The worker is light, but late on a busy host, and then rings overflow. */
enum { RECORDER_NICE = -10 };

struct recorder_options {
	const struct opener *opener; /* NULL: opener_direct */
	const char *output;	 /* the profile's path */
	const struct store_limits *limits; /* NULL: a new profile, never pruned;
					      else a store that goes on */
	const char *keep_samples; /* NULL: raw samples are not kept */
	const char *event;	 /* NULL: cpu-clock */
	const char *command;	 /* for the header: what is profiled */
	unsigned int frequency_hz;
	unsigned int stack_bytes;
	bool system_wide;
	pid_t ended_writer; /* see store_lock_take(); 0: none */
	const pid_t *pids;	 /* processes to attach to */
	size_t pid_count;
	bool enable_on_exec;	 /* pids[0] waits to exec */
	bool realtime;
	bool proof_by_software;	 /* test switch: no tracepoint */
	unsigned int late_us;	 /* test switch: read late */
};

struct recorder_progress {
	uint64_t samples;
	uint64_t lost_samples, lost_records; /* in full rings */
	uint64_t proven, unproven, native, dropped;
	uint64_t processes, threads; /* known now */
	uint64_t capture_cpu_ns; /* of the threads that take the samples */
};

struct recorder;

/** Opens everything, disabled; but where a store goes on, samples are taken
 *  from then on, and wait. */
struct error *recorder_create(const struct recorder_options *options,
			      struct recorder **ret);

/** Words for the user about what is not as asked for; NULL: nothing. */
const char *recorder_note(const struct recorder *recorder);

/** What became of a store that was there already; NULL: nothing to say. */
const char *recorder_store_note(const struct recorder *recorder);

/** Which Python was met that cannot be read, and why; NULL: none. */
const char *recorder_unsupported(const struct recorder *recorder);

/** Where the recording goes. Borrowed. */
struct store *recorder_store(const struct recorder *recorder);

/** Starts the threads and enables the events. */
struct error *recorder_start(struct recorder *recorder);

/** Takes what has come in; commits once a second. A failed commit is tried
 *  again at the next; what it says is returned for the user. */
struct error *recorder_tick(struct recorder *recorder);

/** What is kept of command lines from now on; its patterns are borrowed. At
 *  first: all, but what looks like a secret. */
void recorder_set_command_lines(struct recorder *recorder,
				const struct command_line_policy *policy);

/** Whose samples are not stored from now on, but counted; borrowed, and may be
 *  NULL. See exclusion.h. */
void recorder_set_exclude(struct recorder *recorder, const char *words);

/** Milliseconds until the next tick: sooner while a program runs code that may
 *  be freed before it can be named, and while much waits. */
int recorder_pause_ms(const struct recorder *recorder);

/** Samples so often from now on; the samples' weights say so. */
struct error *recorder_set_frequency(struct recorder *recorder,
				     unsigned int frequency_hz);

/** Gives back memory that is not in use; it stops nothing. Once a minute. */
void recorder_give_back(struct recorder *recorder);

/** Gives up what can be found again, and the memory it takes. */
void recorder_trim(struct recorder *recorder);

/** Adds a sample of @tid if it sleeps now. False: it runs, or is gone. */
bool recorder_add_sleeping(struct recorder *recorder, pid_t pid, pid_t tid);

void recorder_progress(const struct recorder *recorder,
		       struct recorder_progress *ret);

/** Disables, and takes what is left: recorder_progress() is final then. */
void recorder_stop(struct recorder *recorder);

/** Stops, if nobody did, and closes the profile. */
struct error *recorder_finish(struct recorder *recorder);

/** Samples that are not in the file, when it could not be written. */
uint64_t recorder_unsaved(const struct recorder *recorder);
void recorder_destroy(struct recorder *recorder);

#endif
