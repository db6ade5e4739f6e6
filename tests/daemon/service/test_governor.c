// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/governor.h"

#include "tests/cmocka.h"

static const struct governor_limits limits = { .frequency_hz = 99,
					       .cpu_millipercent = 1000,
					       .memory_bytes = 100 << 20 };

// Ten seconds at so many thousandths of a percent of a CPU.
static enum governor_verdict feed(struct governor *governor, uint64_t cpu)
{
	struct governor_window window = {
		.elapsed_ns = UINT64_C(10000000000),
		.cpu_ns = cpu * 100000,
		.memory_bytes = 50 << 20,
	};

	assert_int_equal(governor_cpu_millipercent(&window), cpu);
	return governor_feed(governor, &window);
}

static enum governor_verdict feed_memory(struct governor *governor,
					 uint64_t bytes)
{
	struct governor_window window = {
		.elapsed_ns = UINT64_C(10000000000),
		.cpu_ns = 1000000,
		.memory_bytes = bytes,
	};

	return governor_feed(governor, &window);
}

// Past the windows of its start.
static void start(struct governor *governor,
		  const struct governor_limits *budget)
{
	governor_init(governor, budget);
	for (int i = 0; i < GOVERNOR_START_WINDOWS; i++)
		assert_int_equal(feed(governor, 50000), GOVERNOR_KEEP);
}

static void keeps_within_the_budget(void **state)
{
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(feed(&governor, 1000), GOVERNOR_KEEP);
	assert_int_equal(governor_frequency_hz(&governor), 99);
}

static void forgives_one_window(void **state)
{
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(feed(&governor, 9000), GOVERNOR_KEEP);
		assert_int_equal(feed(&governor, 900), GOVERNOR_KEEP);
	}
}

static void halves_down_to_a_sixteenth(void **state)
{
	static const unsigned int steps[] = { 49, 24, 12, 6, 6, 6 };
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		uint64_t cpu = 200 * governor_frequency_hz(&governor);

		assert_int_equal(feed(&governor, cpu), GOVERNOR_KEEP);
		assert_int_equal(feed(&governor, cpu),
				 i < GOVERNOR_STEPS ? GOVERNOR_LOWER_CPU :
						      GOVERNOR_KEEP);
		assert_int_equal(governor_frequency_hz(&governor), steps[i]);
	}
}

static void rises_when_the_double_would_fit(void **state)
{
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	feed(&governor, 2000);
	feed(&governor, 2000);
	assert_int_equal(governor_frequency_hz(&governor), 49);
	for (int i = 0; i < 5; i++)
		assert_int_equal(feed(&governor, 400), GOVERNOR_KEEP);
	assert_int_equal(feed(&governor, 400), GOVERNOR_RAISE);
	assert_int_equal(governor_frequency_hz(&governor), 99);
}

// Cost of twice the rate: no swinging between two rates every minute.
static void does_not_swing(void **state)
{
	struct governor governor;
	unsigned int changes = 0;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 8640; i++) { // a day
		uint64_t cpu = 16 * governor_frequency_hz(&governor);

		changes += feed(&governor, cpu) != GOVERNOR_KEEP;
	}
	assert_int_equal(governor_frequency_hz(&governor), 49);
	// A trial is a raise and a lowering; they become rare.
	assert_in_range(changes, 3, 60);
}

// A cost that does not depend on the rate must not hold it down for ever.
static void tries_again_when_cost_is_fixed(void **state)
{
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 8; i++)
		feed(&governor, 2000 + 20 * governor_frequency_hz(&governor) *
					       governor_frequency_hz(&governor));
	assert_int_equal(governor_frequency_hz(&governor), 6);
	for (int i = 0; i < 4 * 30; i++)
		feed(&governor, 700);
	assert_int_equal(governor_frequency_hz(&governor), 99);
}

static void trims_before_it_lowers(void **state)
{
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	assert_int_equal(feed_memory(&governor, 100 << 20), GOVERNOR_KEEP);
	assert_int_equal(feed_memory(&governor, 101 << 20), GOVERNOR_TRIM);
	assert_int_equal(feed_memory(&governor, 99 << 20), GOVERNOR_KEEP);
	assert_int_equal(feed_memory(&governor, 101 << 20), GOVERNOR_TRIM);
	assert_int_equal(feed_memory(&governor, 101 << 20),
			 GOVERNOR_LOWER_MEMORY);
	assert_int_equal(governor_frequency_hz(&governor), 49);
}

// What many processes cost is no sample's fault.
static void does_not_lower_in_vain(void **state)
{
	struct governor governor;
	unsigned int low = 0;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 360; i++) { // an hour
		feed(&governor, 1900 + 2 * governor_frequency_hz(&governor));
		low += governor_frequency_hz(&governor) < 99;
		assert_in_range(governor_frequency_hz(&governor), 49, 99);
	}
	assert_in_range(low, 1, 30);
}

static void knows_that_memory_is_not_the_rates(void **state)
{
	struct governor governor;
	unsigned int low = 0, trims = 0;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 360; i++) {
		trims += feed_memory(&governor, 120 << 20) == GOVERNOR_TRIM;
		low += governor_frequency_hz(&governor) < 99;
		assert_in_range(governor_frequency_hz(&governor), 49, 99);
	}
	assert_in_range(low, 1, 30);
	assert_in_range(trims, 2, 30);
	assert_int_equal(governor_frequency_hz(&governor), 99);
}

// A backlog in memory is the rate's: each step pays off until it fits.
static void lowers_for_memory_while_it_helps(void **state)
{
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	for (int i = 0; i < 20; i++)
		feed_memory(&governor, (20 + 3 * (uint64_t)governor_frequency_hz(
						      &governor)) << 20);
	assert_int_equal(governor_frequency_hz(&governor), 24);
}

static void takes_new_limits(void **state)
{
	struct governor_limits more = limits;
	struct governor governor;

	(void)state;
	start(&governor, &limits);
	feed(&governor, 2000);
	feed(&governor, 2000);
	more.frequency_hz = 199;
	governor_set_limits(&governor, &more);
	assert_int_equal(governor_frequency_hz(&governor), 99);
}

static void knows_odd_windows(void **state)
{
	struct governor_window window = { .elapsed_ns = 0, .cpu_ns = 100 };
	struct governor governor;
	struct governor_limits least = { .frequency_hz = 1,
					 .cpu_millipercent = 1,
					 .memory_bytes = UINT64_MAX };

	(void)state;
	start(&governor, &least);
	assert_int_equal(governor_feed(&governor, &window), GOVERNOR_KEEP);
	assert_int_equal(governor_cpu_millipercent(&window), 0);
	window = (struct governor_window){ .elapsed_ns = UINT64_MAX,
					   .cpu_ns = UINT64_MAX };
	assert_in_range(governor_cpu_millipercent(&window), 99999, 100001);
	governor_feed(&governor, &window);
	governor_feed(&governor, &window);
	assert_int_equal(governor_frequency_hz(&governor), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_within_the_budget),
		cmocka_unit_test(forgives_one_window),
		cmocka_unit_test(halves_down_to_a_sixteenth),
		cmocka_unit_test(rises_when_the_double_would_fit),
		cmocka_unit_test(does_not_swing),
		cmocka_unit_test(tries_again_when_cost_is_fixed),
		cmocka_unit_test(trims_before_it_lowers),
		cmocka_unit_test(does_not_lower_in_vain),
		cmocka_unit_test(knows_that_memory_is_not_the_rates),
		cmocka_unit_test(lowers_for_memory_while_it_helps),
		cmocka_unit_test(takes_new_limits),
		cmocka_unit_test(knows_odd_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
