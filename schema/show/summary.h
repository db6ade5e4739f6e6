/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is this profile, and how good is it? The head of the report and of the
 * flame graph page: where and how it was recorded, how many samples, how many
 * lost, how far they can be trusted, and what to do about what is wrong.
 */
#ifndef BRINDLE_SCHEMA_SHOW_SUMMARY_H
#define BRINDLE_SCHEMA_SHOW_SUMMARY_H

#include "base/error.h"
#include "schema/read/excerpt.h"
#include "schema/show/json.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct summary_reason {
	char *name;    /* owned; "ran-before-switch" */
	char *meaning; /* owned; NULL: not told */
	int64_t samples;
};

struct summary {
	char *brindle_version, *host, *kernel, *architecture; /* owned */
	char *command, *event, *event_note;		      /* owned */
	int64_t frequency_hz, period_ns, cpu_count;
	int64_t start_wall_ns, duration_ns;
	bool cut_short; /* running still, or killed: no end is known */
	bool selected;	/* not all of a recording; then these say what: */
	struct time_range wall;
	uint64_t resolution_ns; /* how far off its edges may be */
	char *filters;		/* owned; "process 'app', user 'me'", or "" */
	char *unit;		/* owned; of weights: "ns" */
	int64_t samples, proven, unproven, native;
	int64_t lost, dropped; /* samples, in full rings and after they came */
	int64_t lost_records;  /* in full rings, and no samples */
	bool lost_in_all;      /* those are of the whole recording */
	int64_t lost_since_ns; /* wall; what was lost before is not known; 0 */
	int64_t throttled, unsupported;
	struct summary_reason *reasons; /* owned; why not proven, main first */
	size_t reason_count, reason_capacity;
	char **notes; /* owned; sentences: what is off, what to do */
	size_t note_count, note_capacity;
};

/** Of the latest session, and of the samples of @excerpt. */
struct error *summary_load(struct summary *summary, struct profile *profile,
			   const struct excerpt *excerpt);

/** Of a whole recording, without a look at its stacks: counts and notes. */
struct error *summary_load_recording(struct summary *summary,
				     struct profile *profile);
void summary_deinit(struct summary *summary);

/** Members of the object that is open. */
void summary_write_json(const struct summary *summary, struct json *json);

/** @part of @whole; 0 of nothing. */
double summary_share(int64_t part, int64_t whole);

#endif
