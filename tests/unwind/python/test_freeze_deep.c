// SPDX-License-Identifier: Apache-2.0
/*
 * Deep stacks: frame objects by the thousand, all over a heap, and data stacks of
 * many chunks. What is read for them, and where it ends.
 */
#include "tests/cmocka.h"

#include "base/clock.h"
#include "unwind/python/freeze.h"
#include "unwind/python/freezer.h"

#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0x7f0000000000)
#define STATE (BASE + 0x1000)
#define HEAP (BASE + 0x100000)
#define CODE (BASE + 0x4000)
#define STACK UINT64_C(0x7fff00000000)

enum {
	BYTES = 24 << 20,
	PAGE = 4096,
	TID = 4711,
	NOW_NS = 5000,
	OBJECTS = 1, // row of layout_objects.c: 3.7
	CHUNKS = 0,  // row of layout.c: 3.11
	STRIDE = 464, // from one frame object to the next
	CHUNK = 16384,
	FRAME = 88, // on the data stack
	STACK_BYTES = 1024,
	WARM_UP = 40,
};

// Of a freeze, whatever it meets. A sanitizer takes its time.
#ifdef __SANITIZE_ADDRESS__
enum { SLOW_MS = 200 };
#else
enum { SLOW_MS = 20 };
#endif

struct fixture {
	const struct python_layout *layout;
	struct python_target *target;
	struct snapshot *snapshot;
	struct memory stack;
	uint64_t hole; // a page that is not mapped; 0: none
	uint8_t *bytes;
	uint8_t stack_bytes[STACK_BYTES];
};

static ssize_t read_fixture(void *context, uint64_t vaddr, void *ret,
			    size_t size)
{
	const struct fixture *fixture = context;
	uint64_t offset = vaddr - BASE, end = BYTES;

	if (fixture->hole && vaddr < fixture->hole + PAGE)
		end = fixture->hole - BASE;
	if (offset >= end)
		return -1;
	if (size > end - offset)
		size = end - offset;
	memcpy(ret, fixture->bytes + offset, size);
	return (ssize_t)size;
}

static void put_u64(struct fixture *fixture, uint64_t vaddr, uint64_t value)
{
	memcpy(fixture->bytes + (vaddr - BASE), &value, sizeof(value));
}

static void put_thread(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	const uint64_t interpreter = BASE + 0x800, pthread = BASE + 0x2000;

	put_u64(fixture, BASE + layout->runtime.interpreters_head, interpreter);
	put_u64(fixture, interpreter + layout->interpreter.threads_head, STATE);
	put_u64(fixture, STATE + layout->thread.interpreter, interpreter);
	put_u64(fixture, STATE + layout->thread.thread_id, pthread);
	if (layout->thread.native_thread_id != PYTHON_NO_OFFSET)
		put_u64(fixture, STATE + layout->thread.native_thread_id, TID);
	else
		put_u64(fixture, pthread + layout->thread.pthread_tid, TID);
}

static struct fixture *fixture_create(const struct python_layout *layout)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct live_memory memory = { .read = read_fixture, .context = fixture };

	assert_non_null(fixture);
	fixture->layout = layout;
	fixture->bytes = calloc(1, BYTES);
	fixture->snapshot =
		malloc(sizeof(*fixture->snapshot) + SNAPSHOT_BYTES_MAX);
	fixture->target = python_target_create(memory, layout, BASE, 0);
	assert_non_null(fixture->bytes);
	assert_non_null(fixture->snapshot);
	assert_non_null(fixture->target);
	memory_add(&fixture->stack, STACK, fixture->stack_bytes, STACK_BYTES);
	put_thread(fixture);
	return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
	python_target_destroy(fixture->target);
	free(fixture->snapshot);
	free(fixture->bytes);
	free(fixture);
}

static enum snapshot_status freeze(struct fixture *fixture)
{
	const struct freeze_point point = { .tid = TID, .now_ns = NOW_NS };

	python_freeze(fixture->target, &point, &fixture->stack,
		      fixture->snapshot, SNAPSHOT_BYTES_MAX);
	return fixture->snapshot->status;
}

// The address of the frame object @index; 0 is the innermost, and lies highest,
// as where the memory of each call follows that of its caller's.
static uint64_t object_at(unsigned int index, unsigned int count, size_t stride)
{
	return HEAP + (uint64_t)(count - 1 - index) * stride;
}

// @count frame objects, the innermost of which is the thread's, all of one code
// object.
static void put_objects(struct fixture *fixture, unsigned int count,
			size_t stride)
{
	const struct python_layout *layout = fixture->layout;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t frame = object_at(i, count, stride);

		put_u64(fixture, frame + layout->frame.code, CODE);
		put_u64(fixture, frame + layout->frame.previous,
			i + 1 < count ? object_at(i + 1, count, stride) : 0);
	}
	put_u64(fixture, STATE + layout->thread.current_frame,
		object_at(0, count, stride));
}

// How many frame objects were kept, one behind the other.
static size_t objects_kept(const struct fixture *fixture, unsigned int count,
			   size_t stride)
{
	const struct snapshot_piece *piece =
		snapshot_find(fixture->snapshot, SNAPSHOT_OBJECTS);
	size_t step = snapshot_object_stride(fixture->layout->frame.size);
	size_t kept = piece ? piece->size / step : 0;

	for (size_t i = 0; i < kept; i++) {
		const uint8_t *record = fixture->snapshot->bytes +
					piece->offset + i * step;

		assert_int_equal(freezer_u64(record, 0),
				 object_at((unsigned int)i, count, stride));
	}
	return kept;
}

static void reads_frame_objects_by_the_thousand(void **state)
{
	const unsigned int count = 4096;
	const size_t pages = (size_t)count * STRIDE / PAGE;
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);

	(void)state;
	put_objects(fixture, count, STRIDE);
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(objects_kept(fixture, count, STRIDE), count);
	assert_true(fixture->snapshot->reads < pages / 6);
	// Now it is known where they are.
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(objects_kept(fixture, count, STRIDE), count);
	assert_true(fixture->snapshot->reads < pages / 10);
	fixture_destroy(fixture);
}

enum { SCATTERED = 56, SCATTERED_PAGES = 14 };

// As an allocator's free list has them: in three rows of pages, to and fro. The
// innermost one.
static uint64_t put_scattered(struct fixture *fixture, uint64_t heap)
{
	static const unsigned int page[SCATTERED_PAGES] = {
		4, 2, 9, 3, 21, 5, 8, 20, 11, 22, 10, 24, 7, 23,
	};
	const struct python_layout *layout = fixture->layout;
	uint64_t previous = 0;

	for (unsigned int i = 0; i < SCATTERED; i++) {
		uint64_t frame = heap +
				 (uint64_t)page[i % SCATTERED_PAGES] * PAGE +
				 i / SCATTERED_PAGES * STRIDE;

		put_u64(fixture, frame + layout->frame.code, CODE);
		put_u64(fixture, frame + layout->frame.previous, previous);
		previous = frame;
	}
	return previous;
}

static void put_scattered_objects(struct fixture *fixture, uint64_t heap)
{
	put_u64(fixture, STATE + fixture->layout->thread.current_frame,
		put_scattered(fixture, heap));
}

static size_t count_kept(const struct fixture *fixture)
{
	const struct snapshot_piece *piece =
		snapshot_find(fixture->snapshot, SNAPSHOT_OBJECTS);

	return piece ? piece->size / snapshot_object_stride(
					     fixture->layout->frame.size) : 0;
}

static unsigned int reads_of(struct fixture *fixture)
{
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(count_kept(fixture), SCATTERED);
	return fixture->snapshot->reads;
}

static void reads_frame_objects_where_they_were_the_last_time(void **state)
{
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);
	unsigned int once, other, first;

	(void)state;
	put_scattered_objects(fixture, HEAP);
	first = reads_of(fixture);
	for (unsigned int i = 0; i < WARM_UP; i++)
		once = reads_of(fixture); // code heads are read some times
	assert_true(first >= once + SCATTERED_PAGES - 3);
	// They lie elsewhere now, on the seam of two blocks.
	put_scattered_objects(fixture, HEAP + (1 << 20) + 12 * PAGE);
	assert_true(reads_of(fixture) > once);
	other = reads_of(fixture);
	assert_in_range(other, once, once + 1);
	assert_int_equal(reads_of(fixture), other);
	fixture_destroy(fixture);
}

// Pages that had frame objects once are not read along for ever.
static void pages_without_frame_objects_are_forgotten(void **state)
{
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);
	struct python_target *target = fixture->target;

	(void)state;
	put_scattered_objects(fixture, HEAP);
	reads_of(fixture);
	assert_int_equal(python_target_find_pages(target, STATE, HEAP),
			 0x1f00fbc);
	put_objects(fixture, 8, STRIDE);
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	put_u64(fixture, STATE + fixture->layout->thread.current_frame,
		HEAP + 4 * PAGE);
	put_u64(fixture, HEAP + 4 * PAGE + fixture->layout->frame.previous, 0);
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(count_kept(fixture), 1);
	assert_int_equal(python_target_find_pages(target, STATE, HEAP) & 0x3c,
			 0x10);
	fixture_destroy(fixture);
}

// A page each: nothing is read along that is not needed but for some pages.
static void holds_the_thread_up_no_longer_than_it_may(void **state)
{
	const unsigned int count = 5000;
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);
	size_t kept;

	(void)state;
	put_objects(fixture, count, PAGE);
	assert_int_equal(freeze(fixture), SNAPSHOT_TOO_DEEP);
	kept = objects_kept(fixture, count, PAGE);
	assert_true(kept > FREEZER_WORK_MAX / 2);
	assert_true(kept < FREEZER_WORK_MAX);
	fixture_destroy(fixture);
}

static void a_page_that_is_gone_ends_it(void **state)
{
	const unsigned int count = 1000;
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);
	uint64_t last = object_at(600, count, STRIDE);

	(void)state;
	put_objects(fixture, count, STRIDE);
	fixture->hole = (last & ~(uint64_t)(PAGE - 1)) - PAGE;
	assert_int_equal(freeze(fixture), SNAPSHOT_UNREADABLE);
	assert_in_range(objects_kept(fixture, count, STRIDE), 600, 620);
	fixture_destroy(fixture);
}

// What is read along may run into memory that must not be touched.
static void what_may_hang_is_not_read_along(void **state)
{
	const unsigned int count = 100;
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);

	(void)state;
	put_objects(fixture, count, STRIDE);
	guarded_ranges_add(&fixture->target->hanging, HEAP - 8 * PAGE, HEAP);
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(objects_kept(fixture, count, STRIDE), count);
	fixture_destroy(fixture);
}

static void a_circle_is_noticed(void **state)
{
	const unsigned int count = 3000;
	struct fixture *fixture =
		fixture_create(&python_layout_objects[OBJECTS]);

	(void)state;
	put_objects(fixture, count, STRIDE);
	put_u64(fixture,
		object_at(count - 1, count, STRIDE) +
			fixture->layout->frame.previous,
		object_at(count / 2, count, STRIDE));
	assert_int_equal(freeze(fixture), SNAPSHOT_BROKEN);
	fixture_destroy(fixture);
}

// @count frames of an activation, in chunks that lie as mmap puts them, each
// right below the one before.
static uint64_t put_chunks(struct fixture *fixture, unsigned int count)
{
	const struct python_layout *layout = fixture->layout;
	const unsigned int each = (CHUNK - 24) / FRAME;
	uint64_t chunk = BASE + BYTES, frame = 0, older = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t caller = frame;

		if (i % each == 0) {
			older = i ? chunk : 0;
			chunk -= CHUNK;
			put_u64(fixture, chunk + layout->chunk.previous, older);
			put_u64(fixture, chunk + layout->chunk.size, CHUNK);
			put_u64(fixture, chunk + layout->chunk.top,
				each * FRAME / 8);
			frame = chunk + layout->chunk.data - FRAME;
		}
		frame += FRAME;
		put_u64(fixture, frame + layout->frame.code, CODE);
		put_u64(fixture, frame + layout->frame.previous, caller);
	}
	put_u64(fixture, STATE + layout->thread.chunk, chunk);
	put_u64(fixture, STATE + layout->thread.chunk_top, frame + FRAME);
	return frame;
}

static void put_record(struct fixture *fixture, uint64_t frame)
{
	const struct python_layout *layout = fixture->layout;
	uint64_t record = STACK + 256, root = STATE + layout->thread.cframe;

	memcpy(fixture->stack_bytes + 256 + layout->cframe.current_frame,
	       &frame, sizeof(frame));
	memcpy(fixture->stack_bytes + 256 + layout->cframe.previous, &root,
	       sizeof(root));
	put_u64(fixture, STATE + layout->thread.cframe, record);
}

static void reads_chunks_in_a_row_as_one(void **state)
{
	struct fixture *fixture = fixture_create(python_layout_at(CHUNKS));

	(void)state;
	put_record(fixture, put_chunks(fixture, 30000));
	for (int i = 0; i < 40; i++) // it is known by now how long the run is
		assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_true(fixture->snapshot->reads < 12);
	assert_true(fixture->snapshot->piece_count < 8);
	assert_true(fixture->snapshot->byte_count > 30000 * FRAME);
	fixture_destroy(fixture);
}

static unsigned int frames_kept(const struct fixture *fixture)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < fixture->snapshot->piece_count; i++)
		count += fixture->snapshot->piece[i].kind == SNAPSHOT_FRAME;
	return count;
}

// Since 3.11 frames of generators are the ones that lie on the heap.
static void reads_generators_where_they_were_the_last_time(void **state)
{
	struct fixture *fixture = fixture_create(python_layout_at(CHUNKS));
	unsigned int first;

	(void)state;
	put_record(fixture, put_scattered(fixture, HEAP));
	assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(frames_kept(fixture), SCATTERED);
	first = fixture->snapshot->reads;
	for (unsigned int i = 0; i < WARM_UP; i++)
		assert_int_equal(freeze(fixture), SNAPSHOT_OK);
	assert_int_equal(frames_kept(fixture), SCATTERED);
	assert_true(first >= fixture->snapshot->reads + SCATTERED_PAGES - 3);
	fixture_destroy(fixture);
}

static void more_frames_than_the_limit_are_cut(void **state)
{
	struct fixture *fixture = fixture_create(python_layout_at(CHUNKS));

	(void)state;
	put_record(fixture, put_chunks(fixture, SNAPSHOT_FRAME_MAX + 1));
	assert_int_equal(freeze(fixture), SNAPSHOT_TOO_DEEP);
	fixture_destroy(fixture);
}

/*
 * As a program may have it that means to hold a CPU up: chunks with a hole behind
 * each, so that they become a piece each, and a chain that goes from one to the
 * next with each frame, has an end that is none, and is there sixteen times.
 */
enum { PIECES = 500, PIECE_STRIDE = 8192, FRAMES_EACH = 46, RECORDS = 17 };

static uint64_t scattered(unsigned int index)
{
	return HEAP + (uint64_t)(index % PIECES) * PIECE_STRIDE + 24 +
	       (uint64_t)(index / PIECES) * FRAME;
}

static void put_scattered_chunks(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	const uint32_t words = FRAMES_EACH * FRAME / 8;

	for (unsigned int i = 0; i < PIECES; i++) {
		uint64_t chunk = HEAP + (uint64_t)i * PIECE_STRIDE;

		put_u64(fixture, chunk + layout->chunk.previous,
			i + 1 < PIECES ? chunk + PIECE_STRIDE : 0);
		put_u64(fixture, chunk + layout->chunk.size, PIECE_STRIDE);
		put_u64(fixture, chunk + layout->chunk.top, words);
	}
	put_u64(fixture, STATE + layout->thread.chunk, HEAP);
	put_u64(fixture, STATE + layout->thread.chunk_top,
		HEAP + 24 + words * 8);
}

static void put_scattered_frames(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	const unsigned int count = PIECES * FRAMES_EACH;

	for (unsigned int i = 0; i < count; i++) {
		put_u64(fixture, scattered(i) + layout->frame.code, CODE);
		put_u64(fixture, scattered(i) + layout->frame.previous,
			i + 1 < count ? scattered(i + 1) : 1);
	}
}

static void put_scattered_records(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	uint64_t root = STATE + layout->thread.cframe, frame = scattered(0);

	for (unsigned int i = 0; i < RECORDS; i++) {
		uint8_t *record = fixture->stack_bytes + 64 + i * 32;

		memcpy(record + layout->cframe.current_frame, &frame,
		       sizeof(frame));
		memcpy(record + layout->cframe.previous, &root, sizeof(root));
	}
	put_u64(fixture, STATE + layout->thread.cframe, STACK + 64);
}

static uint64_t cpu_ns(void)
{
	return clock_now_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void a_chain_to_and_fro_takes_no_longer(void **state)
{
	struct fixture *fixture = fixture_create(python_layout_at(CHUNKS));
	uint64_t start;

	(void)state;
	put_scattered_chunks(fixture);
	put_scattered_frames(fixture);
	put_scattered_records(fixture);
	freeze(fixture);
	start = cpu_ns();
	assert_int_not_equal(freeze(fixture), SNAPSHOT_OK);
	print_message("%u pieces, %.1f ms\n", fixture->snapshot->piece_count,
		      (double)(cpu_ns() - start) / NS_PER_MS);
	assert_true(fixture->snapshot->piece_count > PIECES);
	assert_true(cpu_ns() - start < SLOW_MS * NS_PER_MS);
	fixture_destroy(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_frame_objects_by_the_thousand),
		cmocka_unit_test(
			reads_frame_objects_where_they_were_the_last_time),
		cmocka_unit_test(pages_without_frame_objects_are_forgotten),
		cmocka_unit_test(holds_the_thread_up_no_longer_than_it_may),
		cmocka_unit_test(a_page_that_is_gone_ends_it),
		cmocka_unit_test(what_may_hang_is_not_read_along),
		cmocka_unit_test(a_circle_is_noticed),
		cmocka_unit_test(reads_chunks_in_a_row_as_one),
		cmocka_unit_test(
			reads_generators_where_they_were_the_last_time),
		cmocka_unit_test(more_frames_than_the_limit_are_cut),
		cmocka_unit_test(a_chain_to_and_fro_takes_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
