/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the daemon within what it may cost. Every ten seconds it is told how
 * much CPU time and memory the daemon used, and answers how often to sample
 * from now on. A pure function of what it is told: no clock, no system call.
 *
 * Down: the rate is halved, to no less than a sixteenth, when two windows in a
 * row were over the budget (one can be a start-up). Up: a step after a minute
 * in which the double would have fit; where it would not, the next step is
 * tried after five minutes all the same, for cost need not grow with the rate,
 * and after twice as long each time that it fails. The first half minute does
 * not count, in which everything that runs already is met.
 *
 * A step down that did not save a fifth is taken back: what costs so much then
 * is not the samples, but what runs on the host. None is tried again for five
 * minutes, and then for twice as long each time.
 */
#ifndef BRINDLE_DAEMON_SERVICE_GOVERNOR_H
#define BRINDLE_DAEMON_SERVICE_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
	GOVERNOR_WINDOW_SECONDS = 10,
	GOVERNOR_STEPS = 4, /* halvings at most */
	GOVERNOR_START_WINDOWS = 3, /* not judged by their CPU time */
};

struct governor_limits {
	unsigned int frequency_hz; /* when nothing is in the way */
	uint64_t cpu_millipercent; /* of one CPU */
	uint64_t memory_bytes;
};

/** What one window was like. */
struct governor_window {
	uint64_t elapsed_ns, cpu_ns;
	uint64_t memory_bytes; /* at its end */
};

enum governor_verdict {
	GOVERNOR_KEEP,
	GOVERNOR_LOWER_CPU,    /* it cost too much time */
	GOVERNOR_LOWER_MEMORY, /* too much memory, though it was trimmed */
	GOVERNOR_RAISE,
	GOVERNOR_RESTORE,      /* the lower rate saved too little */
	GOVERNOR_TRIM,	       /* give up caches; the rate stays */
};

/** One that is limited, and whether a lower rate helps against it. */
struct governor_cost {
	uint64_t lowered;      /* what it was when the rate was lowered for it,
				  and it has been too much since; else 0 */
	unsigned int vain;     /* windows in which that is not tried */
	unsigned int patience; /* how many that will be the next time */
};

struct governor {
	struct governor_limits limits;
	unsigned int step;     /* halvings in force */
	unsigned int over;     /* windows in a row over the budget */
	unsigned int calm;     /* and within it */
	unsigned int patience; /* of those, until a step up is only tried */
	unsigned int since_raise; /* windows; saturates */
	unsigned int starting; /* windows until CPU time counts */
	bool trimmed;	       /* in the window before */
	struct governor_cost cpu, memory;
};

void governor_init(struct governor *governor,
		   const struct governor_limits *limits);

/** New limits; what is in force stays until windows say otherwise. */
void governor_set_limits(struct governor *governor,
			 const struct governor_limits *limits);

/** The rate in force. */
unsigned int governor_frequency_hz(const struct governor *governor);

enum governor_verdict governor_feed(struct governor *governor,
				    const struct governor_window *window);

/** CPU time of a window in thousandths of a percent of one CPU. */
uint64_t governor_cpu_millipercent(const struct governor_window *window);

#endif
