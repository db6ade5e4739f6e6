// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/host_clock.h"

#include "base/clock.h"
#include "tests/cmocka.h"

#include <stdlib.h>

enum { STEPS = 1000 };

#define HOUR_NS (INT64_C(3600) * (int64_t)NS_PER_SEC)

/** A host whose clocks are set by hand. */
struct host {
	uint64_t monotonic, wall, boot;
	struct host_clock clock;
	int64_t moved;
};

static enum host_clock_change look(struct host *host)
{
	struct host_clock_reading reading = { host->monotonic, host->wall,
					      host->boot };

	host->moved = 0;
	return host_clock_look(&host->clock, &reading, &host->moved);
}

static void pass(struct host *host, uint64_t ns)
{
	host->monotonic += ns;
	host->wall += ns;
	host->boot += ns;
}

static struct host new_host(void)
{
	struct host host = { .monotonic = 50 * NS_PER_SEC,
			     .wall = UINT64_C(1790000000) * NS_PER_SEC,
			     .boot = 70 * NS_PER_SEC };

	assert_int_equal(look(&host), HOST_CLOCK_SAME);
	return host;
}

// What the store does with them: wall time of an instant by the offset that
// was in force then.
static void a_thousand_steps_keep_the_order(void **state)
{
	struct host host = new_host();
	int64_t offset = host.clock.wall_offset_ns;
	uint64_t last = 0;

	(void)state;
	srand(4711);
	for (int i = 0; i < STEPS; i++) {
		int64_t step = rand() % 2 ? HOUR_NS : -HOUR_NS;

		pass(&host, NS_PER_SEC);
		assert_int_equal(look(&host), HOST_CLOCK_SAME);
		host.wall += (uint64_t)step;
		pass(&host, NS_PER_SEC / 2);
		assert_int_equal(look(&host), HOST_CLOCK_STEPPED);
		assert_int_equal(host.moved, step);
		offset += step;
		assert_int_equal(host.clock.wall_offset_ns, offset);
		assert_int_equal(host.monotonic + (uint64_t)offset, host.wall);
		assert_true(host.monotonic > last);
		last = host.monotonic;
	}
}

static void sleep_is_told_from_a_step(void **state)
{
	struct host host = new_host();

	(void)state;
	pass(&host, NS_PER_SEC);
	host.wall += 8 * (uint64_t)HOUR_NS;
	host.boot += 8 * (uint64_t)HOUR_NS;
	assert_int_equal(look(&host), HOST_CLOCK_SUSPENDED);
	assert_int_equal(host.moved, 8 * HOUR_NS);
	assert_int_equal(look(&host), HOST_CLOCK_SAME);
	// Somebody had set the hardware's clock meanwhile.
	host.wall += (uint64_t)HOUR_NS;
	host.boot += 8 * (uint64_t)HOUR_NS;
	assert_int_equal(look(&host), HOST_CLOCK_SUSPENDED);
	assert_int_equal(host.moved, 8 * HOUR_NS);
	assert_int_equal(look(&host), HOST_CLOCK_SAME);
	assert_int_equal((int64_t)(host.wall - host.monotonic),
			 host.clock.wall_offset_ns);
}

static void small_steps_add_up(void **state)
{
	struct host host = new_host();
	int told = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		pass(&host, NS_PER_SEC);
		host.wall += 11 * NS_PER_MS;
		told += look(&host) == HOST_CLOCK_STEPPED;
	}
	assert_int_equal(told, 10);
}

static void the_real_clocks_stand_still(void **state)
{
	struct host_clock clock = { 0 };
	struct host_clock_reading reading;
	int64_t moved;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		if (host_clock_read(&reading))
			assert_int_equal(host_clock_look(&clock, &reading,
							 &moved),
					 HOST_CLOCK_SAME);
	}
	assert_true(clock.begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_steps_keep_the_order),
		cmocka_unit_test(sleep_is_told_from_a_step),
		cmocka_unit_test(small_steps_add_up),
		cmocka_unit_test(the_real_clocks_stand_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
