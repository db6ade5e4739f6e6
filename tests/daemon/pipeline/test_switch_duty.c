// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/switch_duty.h"

#include "base/clock.h"
#include "tests/cmocka.h"

enum { RATE = 7000, TICK_MS = 50 };

/** What a host with so many switches a second comes to in a minute. */
struct outcome {
	uint64_t recorded; /* switches */
	uint64_t on_ns;
	unsigned int looks; /* times they were switched on */
};

static struct outcome run(uint64_t switches_per_second, unsigned int tick_ms)
{
	struct outcome outcome = { 0 };
	struct switch_duty duty;
	uint64_t now = NS_PER_SEC;

	switch_duty_init(&duty, RATE, now);
	for (unsigned int i = 0; i < 60000 / tick_ms; i++) {
		uint64_t passed = tick_ms * NS_PER_MS;
		uint64_t seen = duty.on ? switches_per_second * passed /
						  NS_PER_SEC : 0;
		bool was_on = duty.on;

		now += passed;
		outcome.recorded += seen;
		outcome.on_ns += was_on ? passed : 0;
		outcome.looks += switch_duty_step(&duty, now, seen) && !was_on;
	}
	return outcome;
}

static void a_quiet_host_records_all(void **state)
{
	(void)state;
	assert_true(run(0, TICK_MS).on_ns == 60 * NS_PER_SEC);
	assert_true(run(RATE, TICK_MS).on_ns == 60 * NS_PER_SEC);
	assert_int_equal(run(RATE, TICK_MS).looks, 0);
}

static void a_busy_host_stays_within_the_budget(void **state)
{
	static const uint64_t rates[] = { 8000, 20000, 100000, 500000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct outcome outcome = run(rates[i], 4);

		// A minute's budget, what was saved up, and one tick.
		assert_in_range(outcome.recorded, 55 * RATE,
				61 * RATE + rates[i] * 4 / 1000);
		// Each of them opens and closes events: two a second.
		assert_in_range(outcome.looks, 10, 125);
	}
}

static void even_a_slow_worker_pays_back(void **state)
{
	struct outcome outcome = run(300000, 1000);

	(void)state;
	assert_in_range(outcome.recorded, 1, 61 * RATE + 300000);
	assert_true(outcome.looks > 0);
}

static void it_comes_back_when_calm_returns(void **state)
{
	struct switch_duty duty;
	uint64_t now = 0;

	(void)state;
	switch_duty_init(&duty, RATE, now);
	now += 50 * NS_PER_MS;
	assert_false(switch_duty_step(&duty, now, 15000));
	for (int i = 0; i < 100; i++) {
		now += 50 * NS_PER_MS;
		switch_duty_step(&duty, now, 0);
	}
	assert_true(duty.on);
	// A pause of the host is no savings.
	now += 100 * NS_PER_SEC;
	assert_true(switch_duty_step(&duty, now, RATE));
	assert_false(switch_duty_step(&duty, now, RATE));
}

static void samples_stand_for_the_time_without(void **state)
{
	struct switch_duty duty;
	uint64_t now = 0;

	(void)state;
	switch_duty_init(&duty, RATE, now);
	assert_int_equal(switch_duty_scale(&duty), 1024);
	for (int i = 0; i < 20000; i++) {
		now += 4 * NS_PER_MS;
		switch_duty_step(&duty, now, duty.on ? 4 * 70 : 0);
	}
	// 70,000 a second: on for a tenth of the time.
	assert_in_range(switch_duty_scale(&duty), 9 * 1024, 11 * 1024);
}

static void the_first_look_knows_from_before(void **state)
{
	struct switch_duty duty;

	(void)state;
	switch_duty_init(&duty, RATE, 0);
	switch_duty_expect(&duty, RATE / 10, 100 * NS_PER_MS);
	assert_int_equal(switch_duty_scale(&duty), 1024);
	switch_duty_expect(&duty, 20 * RATE / 10, 100 * NS_PER_MS);
	assert_in_range(switch_duty_scale(&duty), 19 * 1024, 21 * 1024);
	// Its first window does not change that.
	assert_false(switch_duty_step(&duty, 50 * NS_PER_MS, 2 * RATE));
	assert_false(switch_duty_step(&duty, 100 * NS_PER_MS, 0));
	assert_in_range(switch_duty_scale(&duty), 14 * 1024, 21 * 1024);
}

static void the_budget_lasts_as_long_as_it_did(void **state)
{
	struct switch_duty duty;
	uint64_t now = 0, looks = 0;

	(void)state;
	switch_duty_init(&duty, RATE, now);
	assert_int_equal(switch_duty_left_ns(&duty), NS_PER_SEC);
	// A little more than the budget, looked at when half of it may be gone.
	while (now < 60 * NS_PER_SEC) {
		uint64_t left = switch_duty_left_ns(&duty) / 2;
		uint64_t passed = duty.on && left < 100 * NS_PER_MS ?
					  left : 100 * NS_PER_MS;

		if (passed < 4 * NS_PER_MS)
			passed = 4 * NS_PER_MS;
		now += passed;
		looks++;
		switch_duty_step(&duty, now,
				 duty.on ? 8000 * passed / NS_PER_SEC : 0);
	}
	assert_in_range(looks, 600, 2400);
	assert_true(duty.tokens > -RATE / 10);
	assert_false(switch_duty_step(&duty, now + 1, 2 * RATE));
	assert_int_equal(switch_duty_left_ns(&duty), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_host_records_all),
		cmocka_unit_test(a_busy_host_stays_within_the_budget),
		cmocka_unit_test(even_a_slow_worker_pays_back),
		cmocka_unit_test(it_comes_back_when_calm_returns),
		cmocka_unit_test(samples_stand_for_the_time_without),
		cmocka_unit_test(the_first_look_knows_from_before),
		cmocka_unit_test(the_budget_lasts_as_long_as_it_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
