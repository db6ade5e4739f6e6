// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture_queue.h"

#include "tests/cmocka.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ENTRIES = 20000, HEAD_BYTES = sizeof(struct capture) };

static int set_up(void **state)
{
	struct capture_queue *queue = calloc(1, sizeof(*queue));

	if (!queue || capture_queue_init(queue))
		return -1;
	*state = queue;
	return 0;
}

static int tear_down(void **state)
{
	capture_queue_deinit(*state);
	free(*state);
	return 0;
}

// An entry whose bytes all tell its number, cut to what it may have. False: no
// room.
static bool push(struct capture_queue *queue, uint64_t number, uint32_t bytes)
{
	struct capture *entry = capture_queue_reserve(queue);

	if (!entry)
		return false;
	assert_true((uint8_t *)entry >= queue->bytes);
	assert_true(entry->snapshot.bytes + entry->capacity <=
		    queue->bytes + queue->size);
	if (bytes > entry->capacity)
		bytes = entry->capacity;
	entry->ring_position = number;
	entry->snapshot.byte_count = bytes;
	memset(entry->snapshot.bytes, (int)(number & 0xff), bytes);
	capture_queue_push(queue, entry);
	return true;
}

// The next entry is @number. Looks at the ends of its bytes.
static void pop(struct capture_queue *queue, uint64_t number)
{
	const struct capture *entry = capture_queue_peek(queue);
	uint32_t bytes;

	assert_non_null(entry);
	assert_int_equal(entry->ring_position, number);
	bytes = entry->snapshot.byte_count;
	assert_true(entry->size >= HEAD_BYTES + bytes);
	if (bytes) {
		assert_int_equal(entry->snapshot.bytes[0], number & 0xff);
		assert_int_equal(entry->snapshot.bytes[bytes - 1],
				 number & 0xff);
	}
	capture_queue_pop(queue);
}

static void first_in_first_out(void **state)
{
	struct capture_queue *queue = *state;

	assert_null(capture_queue_peek(queue));
	for (uint64_t i = 0; i < 100; i++)
		assert_true(push(queue, i, (uint32_t)i * 13));
	for (uint64_t i = 0; i < 100; i++)
		pop(queue, i);
	assert_null(capture_queue_peek(queue));
}

static void a_full_queue_refuses(void **state)
{
	struct capture_queue *queue = *state;
	uint64_t count = 0;

	while (push(queue, count, SNAPSHOT_BYTES_MAX))
		count++;
	assert_true(queue->size - queue->head <
		    2 * (HEAD_BYTES + CAPTURE_SNAPSHOT_MIN));
	assert_null(capture_queue_reserve(queue));
	for (uint64_t i = 0; i < count; i++)
		pop(queue, i);
	assert_null(capture_queue_peek(queue));
	assert_true(push(queue, 7, SNAPSHOT_BYTES_MAX));
	pop(queue, 7);
}

/** A process whose captures are as large as may be, and a consumer that is
 *  away for as long as 50 of its samples, leave room for ordinary ones. */
static void the_greedy_leave_room(void **state)
{
	struct capture_queue *queue = *state;

	for (uint64_t i = 0; i < 50; i++) {
		assert_true(push(queue, 2 * i, SNAPSHOT_BYTES_MAX));
		assert_true(push(queue, 2 * i + 1, 4000));
	}
	for (uint64_t i = 0; i < 100; i++)
		pop(queue, i);
}

/** The consumer never has more of deep stacks before it than it can do soon. */
static void the_deep_come_one_at_a_time(void **state)
{
	struct capture_queue *queue = *state;
	uint64_t pushed = 0, popped = 0;

	for (int i = 0; i < 100; i++) {
		assert_true(push(queue, pushed++, SNAPSHOT_BYTES_MAX));
		assert_true(capture_queue_waiting(queue) <
			    SNAPSHOT_BYTES_MAX + (8 << 20) +
				    (uint64_t)i * CAPTURE_SNAPSHOT_MIN);
	}
	while (popped < pushed)
		pop(queue, popped++);
	assert_true(push(queue, pushed, SNAPSHOT_BYTES_MAX));
	assert_true(capture_queue_waiting(queue) > SNAPSHOT_BYTES_MAX);
}

/** While some are always left in it, so that it cannot start over. */
static void it_wraps(void **state)
{
	struct capture_queue *queue = *state;
	uint64_t pushed = 0, popped = 0;

	queue->early = queue->size;
	srandom(5);
	while (queue->head < 20 * queue->size) {
		uint32_t bytes = (uint32_t)random() % (1 << 20);

		if (!push(queue, pushed, bytes)) {
			pop(queue, popped++);
			continue;
		}
		pushed++;
		if (pushed - popped > 3)
			pop(queue, popped++);
	}
	while (popped < pushed)
		pop(queue, popped++);
	assert_null(capture_queue_peek(queue));
}

/** An entry of nearly the largest size leaves next to nothing behind it. */
static void whatever_is_left_at_the_end_is_skipped(void **state)
{
	for (uint32_t left = 0; left <= 256; left += 8) {
		struct capture_queue *queue = *state;
		uint64_t number = 0, room;

		tear_down(state);
		assert_int_equal(set_up(state), 0);
		queue = *state;
		queue->early = queue->size;
		// Up to where just one of the largest fits. A small one always
		// waits.
		assert_true(push(queue, number++, 0));
		while ((room = queue->size - queue->head) >=
		       2 * CAPTURE_BYTES_MAX) {
			uint64_t most =
				room - CAPTURE_BYTES_MAX - 2 * HEAD_BYTES;

			assert_true(push(queue, number,
					 most < SNAPSHOT_BYTES_MAX ?
						 (uint32_t)most :
						 SNAPSHOT_BYTES_MAX));
			pop(queue, number - 1);
			assert_true(push(queue, number + 1, 0));
			pop(queue, number);
			number += 2;
		}
		room = queue->size - queue->head - HEAD_BYTES;
		if (room - left > SNAPSHOT_BYTES_MAX)
			continue;
		assert_true(push(queue, number, (uint32_t)room - left));
		pop(queue, number - 1);
		number++;
		assert_true(push(queue, number, 100));
		pop(queue, number - 1);
		pop(queue, number);
	}
}

static void an_empty_queue_starts_over(void **state)
{
	struct capture_queue *queue = *state;
	const uint8_t *highest = queue->bytes;

	for (uint64_t i = 0; i < 10000; i++) {
		struct capture *entry = capture_queue_reserve(queue);

		assert_non_null(entry);
		if ((uint8_t *)entry > highest)
			highest = (uint8_t *)entry;
		entry->ring_position = i;
		entry->snapshot.byte_count = 5000;
		capture_queue_push(queue, entry);
		assert_int_equal(capture_queue_peek(queue)->ring_position, i);
		capture_queue_pop(queue);
	}
	assert_ptr_equal(highest, queue->bytes);
}

/** With something waiting at all times it never starts over, but does not
 *  wander through the whole buffer either. */
static void a_busy_queue_stays_small(void **state)
{
	struct capture_queue *queue = *state;
	const uint8_t *highest = queue->bytes;
	uint64_t pushed = 0, popped = 0;

	while (queue->head < 10 * queue->size) {
		const uint8_t *entry;

		assert_true(push(queue, pushed, 5000 + pushed % 7000));
		entry = (const uint8_t *)capture_queue_peek(queue);
		if (entry > highest)
			highest = entry;
		if (++pushed - popped > 3)
			pop(queue, popped++);
	}
	while (popped < pushed)
		pop(queue, popped++);
	assert_true(highest <= queue->bytes + CAPTURE_EARLY_BYTES + (1 << 20));
}

/** The same when more waits than a worker that keeps up leaves. */
static void much_may_wait(void **state)
{
	struct capture_queue *queue = *state;
	uint64_t pushed = 0, popped = 0;

	while (queue->head < 10 * queue->size) {
		assert_true(push(queue, pushed++, 10000));
		if (pushed - popped > 300)
			pop(queue, popped++);
	}
	while (popped < pushed)
		pop(queue, popped++);
	assert_true(queue->touched <= CAPTURE_KEPT_BYTES);
}

static size_t resident_bytes(const struct capture_queue *queue)
{
	static unsigned char pages[CAPTURE_QUEUE_BYTES / 4096];
	size_t count = 0;

	assert_int_equal(mincore(queue->bytes, queue->size, pages), 0);
	for (size_t i = 0; i < sizeof(pages); i++)
		count += pages[i] & 1;
	return count * 4096;
}

static void what_a_backlog_took_is_given_back(void **state)
{
	struct capture_queue *queue = *state;
	uint64_t count = 0, popped = 0;

	while (push(queue, count, 50000))
		count++;
	while (popped < count - 3)
		pop(queue, popped++);
	assert_true(resident_bytes(queue) > CAPTURE_KEPT_BYTES);
	// What waits is in the way.
	capture_queue_trim(queue);
	assert_true(resident_bytes(queue) > CAPTURE_KEPT_BYTES);
	while (popped < count)
		pop(queue, popped++);
	for (int i = 0; i < 3; i++)
		assert_true(push(queue, count++, 50000));
	pop(queue, popped++);
	capture_queue_trim(queue);
	assert_true(resident_bytes(queue) <= CAPTURE_KEPT_BYTES);
	while (push(queue, count, 50000))
		count++;
	while (popped < count)
		pop(queue, popped++);
	assert_null(capture_queue_peek(queue));
}

struct traffic {
	struct capture_queue *queue;
	uint64_t refused;
};

static void *produce(void *argument)
{
	struct traffic *traffic = argument;
	unsigned int seed = 11;

	for (uint64_t i = 0; i < ENTRIES;) {
		uint32_t bytes = (uint32_t)rand_r(&seed) % 60000;

		if (i % 100 == 0)
			bytes *= 50;
		if (push(traffic->queue, i, bytes)) {
			i++;
			continue;
		}
		traffic->refused++;
		sched_yield();
	}
	return NULL;
}

static void two_threads_agree(void **state)
{
	struct traffic traffic = { .queue = *state };
	uint64_t trims = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, produce, &traffic), 0);
	for (uint64_t i = 0; i < ENTRIES;) {
		if (!capture_queue_peek(traffic.queue)) {
			sched_yield();
			continue;
		}
		pop(traffic.queue, i++);
		// As if much had been touched.
		if (i % 50 == 0) {
			traffic.queue->touched = traffic.queue->size;
			capture_queue_trim(traffic.queue);
			trims += !traffic.queue->touched;
		}
	}
	assert_true(trims > 0);
	pthread_join(thread, NULL);
	assert_null(capture_queue_peek(traffic.queue));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_in_first_out),
		TEST(the_greedy_leave_room),
		TEST(a_full_queue_refuses),
		TEST(the_deep_come_one_at_a_time),
		TEST(it_wraps),
		TEST(whatever_is_left_at_the_end_is_skipped),
		TEST(an_empty_queue_starts_over),
		TEST(a_busy_queue_stays_small),
		TEST(much_may_wait),
		TEST(what_a_backlog_took_is_given_back),
		TEST(two_threads_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
