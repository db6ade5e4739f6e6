// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/python_stack.h"

#include "tests/cmocka.h"

#include "tests/unwind/python/fake_stack.h"

#include <stdlib.h>

enum { ROOM = 64, GENERATOR_AT = 0xc000 };

static void check_gap(struct fake_stack *stack)
{
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	stack->free += 8;
	fake_call(stack, FAKE_OFFSET);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

// A frame that has been made current before its `previous` was written: there
// stands the caller of an earlier frame in that place.
static void check_stale(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	uint64_t frame, stale;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET);
	frame = fake_call(stack, layout->instruction_is_previous ? -2 : 0);
	stale = frame - FAKE_FRAME_WORDS * 8 + 24;
	fake_spoil(stack, frame + layout->frame.previous, stale);
	assert_top(stack, PYTHON_MATCH_LOST);
	// It may even look like a frame.
	fake_spoil(stack, stale + layout->frame.code, stack->unknown_code);
	fake_spoil(stack, stale + layout->frame.instruction,
		   stack->unknown_code + layout->code.bytecode + 4);
	fake_spoil(stack, stale + layout->frame.previous, stack->first[0]);
	assert_top(stack, PYTHON_MATCH_LOST);
}

static void notices_callers_that_do_not_tile(void **state)
{
	(void)state;
	fake_each_version(check_gap);
	fake_each_version(check_stale);
}

static void check_wild_frames(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	struct {
		uint32_t field;
		uint64_t value;
	} spoiled[] = {
		{ layout->frame.code, 0 },
		{ layout->frame.code, 0x1234567 },
		{ layout->frame.instruction, 0 },
		{ layout->frame.instruction, UINT64_MAX },
		{ layout->frame.previous, 0 },
		{ layout->frame.previous, FAKE_MEMORY_BASE + 0x1001 },
	};

	for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
		fake_stack_init(stack, layout);
		fake_zebra(stack);
		fake_spoil(stack, stack->top + spoiled[i].field,
			   spoiled[i].value);
		assert_top(stack, PYTHON_MATCH_CONTRADICTION);
	}
	for (unsigned int offset = 2 * FAKE_UNITS - 2; offset <= 2 * FAKE_UNITS;
	     offset++) {
		fake_stack_init(stack, layout);
		fake_enter(stack);
		fake_call(stack, (int)offset);
		if (offset < 2 * FAKE_UNITS - 1)
			assert_top(stack, PYTHON_MATCH_FRAMES);
		else
			assert_top(stack, PYTHON_MATCH_CONTRADICTION);
	}
}

static void check_wild_owner(struct fake_stack *stack)
{
	fake_zebra(stack);
	*fake_at(&stack->image, stack->top + stack->layout->frame.owner) = 77;
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void check_circle(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	uint64_t generator = FAKE_MEMORY_BASE + GENERATOR_AT;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	for (uint64_t i = 0; i < 5; i++)
		fake_resume(stack, generator + i * 0x200);
	fake_spoil(stack, generator + layout->frame.previous, stack->top);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
	fake_spoil(stack, stack->top + layout->frame.previous, stack->top);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void check_record_below(struct fake_stack *stack)
{
	struct python_stack python;

	fake_zebra(stack);
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 1, PYTHON_MATCH_CONTRADICTION);
	assert_match(stack, &python, 0, PYTHON_MATCH_CONTRADICTION);
}

static void check_foreign_entry(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;

	if (layout->chain != PYTHON_CHAIN_CFRAME)
		return;
	fake_zebra(stack);
	fake_spoil(stack, stack->first[2] + layout->frame.previous,
		   fake_entry(stack, 1));
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void check_other_continuation(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;

	if (layout->chain == PYTHON_CHAIN_TSTATE)
		return;
	fake_zebra(stack);
	fake_spoil(stack, fake_record(stack, 1) + layout->cframe.current_frame,
		   stack->first[0]);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void notices_contradictions(void **state)
{
	(void)state;
	fake_each_version(check_wild_frames);
	fake_each_version(check_wild_owner);
	fake_each_version(check_circle);
	fake_each_version(check_record_below);
	fake_each_version(check_foreign_entry);
	fake_each_version(check_other_continuation);
}

// The memory ends before the outer frames: those in hand are told.
static void check_lost(struct fake_stack *stack)
{
	struct python_frame frames[ROOM];
	struct python_stack python;
	uint64_t hidden;
	size_t count;

	fake_zebra(stack);
	hidden = stack->first[2] + 8 - FAKE_MEMORY_BASE;
	stack->memory.segment_count = 0;
	memory_add(&stack->memory, FAKE_MEMORY_BASE, stack->image.bytes, 0x1000);
	memory_add(&stack->memory, FAKE_MEMORY_BASE + hidden,
		   stack->image.bytes + hidden, FAKE_MEMORY_BYTES - hidden);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match(stack, &python, 2, false, frames, ROOM,
				    &count),
			 PYTHON_MATCH_LOST);
	assert_int_equal(count, 2);
	assert_match(stack, &python, 1, PYTHON_MATCH_LOST);
	assert_match(stack, &python, 0, PYTHON_MATCH_LOST);
}

static void check_no_thread(struct fake_stack *stack)
{
	fake_zebra(stack);
	stack->snapshot.thread_state = 0;
	assert_top(stack, PYTHON_MATCH_LOST);
	stack->snapshot.thread_state = 4096;
	assert_top(stack, PYTHON_MATCH_LOST);
}

// A generator whose link is gone already is told, its callers are not; nor are
// those of other activations, where only the frames lead on to them.
static void check_yielding(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	uint64_t generator = FAKE_MEMORY_BASE + GENERATOR_AT;
	struct python_stack python;
	size_t count;

	if (layout->chain == PYTHON_CHAIN_IS_ENTRY)
		return;
	fake_zebra(stack);
	fake_resume(stack, generator);
	fake_spoil(stack, generator + layout->frame.previous, 0);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match_entering(stack, &python, 2, false, &count),
			 PYTHON_MATCH_LOST);
	assert_int_equal(count, 1);
	if (layout->chain == PYTHON_CHAIN_TSTATE)
		assert_match(stack, &python, 1, PYTHON_MATCH_LOST);
	else
		assert_frames(stack, &python, 1, 1);
}

static void tells_what_is_lost(void **state)
{
	(void)state;
	fake_each_version(check_yielding);
	fake_each_version(check_lost);
	fake_each_version(check_no_thread);
}

// Anything but an end in bounded time would be wrong.
static void survives_garbage(void **state)
{
	static struct fake_stack stack;
	static struct python_frame frames[ROOM];
	const struct python_layout *layout;

	(void)state;
	srandom(1);
	for (unsigned int round = 0; round < 3000; round++) {
		struct python_stack python;

		layout = python_layout_at(round % 3);
		fake_stack_init(&stack, layout);
		fake_zebra(&stack);
		for (unsigned int i = 0; i < 1 + round % 7; i++) {
			uint64_t at = FAKE_MEMORY_BASE +
				      8 * ((uint64_t)random() %
					   (i % 2 ? 0x300 : 0x3000));
			uint64_t value = FAKE_MEMORY_BASE +
					 8 * ((uint64_t)random() % 0x3000);

			fake_spoil(&stack, i % 3 ? at : at + 0x7000, value);
		}
		fake_python_stack(&stack, &python);
		for (size_t i = 3; i-- > 0;) {
			size_t count;

			fake_match(&stack, &python, i, round % 2, frames, ROOM,
				   &count);
			assert_true(count <= ROOM);
		}
	}
}

// The image in many segments, of which the first has nothing.
static void split(struct fake_stack *stack)
{
	const size_t size = 0x800;

	stack->memory.segment_count = 0;
	memory_add(&stack->memory, 1, "", 0);
	for (size_t at = 0; at < FAKE_MEMORY_BYTES; at += size)
		memory_add(&stack->memory, FAKE_MEMORY_BASE + at,
			   stack->image.bytes + at, size);
}

// @segments of them with a frame each, then again.
static void resume_in_turn(struct fake_stack *stack, unsigned int segments)
{
	for (unsigned int i = 0; i < 12; i++)
		fake_resume(stack, FAKE_MEMORY_BASE + GENERATOR_AT +
					   i % segments * 0x800 +
					   i / segments * 0x80);
}

static enum python_match match_with_looks(struct fake_stack *stack,
					  size_t looks)
{
	struct python_stack python;
	struct python_frame frames[ROOM];
	size_t count;

	fake_python_stack(stack, &python);
	if (looks)
		python.chain[0].looks_left =
			looks * stack->memory.segment_count;
	return fake_match(stack, &python, 0, false, frames, ROOM, &count);
}

static void check_few_segments(struct fake_stack *stack)
{
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	resume_in_turn(stack, 2);
	split(stack);
	assert_int_equal(match_with_looks(stack, 8), PYTHON_MATCH_FRAMES);
}

static void check_many_segments(struct fake_stack *stack)
{
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	resume_in_turn(stack, 4);
	split(stack);
	assert_int_equal(match_with_looks(stack, 8), PYTHON_MATCH_LOST);
	assert_int_equal(match_with_looks(stack, 0), PYTHON_MATCH_FRAMES);
}

// To follow a chain to and fro between all that was read has an end.
static void looks_at_so_many_segments(void **state)
{
	(void)state;
	fake_each_version(check_few_segments);
	fake_each_version(check_many_segments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notices_callers_that_do_not_tile),
		cmocka_unit_test(notices_contradictions),
		cmocka_unit_test(tells_what_is_lost),
		cmocka_unit_test(survives_garbage),
		cmocka_unit_test(looks_at_so_many_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
