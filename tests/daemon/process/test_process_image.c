// SPDX-License-Identifier: Apache-2.0
// The mappings of a process that makes them without end; those of our own are
// what is read in their place.
#include "daemon/process/process_image.h"

#include "base/clock.h"
#include "tests/cmocka.h"

#include <errno.h>
#include <limits.h>

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

static bool is_known(struct world *world)
{
	return process_image_is_known(world->image, monotonic_ns());
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
	assert_false(is_known(world));
	crowd->reread_ns = 0;
	process_image_resolve(world->image, &world->source);
	assert_true(knows_this_code(world));
	assert_true(crowd->reread_ns > monotonic_ns());
	assert_true(is_known(world));
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

// A door that does not open so many files.
struct door {
	unsigned int closed;
	unsigned int opened;
};

static int door_maps(void *state, pid_t pid)
{
	(void)state;
	return opener_direct.ops->maps(opener_direct.state, pid);
}

static struct error *door_file(void *state, pid_t pid,
			       const struct opener_mapping *mapping,
			       int *ret_fd)
{
	struct door *door = state;

	if (door->closed) {
		door->closed--;
		return error_from_errno(EIO, "open a file");
	}
	door->opened++;
	return opener_direct.ops->mapped_file(opener_direct.state, pid, mapping,
					      ret_fd);
}

static void a_file_that_was_not_opened_is_asked_for_again(void **state)
{
	static const struct opener_ops ops = { .maps = door_maps,
					       .mapped_file = door_file };
	struct door door = { .closed = 1 };
	const struct opener opener = { .ops = &ops, .state = &door };
	struct world *world = *state;
	uint64_t before_ns = monotonic_ns();
	unsigned int opened;

	world->source.opener = &opener;
	world->image->unread = true;
	process_image_resolve(world->image, &world->source);
	assert_false(process_image_is_due(world->image));
	assert_false(process_image_is_known(world->image, before_ns));
	assert_true(process_image_is_due(world->image));
	opened = door.opened;
	process_image_resolve(world->image, &world->source);
	assert_true(door.opened > opened);
	assert_true(is_known(world));
	// Who knows what was mapped before that.
	assert_false(process_image_is_known(world->image, before_ns));
}

static void what_cannot_be_opened_is_not_asked_for_all_the_time(void **state)
{
	static const struct opener_ops ops = { .maps = door_maps,
					       .mapped_file = door_file };
	struct door door = { .closed = UINT_MAX };
	const struct opener opener = { .ops = &ops, .state = &door };
	struct world *world = *state;
	unsigned int left;

	world->source.opener = &opener;
	world->image->unread = true;
	process_image_resolve(world->image, &world->source);
	assert_false(is_known(world));
	process_image_resolve(world->image, &world->source);
	left = door.closed;
	for (int i = 0; i < 1000; i++) {
		assert_false(is_known(world));
		world->image->doubt.next_ns += NS_PER_SEC;
		if (process_image_is_due(world->image))
			process_image_resolve(world->image, &world->source);
	}
	assert_int_equal(door.closed, left);
}

// A program in memory is a program; what a compiler wrote there is not.
static void a_private_memfd_is_a_file(void **state)
{
	struct world *world = *state;
	struct perf_mapping_fields fields = { .start = LOW,
					      .length = PAGE,
					      .executable = true,
					      .shared = true,
					      .path = "/memfd:x (deleted)" };

	assert_true(process_image_note(world->image, &fields));
	process_image_resolve(world->image, &world->source);
	assert_int_equal(space_find(&world->image->space, LOW)->kind,
			 MAPPING_ANONYMOUS);
	assert_true(is_known(world));
	fields.shared = false;
	assert_true(process_image_note(world->image, &fields));
	process_image_resolve(world->image, &world->source);
	assert_int_equal(space_find(&world->image->space, LOW)->kind,
			 MAPPING_FILE);
	assert_false(is_known(world));
}

static void mappings_that_cannot_be_read_are_not_known(void **state)
{
	struct world *world = *state;

	world->image->unread = true;
	world->source.pid = INT_MAX; // beyond PID_MAX_LIMIT
	process_image_resolve(world->image, &world->source);
	assert_false(is_known(world));
	// As they are of another that has the same ones.
	world->source.pid = getpid();
	process_image_resolve(world->image, &world->source);
	assert_true(is_known(world));
	assert_true(knows_this_code(world));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_program_maps_is_noted),
		TEST(a_crowd_is_read_in_its_place),
		TEST(a_crowd_is_not_read_all_the_time),
		TEST(among_many_each_costs_more),
		TEST(a_file_that_was_not_opened_is_asked_for_again),
		TEST(what_cannot_be_opened_is_not_asked_for_all_the_time),
		TEST(a_private_memfd_is_a_file),
		TEST(mappings_that_cannot_be_read_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
