/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording samples by, as users name it:
 *
 *     cpu-clock,off-cpu,page-faults@49,sched:sched_process_fork
 *
 * A name is a clock, a software event, off-cpu (time blocked), a tracepoint
 * ("group:name"), or whatever libpfm4 knows of this host's PMU ("cycles",
 * "instructions:u"). @HZ: at most about so many samples a second and CPU; the
 * kernel adapts the period to it, and each record states the period. The first
 * is the main event: the one whose time the profile is about.
 */
#ifndef BRINDLE_DAEMON_PERF_PERF_CHOICE_H
#define BRINDLE_DAEMON_PERF_PERF_CHOICE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_features;

enum {
	PERF_CHOICES_MAX = 8,
	PERF_CHOICE_NAME_MAX = 64, /* with the NUL */
	/*
	 * Switch-outs seen a second and CPU. In the long run, with all that
	 * follows, the walk and the row, 1 % of a CPU at most; for a while four
	 * times as many, so that where little is waited for, all is seen.
	 */
	PERF_OFF_CPU_HZ = 49,
	PERF_OFF_CPU_MOST_HZ = 199,
};

enum perf_choice_kind {
	PERF_CHOICE_CLOCK,   /* each so many nanoseconds */
	PERF_CHOICE_COUNTER, /* each so many things counted */
	PERF_CHOICE_OFF_CPU, /* one in so many switches that block */
};

struct perf_event_choice {
	enum perf_choice_kind kind;
	uint32_t type;
	uint64_t config, config1, config2;
	char name[PERF_CHOICE_NAME_MAX];
	const char *unit; /* of what it counts: "ns", "faults"; constant */
	unsigned int frequency_hz;	   /* 0: the recording's */
	bool is_adaptive;		   /* its frequency was not asked for */
	bool exclude_user, exclude_kernel; /* the name ended in :k or :u */
};

/** The events of one recording; choices[0] is the main one. */
struct perf_choices {
	struct perf_event_choice choices[PERF_CHOICES_MAX];
	size_t count;
};

/**
 * The event of one name, without @HZ. When the host cannot count it, falls
 * back to cpu-clock and says why in @ret_note (owned by the caller; NULL when
 * there is nothing to say). An unknown name is an error.
 */
struct error *perf_event_choose(const char *name,
				const struct perf_features *features,
				struct perf_event_choice *ret, char **ret_note);

/**
 * A list of names. An event that falls back to one that is in the list already
 * is left out; off-cpu cannot be the first.
 */
struct error *perf_choices_parse(const char *list,
				 const struct perf_features *features,
				 struct perf_choices *ret, char **ret_note);

/** Words on what this host can sample by. */
void perf_choices_describe(const struct perf_features *features, char *ret,
			   size_t size);

#endif
