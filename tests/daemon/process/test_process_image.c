// SPDX-License-Identifier: Apache-2.0
// The mappings of a process that makes them without end; those of our own are
// what is read in their place.
#include "daemon/process/process_image.h"

#include "base/clock.h"
#include "tests/cmocka.h"

enum { MANY = 5000, STEP_MS = 100, PAGE = 4096, LOW = 0x10000 };

struct world {
	struct process_image *image;
	struct process_image_source source;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->image = process_image_create(1ull << 32);
	world->source = (struct process_image_source){
		.opener = &opener_direct,
		.modules = module_cache_create(),
		.pid = getpid(),
	};
	assert_non_null(world->image);
	assert_non_null(world->source.modules);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	process_image_unref(world->image);
	module_cache_destroy(world->source.modules);
	free(world);
	return 0;
}

static void note(struct world *world, uint64_t start)
{
	const struct perf_mapping_fields fields = { .start = start,
						    .length = PAGE,
						    .executable = true,
						    .path = "//anon" };

	assert_true(process_image_note(world->image, &fields));
}

// How many of @count mappings at one time are noted.
static unsigned int noted_of(struct world *world, unsigned int count,
			     uint64_t time_ns)
{
	unsigned int noted = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (process_image_crowds(world->image, time_ns))
			continue;
		note(world, LOW + (uint64_t)i * PAGE);
		noted++;
	}
	return noted;
}

static bool knows_this_code(const struct world *world)
{
	return space_find(&world->image->space,
			  (uint64_t)(uintptr_t)knows_this_code);
}

static void what_a_program_maps_is_noted(void **state)
{
	struct world *world = *state;

	assert_int_equal(noted_of(world, 500, NS_PER_SEC), 500);
	assert_int_equal(world->image->noted_count, 500);
	process_image_resolve(world->image, &world->source);
	assert_int_equal(world->image->space.count, 500);
}

static void a_crowd_is_read_in_its_place(void **state)
{
	struct world *world = *state;

	assert_in_range(noted_of(world, MANY, NS_PER_SEC), 500, 1100);
	assert_int_equal(world->image->noted_count, 0);
	assert_true(world->image->unread);
	process_image_resolve(world->image, &world->source);
	assert_true(knows_this_code(world));
	assert_false(world->image->unread);
	// A tenth of a second later it is a program like others.
	assert_int_equal(noted_of(world, 100, NS_PER_SEC + STEP_MS * NS_PER_MS),
			 100);
}

static void a_crowd_is_not_read_all_the_time(void **state)
{
	struct world *world = *state;
	struct process_image_crowd *crowd = &world->image->crowd;

	noted_of(world, MANY, NS_PER_SEC);
	process_image_resolve(world->image, &world->source);
	noted_of(world, MANY, NS_PER_SEC);
	// Rather nothing than what may have changed since.
	crowd->reread_ns = monotonic_ns() + NS_PER_SEC;
	process_image_resolve(world->image, &world->source);
	assert_int_equal(world->image->space.count, 0);
	assert_true(world->image->unread);
	crowd->reread_ns = 0;
	process_image_resolve(world->image, &world->source);
	assert_true(knows_this_code(world));
	assert_true(crowd->reread_ns > monotonic_ns());
}

static void among_many_each_costs_more(void **state)
{
	struct world *world = *state;
	uint64_t time_ns = NS_PER_SEC;

	for (int i = 0; i < 20000; i++)
		note(world, LOW + (uint64_t)i * 2 * PAGE);
	process_image_resolve(world->image, &world->source);
	assert_int_equal(world->image->space.count, 20000);
	assert_in_range(noted_of(world, MANY, time_ns), 10, 100);
	// But not those that come one after the other.
	for (int i = 0; i < 20; i++)
		assert_false(process_image_crowds(
			world->image, time_ns += STEP_MS * NS_PER_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_program_maps_is_noted),
		TEST(a_crowd_is_read_in_its_place),
		TEST(a_crowd_is_not_read_all_the_time),
		TEST(among_many_each_costs_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
