/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When are context switches worth recording? The proof needs them, but each
 * one of the host pays some 1.6 us for its records. So there is a budget,
 * as for any leaky bucket: so many switches a second on the busiest CPU, saved
 * up for at most a second. When it is spent they go unrecorded until there is
 * enough again for a look. A pure function of what it is told: no clock.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SWITCH_DUTY_H
#define BRINDLE_DAEMON_PIPELINE_SWITCH_DUTY_H

#include <stdbool.h>
#include <stdint.h>

enum { SWITCH_DUTY_ALWAYS = 1024 }; /* the scale, when they always are */

struct switch_duty {
	uint64_t rate;	  /* switches a second and CPU: the budget */
	int64_t tokens;	  /* switches that may still be recorded */
	bool on;
	uint64_t now_ns;  /* of the last step */
	/* Time with and without records, of late: what a sample in it stands
	 * for. Halved now and then, so that they follow. */
	uint64_t on_ns, off_ns;
};

void switch_duty_init(struct switch_duty *duty, uint64_t rate, uint64_t now_ns);

/** There were @switches in @over_ns, all recorded, before it began, and as many
 *  are to be expected: until more is known samples stand for so much. */
void switch_duty_expect(struct switch_duty *duty, uint64_t switches,
			uint64_t over_ns);

/** @switches recorded on the busiest CPU since the last step; whether they are
 *  to be recorded from now on. */
bool switch_duty_step(struct switch_duty *duty, uint64_t now_ns,
		      uint64_t switches);

/** How long the budget lasts, at the rate that there was of late; 0 where it is
 *  spent, or nothing is recorded. */
uint64_t switch_duty_left_ns(const struct switch_duty *duty);

/** Time over time with records, of late, in 1/1024. */
uint64_t switch_duty_scale(const struct switch_duty *duty);

#endif
