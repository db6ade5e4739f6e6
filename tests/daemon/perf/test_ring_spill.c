// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/ring_spill.h"

#include "tests/cmocka.h"

#include <pthread.h>
#include <string.h>

enum { RING_BYTES = 1 << 12, RECORD_MAX = 512, RACE_RECORDS = 200000 };

/** A ring that no kernel writes, its spill, and what its reader sees. */
struct world {
	struct perf_event_mmap_page page;
	uint8_t data[RING_BYTES];
	struct perf_ring ring;
	struct ring_spill spill;
	uint64_t written; /* records */
	uint64_t position, read; /* the reader's */
	uint8_t scratch[RECORD_MAX];
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	world->ring = (struct perf_ring){ .page = &world->page,
					  .data = world->data,
					  .size = RING_BYTES,
					  .fd = -1 };
	if (ring_spill_init(&world->spill, &world->ring, 4 * RING_BYTES,
			    RECORD_MAX))
		return -1;
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	ring_spill_deinit(&world->spill);
	free(world);
	return 0;
}

/** Record @number: of a size of its own, and full of the number. */
static size_t size_of(uint64_t number)
{
	return 16 + number * 40 % (RECORD_MAX - 16) / 8 * 8;
}

static bool write_record(struct world *world)
{
	struct perf_event_header header = {
		.type = PERF_RECORD_SAMPLE,
		.size = (uint16_t)size_of(world->written)
	};
	uint64_t head = world->page.data_head, word;

	if (RING_BYTES - (head - perf_ring_tail(&world->ring)) < header.size)
		return false;
	memcpy(&word, &header, sizeof(word));
	for (size_t at = 0; at < header.size; at += 8) {
		memcpy(world->data + ((head + at) & (RING_BYTES - 1)), &word,
		       sizeof(word));
		word = world->written;
	}
	__atomic_store_n(&world->page.data_head, head + header.size,
			 __ATOMIC_RELEASE);
	perf_ring_set_scanned(&world->ring, head + header.size);
	world->written++;
	return true;
}

static void read_record(struct world *world)
{
	struct perf_event_header header;
	uint64_t limit = perf_ring_scanned(&world->ring), word;
	const uint8_t *bytes =
		ring_spill_record(&world->spill, &world->ring, world->position,
				  limit, world->scratch, &header);

	assert_non_null(bytes);
	assert_int_equal(header.size, size_of(world->read));
	for (size_t at = 8; at < header.size; at += 8) {
		memcpy(&word, bytes + at, sizeof(word));
		assert_int_equal(word, world->read);
	}
	// The mover looks at it, too, to learn when all is over.
	__atomic_store_n(&world->position, world->position + header.size,
			 __ATOMIC_RELAXED);
	world->read++;
}

static void read_all(struct world *world)
{
	while (world->position < perf_ring_scanned(&world->ring))
		read_record(world);
	ring_spill_consume(&world->spill, &world->ring, world->position);
}

static void fill(struct world *world)
{
	while (write_record(world))
		continue;
}

static void what_is_not_much_stays(void **state)
{
	struct world *world = *state;

	write_record(world);
	assert_false(ring_spill_move(&world->spill, &world->ring));
	assert_int_equal(perf_ring_tail(&world->ring), 0);
	read_all(world);
	assert_int_equal(world->read, 1);
}

static void a_ring_that_fills_up_gets_room(void **state)
{
	struct world *world = *state;
	uint64_t before;

	fill(world);
	before = world->written;
	assert_true(ring_spill_move(&world->spill, &world->ring));
	assert_int_equal(perf_ring_tail(&world->ring),
			 perf_ring_head(&world->ring));
	assert_int_equal(ring_spill_waiting(&world->spill),
			 perf_ring_head(&world->ring));
	fill(world);
	assert_true(world->written > before + 5);
	read_all(world);
	assert_int_equal(world->read, world->written);
	assert_int_equal(ring_spill_waiting(&world->spill), 0);
}

/** Records lie across the ends of both, at any place of them. */
static void records_are_what_they_were(void **state)
{
	struct world *world = *state;

	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < round % 4; i++) {
			fill(world);
			ring_spill_move(&world->spill, &world->ring);
		}
		write_record(world);
		read_all(world);
	}
	assert_int_equal(world->read, world->written);
	assert_true(world->spill.moved_bytes > 300 * RING_BYTES);
}

static void what_finds_no_room_stays(void **state)
{
	struct world *world = *state;
	int moved = 0;

	for (int i = 0; i < 20; i++) {
		fill(world);
		moved += ring_spill_move(&world->spill, &world->ring);
	}
	assert_true(moved >= 3 && moved <= 5);
	assert_true(ring_spill_waiting(&world->spill) <= world->spill.size);
	read_all(world);
	assert_int_equal(world->read, world->written);
	fill(world);
	assert_true(ring_spill_move(&world->spill, &world->ring));
}

static void that_it_was_full_is_remembered(void **state)
{
	struct world *world = *state;

	while (!perf_ring_is_filling(&world->ring))
		write_record(world);
	assert_true(ring_spill_move(&world->spill, &world->ring));
	assert_int_equal(world->spill.full_ns, 0);
	fill(world);
	assert_true(ring_spill_move(&world->spill, &world->ring));
	assert_true(world->spill.full_ns > 0);
}

static void what_was_not_scanned_stays(void **state)
{
	struct world *world = *state;
	uint64_t scanned;

	write_record(world);
	scanned = perf_ring_scanned(&world->ring);
	fill(world);
	perf_ring_set_scanned(&world->ring, scanned);
	assert_true(ring_spill_move(&world->spill, &world->ring));
	assert_int_equal(perf_ring_tail(&world->ring), scanned);
	assert_false(ring_spill_move(&world->spill, &world->ring));
}

static void memory_that_is_not_needed_goes_back(void **state)
{
	struct world *world = *state;

	fill(world);
	ring_spill_move(&world->spill, &world->ring);
	ring_spill_trim(&world->spill);
	assert_true(world->spill.touched);
	read_all(world);
	ring_spill_trim(&world->spill);
	assert_false(world->spill.touched);
	fill(world);
	ring_spill_move(&world->spill, &world->ring);
	read_all(world);
	assert_int_equal(world->read, world->written);
}

static void *write_for_ever(void *argument)
{
	struct world *world = argument;

	while (world->written < RACE_RECORDS)
		if (!write_record(world))
			sched_yield();
	return NULL;
}

static void *move_for_ever(void *argument)
{
	struct world *world = argument;

	while (__atomic_load_n(&world->position, __ATOMIC_RELAXED) !=
	       UINT64_MAX)
		if (!ring_spill_move(&world->spill, &world->ring))
			sched_yield();
	return NULL;
}

/** A kernel, a mover and a reader, none of which waits for another. */
static void nothing_is_lost_or_spoilt_in_a_race(void **state)
{
	struct world *world = *state;
	pthread_t writer, mover;

	assert_int_equal(pthread_create(&writer, NULL, write_for_ever, world),
			 0);
	assert_int_equal(pthread_create(&mover, NULL, move_for_ever, world), 0);
	while (world->read < RACE_RECORDS) {
		uint64_t until = perf_ring_scanned(&world->ring);

		while (world->position < until)
			read_record(world);
		ring_spill_consume(&world->spill, &world->ring,
				   world->position);
		if (until == perf_ring_scanned(&world->ring))
			sched_yield();
	}
	pthread_join(writer, NULL);
	__atomic_store_n(&world->position, UINT64_MAX, __ATOMIC_RELAXED);
	pthread_join(mover, NULL);
	assert_int_equal(world->read, world->written);
	assert_true(world->spill.moved_bytes > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_much_stays),
		TEST(a_ring_that_fills_up_gets_room),
		TEST(records_are_what_they_were),
		TEST(what_finds_no_room_stays),
		TEST(that_it_was_full_is_remembered),
		TEST(what_was_not_scanned_stays),
		TEST(memory_that_is_not_needed_goes_back),
		TEST(nothing_is_lost_or_spoilt_in_a_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
