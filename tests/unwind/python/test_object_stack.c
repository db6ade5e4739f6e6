// SPDX-License-Identifier: Apache-2.0
// Which frame object an activation ran, up to 3.10.
#include "tests/cmocka.h"
#include "unwind/python/code_head.h"
#include "unwind/python/python_stack.h"

#include <string.h>

enum {
	HEAP = 0x10000,	  // where the frames are
	STATE = 0x20000,  // the thread state
	CODE = 0x30000,
	STRIDE = 0x200,	  // from one frame to the next
	FRAMES = 3,
	LAST = 21,
	OTHER = 0x77770,  // what a register may hold besides
	RECORDS_BYTES = 512,
};

struct fixture {
	const struct python_layout *layout;
	struct memory memory;
	uint8_t heap[FRAMES * STRIDE];
	uint8_t state[256];
	union {
		struct snapshot snapshot;
		uint8_t stored[sizeof(struct snapshot) + RECORDS_BYTES];
	};
	struct python_stack stack;
};

static uint64_t frame_at(unsigned int index)
{
	return HEAP + (uint64_t)index * STRIDE;
}

static void put_u64(uint8_t *bytes, uint64_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

static void put_frame(struct fixture *fixture, unsigned int index,
		      uint64_t previous, int32_t last)
{
	uint8_t *frame = fixture->heap + index * STRIDE;

	put_u64(frame + fixture->layout->frame.code, CODE + index * 0x100);
	put_u64(frame + fixture->layout->frame.previous, previous);
	memcpy(frame + fixture->layout->frame.instruction, &last, sizeof(last));
}

// Frame 0 is the innermost.
static void fixture_init(struct fixture *fixture, unsigned int row)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->layout = &python_layout_objects[row];
	for (unsigned int i = 0; i < FRAMES; i++)
		put_frame(fixture, i, i + 1 < FRAMES ? frame_at(i + 1) : 0,
			  LAST);
	put_u64(fixture->state + fixture->layout->thread.current_frame,
		frame_at(0));
	fixture->snapshot.thread_state = STATE;
	assert_true(memory_add(&fixture->memory, HEAP, fixture->heap,
			       sizeof(fixture->heap)));
	assert_true(memory_add(&fixture->memory, STATE, fixture->state,
			       sizeof(fixture->state)));
	python_stack_init(&fixture->stack, fixture->layout, &fixture->snapshot,
			  &fixture->memory);
}

// As a freeze keeps them, and nowhere else.
static void keep_records(struct fixture *fixture, unsigned int count)
{
	struct snapshot *snapshot = &fixture->snapshot;
	uint32_t size = fixture->layout->frame.size;
	size_t stride = snapshot_object_stride(size);

	assert_true(count * stride <= RECORDS_BYTES);
	for (unsigned int i = 0; i < count; i++) {
		uint8_t *record = snapshot->bytes + i * stride;

		put_u64(record, frame_at(i));
		memcpy(record + 8, fixture->heap + i * STRIDE, size);
	}
	snapshot->byte_count = (uint32_t)(count * stride);
	snapshot->piece_count = 1;
	snapshot->piece[0] = (struct snapshot_piece){
		.kind = SNAPSHOT_OBJECTS, .size = snapshot->byte_count
	};
	fixture->memory.segment_count = 0;
	assert_true(memory_add(&fixture->memory, STATE, fixture->state,
			       sizeof(fixture->state)));
	assert_true(snapshot_add_to_memory(snapshot, sizeof(fixture->stored),
					   &fixture->memory));
	assert_int_equal(fixture->memory.segment_count, 1);
	python_stack_init(&fixture->stack, fixture->layout, snapshot,
			  &fixture->memory);
}

// An activation whose registers hold @held among others.
static enum python_match match(struct fixture *fixture, uint64_t held,
			       struct python_frame *ret)
{
	const uint64_t registers[] = { OTHER, held, 0 };
	const struct python_activation activation = {
		.sp = 0x1000, .cfa = 0x1200, .held = registers, .held_count = 3
	};
	size_t count;
	enum python_match found = python_stack_activation(
		&fixture->stack, &activation, ret, 1, &count);

	assert_int_equal(count, found == PYTHON_MATCH_FRAMES);
	return found;
}

static void assert_frame(struct fixture *fixture, unsigned int index)
{
	struct python_frame frame;

	assert_int_equal(match(fixture, frame_at(index), &frame),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(frame.address, frame_at(index));
	assert_int_equal(frame.code, CODE + index * 0x100);
	assert_int_equal(frame.instruction,
			 fixture->layout->minor == 10 ? 2 * LAST : LAST);
}

typedef void (*check_fn)(struct fixture *fixture);

static void with_each_version(check_fn check)
{
	static struct fixture fixture;

	for (unsigned int i = 0; i < PYTHON_LAYOUT_OBJECTS; i++) {
		fixture_init(&fixture, i);
		check(&fixture);
	}
}

static void check_whole(struct fixture *fixture)
{
	struct python_frame frame;

	for (unsigned int i = 0; i < FRAMES; i++) {
		assert_false(python_stack_is_finished(&fixture->stack));
		assert_frame(fixture, i);
	}
	assert_true(python_stack_is_finished(&fixture->stack));
	// Another interpreter's loop, or a greenlet's.
	assert_int_equal(match(fixture, frame_at(2), &frame),
			 PYTHON_MATCH_LOST);
}

static void tells_every_frame(void **state)
{
	(void)state;
	with_each_version(check_whole);
}

static void check_records(struct fixture *fixture)
{
	keep_records(fixture, FRAMES);
	check_whole(fixture);
}

// More than was kept, and one that is not what the one before names.
static void check_records_that_end(struct fixture *fixture)
{
	struct python_frame frame;

	keep_records(fixture, FRAMES - 1);
	assert_frame(fixture, 0);
	assert_frame(fixture, 1);
	assert_int_equal(match(fixture, frame_at(2), &frame),
			 PYTHON_MATCH_LOST);
}

static void check_records_out_of_order(struct fixture *fixture)
{
	struct python_frame frame;

	keep_records(fixture, FRAMES);
	put_u64(fixture->snapshot.bytes +
			snapshot_object_stride(fixture->layout->frame.size),
		OTHER);
	assert_frame(fixture, 0);
	assert_int_equal(match(fixture, frame_at(1), &frame),
			 PYTHON_MATCH_LOST);
}

static void finds_frames_that_were_kept_in_a_row(void **state)
{
	(void)state;
	with_each_version(check_records);
	with_each_version(check_records_that_end);
	with_each_version(check_records_out_of_order);
}

// It has begun, and its frame is not current yet; or not any more.
static void check_entering(struct fixture *fixture)
{
	struct python_frame frame;

	assert_int_equal(match(fixture, OTHER, &frame), PYTHON_MATCH_NONE);
	check_whole(fixture);
}

static void passes_over_one_that_is_entered(void **state)
{
	(void)state;
	with_each_version(check_entering);
}

// It still has its caller's frame in the register that it has just saved.
static void check_half_way(struct fixture *fixture)
{
	struct python_frame frame;

	assert_frame(fixture, 0);
	assert_int_equal(match(fixture, frame_at(0), &frame),
			 PYTHON_MATCH_CONTRADICTION);
	assert_int_equal(match(fixture, frame_at(1), &frame),
			 PYTHON_MATCH_CONTRADICTION);
}

static void finds_a_claim_that_is_not_right(void **state)
{
	(void)state;
	with_each_version(check_half_way);
}

// As after the first walk, which ended in a contradiction: it has its frame on
// its stack.
static void look_again(struct fixture *fixture, uint64_t word, uint64_t *slot)
{
	*slot = word;
	assert_true(memory_add(&fixture->memory, 0x1100, slot, sizeof(*slot)));
	python_stack_init(&fixture->stack, fixture->layout, &fixture->snapshot,
			  &fixture->memory);
	fixture->stack.spilled = true;
}

static void check_spilled(struct fixture *fixture)
{
	struct python_frame frame;
	uint64_t slot;

	assert_int_equal(match(fixture, OTHER, &frame), PYTHON_MATCH_NONE);
	assert_true(fixture->stack.unheld);
	assert_int_equal(match(fixture, frame_at(1), &frame),
			 PYTHON_MATCH_CONTRADICTION);
	look_again(fixture, frame_at(0), &slot);
	assert_int_equal(match(fixture, OTHER, &frame), PYTHON_MATCH_FRAMES);
	assert_int_equal(frame.code, CODE);
	assert_frame(fixture, 1);
	assert_frame(fixture, 2);
	assert_true(python_stack_is_finished(&fixture->stack));
}

// A left-over: what is on the stack is run further out.
static void check_left_over(struct fixture *fixture)
{
	struct python_frame frame;
	uint64_t slot;

	look_again(fixture, frame_at(0), &slot);
	assert_int_equal(match(fixture, OTHER, &frame), PYTHON_MATCH_FRAMES);
	assert_int_equal(match(fixture, frame_at(0), &frame),
			 PYTHON_MATCH_CONTRADICTION);
}

// And is by accident in another's register, too: then one is without a frame.
static void check_shifted(struct fixture *fixture)
{
	struct python_frame frame;
	uint64_t slot;

	look_again(fixture, frame_at(0), &slot);
	assert_int_equal(match(fixture, OTHER, &frame), PYTHON_MATCH_FRAMES);
	assert_frame(fixture, 1);
	assert_frame(fixture, 2);
	assert_int_equal(match(fixture, frame_at(2), &frame),
			 PYTHON_MATCH_LOST);
}

// Nobody further out says that it is right.
static void check_alone(struct fixture *fixture)
{
	struct python_frame frame;
	uint64_t slot;

	put_frame(fixture, 0, 0, LAST);
	look_again(fixture, frame_at(0), &slot);
	assert_int_equal(match(fixture, OTHER, &frame),
			 PYTHON_MATCH_CONTRADICTION);
}

static void check_elsewhere(struct fixture *fixture)
{
	struct python_frame frame;
	uint64_t slot;

	look_again(fixture, frame_at(1), &slot);
	assert_int_equal(match(fixture, OTHER, &frame), PYTHON_MATCH_NONE);
	assert_frame(fixture, 0);
	// Only the innermost activation can be without.
	assert_int_equal(match(fixture, OTHER, &frame),
			 PYTHON_MATCH_CONTRADICTION);
}

static void finds_a_frame_on_the_stack(void **state)
{
	(void)state;
	with_each_version(check_spilled);
	with_each_version(check_left_over);
	with_each_version(check_shifted);
	with_each_version(check_alone);
	with_each_version(check_elsewhere);
}

static void check_bad(struct fixture *fixture)
{
	struct python_frame frame;

	put_frame(fixture, 0, frame_at(0), LAST); // its own caller
	assert_int_equal(match(fixture, frame_at(0), &frame),
			 PYTHON_MATCH_CONTRADICTION);
}

static void check_missing(struct fixture *fixture)
{
	struct python_frame frame;

	put_frame(fixture, 0, 0x99990, LAST);
	assert_frame(fixture, 0);
	assert_int_equal(match(fixture, 0x99990, &frame), PYTHON_MATCH_LOST);
}

// A generator's frame, as all who are resumed; throw() has made it current.
static void check_cut_off(struct fixture *fixture)
{
	uint32_t generator = fixture->layout->frame.instruction - 8;
	struct python_frame frame;

	put_frame(fixture, 1, 0, LAST);
	put_u64(fixture->heap + generator, OTHER);
	put_u64(fixture->heap + STRIDE + generator, OTHER);
	assert_frame(fixture, 0);
	assert_int_equal(match(fixture, frame_at(1), &frame),
			 PYTHON_MATCH_LOST);
	assert_false(python_stack_is_finished(&fixture->stack));
}

static void refuses_what_cannot_be(void **state)
{
	(void)state;
	with_each_version(check_bad);
	with_each_version(check_missing);
	with_each_version(check_cut_off);
}

static void check_before_first(struct fixture *fixture)
{
	struct python_frame frame;

	put_frame(fixture, 0, 0, -1);
	assert_int_equal(match(fixture, frame_at(0), &frame),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(frame.instruction, -1);
}

static void knows_a_frame_that_has_not_run(void **state)
{
	(void)state;
	with_each_version(check_before_first);
}

static void reads_heads(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PYTHON_LAYOUT_OBJECTS; i++) {
		const struct python_layout *layout = &python_layout_objects[i];
		uint8_t head[256] = { 0 };
		const int32_t line = 12;
		struct code_head found;

		put_u64(head + layout->code.type, 0x5550);
		memcpy(head + layout->code.first_line, &line, sizeof(line));
		put_u64(head + layout->code.name, 0x1000);
		put_u64(head + layout->code.file_name, 0x2000);
		put_u64(head + layout->code.line_table, 0x3000);
		assert_true(code_head_read(layout, 0x5550, head, &found));
		assert_int_equal(found.first_line, 12);
		assert_int_equal(found.qualified_name, found.name);
		assert_int_equal(found.lines, layout->lines);
		assert_false(found.exact);
		assert_false(code_head_read(layout, 0x5558, head, &found));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_every_frame),
		cmocka_unit_test(finds_frames_that_were_kept_in_a_row),
		cmocka_unit_test(passes_over_one_that_is_entered),
		cmocka_unit_test(finds_a_claim_that_is_not_right),
		cmocka_unit_test(finds_a_frame_on_the_stack),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(knows_a_frame_that_has_not_run),
		cmocka_unit_test(reads_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
