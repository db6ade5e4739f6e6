/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How is the daemon? Read from its database, which knows as of the last second
 * (counters) and the last ten (vitals), whether or not it runs now: what it
 * does, what it lost, how good its stacks are, what it costs, how far back it
 * remembers, and what is wrong, in words that say what to do.
 *
 * A status owns nothing.
 */
#ifndef BRINDLE_SCHEMA_SHOW_STATUS_H
#define BRINDLE_SCHEMA_SHOW_STATUS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct profile;

enum {
	STATUS_TEXT_MAX = 256,
	STATUS_ENDS = 32,      /* ways in which walks end */
	STATUS_INCIDENTS = 12, /* the latest */
	STATUS_PROBLEMS = 24,
	STATUS_LEVELS = 3,
};

struct status_count {
	char name[32];
	int64_t count;
};

struct status_incident {
	char kind[32];
	char detail[STATUS_TEXT_MAX];
	int64_t wall_ns, end_wall_ns; /* 0: it goes on */
};

struct status_level {
	char name[32];
	int64_t rows, bytes;
	int64_t from_wall_ns; /* the oldest; 0: it is empty */
	int64_t keep_seconds; /* older goes; 0: no limit, or not known */
};

struct status {
	char path[4096];
	pid_t pid; /* of the daemon; 0: none runs */
	int64_t now_wall_ns;

	char version[64], host[STATUS_TEXT_MAX], kernel[STATUS_TEXT_MAX];
	char event[STATUS_TEXT_MAX], event_note[STATUS_TEXT_MAX];
	int64_t started_wall_ns, ended_wall_ns; /* 0: it was not ended */
	int64_t wanted_hz, cpu_count;

	/* The latest minute or less of vitals. */
	int64_t vitals_wall_ns; /* of the last of them; 0: there are none */
	int64_t seconds, samples, proven, unproven;
	int64_t lost, lost_records; /* samples, and records that are none */
	int64_t dropped;	    /* samples given up after they came */
	int64_t own_cpu_ns;
	int64_t frequency_hz, memory_bytes, processes, threads, store_bytes;
	int64_t limit_bytes; /* of the store; 0: none, or not known */

	/* Of the latest session, all of it. */
	int64_t total_samples, total_lost, total_lost_records, total_dropped;
	int64_t captures, capture_reads, capture_bytes; /* interpreters read */
	int64_t capture_us_median, capture_us_p99; /* from sample to last read */
	int64_t realtime, proof; /* 1: capture threads have what they need */
	struct status_count ends[STATUS_ENDS]; /* most first */
	size_t end_count;

	/* Of a day, of all sessions in it. */
	int64_t day_samples, day_lost, day_lost_records, day_dropped;

	struct status_level levels[STATUS_LEVELS];
	size_t level_count;
	struct status_incident incidents[STATUS_INCIDENTS]; /* latest first */
	size_t incident_count;
};

/** @pid: of the writer, as store_lock_holder() knows it. */
struct error *status_read(struct profile *profile, const char *path, pid_t pid,
			  struct status *ret);

/** What is wrong, a sentence each, and what to do. */
struct status_problems {
	char text[STATUS_PROBLEMS][STATUS_TEXT_MAX];
	size_t count;
};
struct status_problems status_find_problems(const struct status *status);

/** "good", "warning" or, when more than one sample in a hundred is lost or one
 *  in ten of those with Python is not proven, "bad". A busy host costs one or two
 *  proofs in a hundred. @proven, @unproven: of @samples, those with Python. */
const char *status_level(const struct status_problems *problems,
			 int64_t samples, int64_t lost, int64_t proven,
			 int64_t unproven);

void status_print(const struct status *status,
		  const struct status_problems *problems, FILE *out);
void status_print_json(const struct status *status,
		       const struct status_problems *problems, FILE *out);

#endif
