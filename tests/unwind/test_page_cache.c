// SPDX-License-Identifier: Apache-2.0
#include "unwind/page_cache.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { START = 0x10000, PAGE = 4096, PAGES = 200 };

/* A process of PAGES pages, and how often it was read from. */
struct image {
	uint8_t bytes[PAGES * PAGE];
	unsigned int reads;
};

static ssize_t read_image(void *context, uint64_t vaddr, void *ret, size_t size)
{
	struct image *image = context;

	image->reads++;
	if (vaddr < START || vaddr - START >= sizeof(image->bytes)) {
		errno = EFAULT;
		return -1;
	}
	if (size > sizeof(image->bytes) - (vaddr - START))
		size = sizeof(image->bytes) - (vaddr - START);
	memcpy(ret, image->bytes + (vaddr - START), size);
	return (ssize_t)size;
}

struct world {
	struct image image[2];
	struct page_reader reader[2];
	struct live_memory memory[2];
};

static int set_up(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));
	struct page_cache *cache = page_cache_create();

	assert_non_null(cache);
	for (size_t i = 0; i < sizeof(world->image->bytes); i++) {
		world->image[0].bytes[i] = (uint8_t)(i ^ i >> 7);
		world->image[1].bytes[i] = (uint8_t)(i * 3 + 1);
	}
	for (int i = 0; i < 2; i++) {
		world->reader[i] = (struct page_reader){
			.cache = cache,
			.owner = &world->image[i],
			.memory = { read_image, &world->image[i] }
		};
		world->memory[i] = page_cache_memory(&world->reader[i]);
	}
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	page_cache_destroy(world->reader[0].cache);
	test_free(world);
	return 0;
}

static void expect(struct world *world, int who, uint64_t offset, size_t size)
{
	uint8_t got[3 * PAGE];

	assert_true(live_memory_read(&world->memory[who], START + offset, got,
				     size));
	assert_memory_equal(got, world->image[who].bytes + offset, size);
}

static void one_read_serves_a_page(void **state)
{
	struct world *world = *state;

	for (uint64_t offset = 0; offset < PAGE - 16; offset += 16)
		expect(world, 0, offset, 16);
	assert_int_equal(world->image[0].reads, 1);
	expect(world, 0, PAGE - 8, 16);
	assert_int_equal(world->image[0].reads, 2);
	expect(world, 0, 100, 2 * PAGE + 50);
	assert_int_equal(world->image[0].reads, 3);
}

static void processes_are_kept_apart(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 4; i++)
		expect(world, i % 2, 0, 64);
	assert_true(world->image[0].reads >= 1);
	assert_true(world->image[1].reads >= 1);
}

static void what_is_forgotten_is_read_again(void **state)
{
	struct world *world = *state;

	expect(world, 0, 0, 64);
	memset(world->image[0].bytes, 0x5a, 64);
	page_cache_forget(world->reader[0].cache);
	expect(world, 0, 0, 64);
	assert_int_equal(world->image[0].reads, 2);
}

/** More pages than there is room for are right all the same. */
static void more_than_fits_is_read_again(void **state)
{
	struct world *world = *state;

	for (int round = 0; round < 2; round++)
		for (uint64_t page = 0; page < PAGES; page++)
			for (int who = 0; who < 2; who++)
				expect(world, who, page * PAGE + 7, 9);
}

static void what_is_not_there_is_not_made_up(void **state)
{
	struct world *world = *state;
	const struct live_memory *memory = &world->memory[0];
	uint64_t end = START + sizeof(world->image->bytes);
	uint8_t got[64];

	assert_int_equal(memory->read(memory->context, end, got, 8), -1);
	assert_int_equal(memory->read(memory->context, end - 8, got, 64), 8);
	assert_int_equal(memory->read(memory->context, START - 8, got, 64), -1);
	assert_int_equal(memory->read(memory->context, UINT64_MAX - 7, got, 64),
			 -1);
	assert_int_equal(memory->read(memory->context, START, got, 0), 0);
	expect(world, 0, 0, 64);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_read_serves_a_page),
		TEST(processes_are_kept_apart),
		TEST(what_is_forgotten_is_read_again),
		TEST(more_than_fits_is_read_again),
		TEST(what_is_not_there_is_not_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
