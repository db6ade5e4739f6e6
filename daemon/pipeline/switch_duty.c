// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/switch_duty.h"

#include "base/clock.h"

enum {
	LOOKS = 2, // a second at most: each opens events and closes them
};

#define FORGET_NS (8 * NS_PER_SEC)

void switch_duty_init(struct switch_duty *duty, uint64_t rate, uint64_t now_ns)
{
	*duty = (struct switch_duty){ .rate = rate,
				      .tokens = (int64_t)rate,
				      .on = true,
				      .now_ns = now_ns,
				      .on_ns = 1 };
}

void switch_duty_expect(struct switch_duty *duty, uint64_t switches,
			uint64_t over_ns)
{
	uint64_t budget = duty->rate * over_ns / NS_PER_SEC + 1;

	if (switches <= budget || over_ns > 8 * NS_PER_SEC)
		return;
	duty->on_ns = FORGET_NS / 2 * budget / switches + 1;
	duty->off_ns = FORGET_NS / 2 - duty->on_ns;
}

static void note_time(struct switch_duty *duty, uint64_t passed_ns)
{
	if (duty->on)
		duty->on_ns += passed_ns;
	else
		duty->off_ns += passed_ns;
	if (duty->on_ns + duty->off_ns > FORGET_NS) {
		duty->on_ns = duty->on_ns / 2 + 1;
		duty->off_ns /= 2;
	}
}

bool switch_duty_step(struct switch_duty *duty, uint64_t now_ns,
		      uint64_t switches)
{
	uint64_t passed_ns = now_ns > duty->now_ns ? now_ns - duty->now_ns : 0;

	note_time(duty, passed_ns);
	if (passed_ns > NS_PER_SEC)
		passed_ns = NS_PER_SEC;
	duty->now_ns = now_ns;
	duty->tokens += (int64_t)(duty->rate * passed_ns / NS_PER_SEC);
	duty->tokens -= (int64_t)switches;
	if (duty->tokens > (int64_t)duty->rate)
		duty->tokens = (int64_t)duty->rate;
	if (duty->on)
		duty->on = duty->tokens > 0;
	else
		duty->on = duty->tokens > (int64_t)duty->rate / LOOKS;
	return duty->on;
}

uint64_t switch_duty_scale(const struct switch_duty *duty)
{
	return (duty->on_ns + duty->off_ns) * SWITCH_DUTY_ALWAYS / duty->on_ns;
}

uint64_t switch_duty_left_ns(const struct switch_duty *duty)
{
	uint64_t a_second =
		duty->rate * switch_duty_scale(duty) / SWITCH_DUTY_ALWAYS;

	if (!duty->on || duty->tokens <= 0 || !a_second)
		return 0;
	return (uint64_t)duty->tokens * NS_PER_SEC / a_second;
}
