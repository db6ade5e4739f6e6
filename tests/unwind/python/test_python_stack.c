// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/python_stack.h"

#include "tests/cmocka.h"

#include "tests/unwind/python/fake_stack.h"

#include <stdlib.h>

enum { ROOM = 64, GENERATOR_AT = 0xc000, CHUNK_AT = 0x5000 };

typedef void (*check_fn)(struct fake_stack *stack);

static void with_each_version(check_fn check)
{
	static struct fake_stack stack;
	const struct python_layout *layout;

	for (unsigned int i = 0; (layout = python_layout_at(i)); i++) {
		fake_stack_init(&stack, layout);
		check(&stack);
	}
}

static enum python_match match_entering(struct fake_stack *stack,
					struct python_stack *python,
					size_t index, bool entering,
					size_t *ret_count)
{
	static struct python_frame frames[ROOM];

	return fake_match(stack, python, index, entering, frames, ROOM,
			  ret_count);
}

static void assert_frames(struct fake_stack *stack, struct python_stack *python,
			  size_t index, size_t expected)
{
	size_t count;

	assert_int_equal(match_entering(stack, python, index, false, &count),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(count, expected);
}

static void assert_match(struct fake_stack *stack, struct python_stack *python,
			 size_t index, enum python_match expected)
{
	size_t count;

	assert_int_equal(match_entering(stack, python, index, false, &count),
			 expected);
	if (expected == PYTHON_MATCH_NONE ||
	    expected == PYTHON_MATCH_CONTRADICTION)
		assert_int_equal(count, 0);
}

// The first match of a stack that has been spoiled.
static void assert_top(struct fake_stack *stack, enum python_match expected)
{
	struct python_stack python;

	fake_python_stack(stack, &python);
	assert_match(stack, &python, stack->activation_count - 1, expected);
}

static void spoil(struct fake_stack *stack, uint64_t address, uint64_t value)
{
	fake_put_u64(&stack->image, address, value);
}

static void make_zebra(struct fake_stack *stack)
{
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET + 2);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET + 4);
}

static void check_zebra(struct fake_stack *stack)
{
	struct python_frame frames[ROOM];
	struct python_stack python;
	size_t count;

	make_zebra(stack);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match(stack, &python, 2, false, frames, ROOM,
				    &count),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(count, 3);
	assert_int_equal(frames[0].address, stack->top);
	assert_int_equal(frames[0].instruction, FAKE_OFFSET + 4);
	assert_int_equal(frames[2].address, stack->first[2]);
	assert_frames(stack, &python, 1, 1);
	assert_false(python_stack_is_finished(&python));
	assert_frames(stack, &python, 0, 2);
	assert_true(python_stack_is_finished(&python));
}

static void gives_each_activation_its_frames(void **state)
{
	(void)state;
	with_each_version(check_zebra);
}

static void check_room(struct fake_stack *stack)
{
	struct python_frame frames[2];
	struct python_stack python;
	size_t count;

	make_zebra(stack);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match(stack, &python, 2, false, frames, 2, &count),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(count, 2);
	assert_frames(stack, &python, 1, 1);
}

static void keeps_within_the_room(void **state)
{
	(void)state;
	with_each_version(check_room);
}

static void check_leaving(struct fake_stack *stack)
{
	struct python_stack python;

	make_zebra(stack);
	fake_enter_native(stack);
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 3, PYTHON_MATCH_NONE);
	assert_match(stack, &python, 3, PYTHON_MATCH_NONE);
	assert_frames(stack, &python, 2, 3);
	assert_frames(stack, &python, 1, 1);
	assert_frames(stack, &python, 0, 2);
}

static void shifts_nothing_to_who_has_no_record(void **state)
{
	(void)state;
	with_each_version(check_leaving);
}

static void check_entering(struct fake_stack *stack)
{
	struct python_stack python;
	size_t count;

	make_zebra(stack);
	fake_enter(stack);
	fake_call(stack, -2 * stack->layout->instruction_is_previous);
	// The members of a cframe are written after it is linked.
	if (stack->layout->chain != PYTHON_CHAIN_TSTATE) {
		spoil(stack, fake_record(stack, 3), 0x1234567);
		spoil(stack, fake_record(stack, 3) + 8, 0x89abcdef);
	}
	fake_python_stack(stack, &python);
	assert_int_equal(match_entering(stack, &python, 3, true, &count),
			 PYTHON_MATCH_NONE);
	assert_int_equal(count, 0);
	assert_false(python_stack_is_finished(&python));
	assert_frames(stack, &python, 2, 3);
	assert_frames(stack, &python, 1, 1);
	assert_frames(stack, &python, 0, 2);
	assert_true(python_stack_is_finished(&python));
}

static void steps_over_an_activation_being_entered(void **state)
{
	(void)state;
	with_each_version(check_entering);
}

static void check_entering_unlinked(struct fake_stack *stack)
{
	struct python_stack python;
	size_t count;

	make_zebra(stack);
	fake_enter_native(stack);
	fake_python_stack(stack, &python);
	assert_int_equal(match_entering(stack, &python, 3, true, &count),
			 PYTHON_MATCH_NONE);
	assert_frames(stack, &python, 2, 3);
}

static void enters_before_anything_is_linked(void **state)
{
	(void)state;
	with_each_version(check_entering_unlinked);
}

static void check_entering_first(struct fake_stack *stack)
{
	struct python_stack python;
	size_t count;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_int_equal(match_entering(stack, &python, 0, true, &count),
			 PYTHON_MATCH_NONE);
	assert_true(python_stack_is_finished(&python));
}

static void enters_the_first_activation(void **state)
{
	(void)state;
	with_each_version(check_entering_first);
}

// The last frame has returned and is being cleared: its __del__ runs.
static void check_no_frames(struct fake_stack *stack)
{
	struct python_stack python;

	if (stack->layout->chain == PYTHON_CHAIN_IS_ENTRY)
		return;
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_enter(stack);
	stack->free += FAKE_FRAME_WORDS * 8;
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 2, 1);
	assert_match(stack, &python, 1, PYTHON_MATCH_NONE);
	assert_frames(stack, &python, 0, 1);
}

static void allows_activations_without_frames(void **state)
{
	(void)state;
	with_each_version(check_no_frames);
}

static void check_incomplete(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	struct python_stack python;
	uint64_t shim;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	shim = fake_call(stack, FAKE_OFFSET); // _Py_InitCleanup
	spoil(stack, shim + layout->frame.code, stack->shim_code);
	spoil(stack, shim + layout->frame.instruction,
	      stack->shim_code + layout->code.bytecode + 2);
	fake_call(stack, 2 * FAKE_FIRST_TRACEABLE);
	fake_call(stack, 2 * FAKE_FIRST_TRACEABLE - 2);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 2);
	fake_call(stack, layout->instruction_is_previous ? -2 : 0);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 3 - 1);
}

static void hides_incomplete_frames(void **state)
{
	(void)state;
	with_each_version(check_incomplete);
}

static void check_generator(struct fake_stack *stack)
{
	struct python_stack python;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_resume(stack, FAKE_MEMORY_BASE + GENERATOR_AT);
	fake_resume(stack, FAKE_MEMORY_BASE + GENERATOR_AT + 0x200);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 4);
}

static void follows_generators(void **state)
{
	(void)state;
	with_each_version(check_generator);
}

static void check_chunks(struct fake_stack *stack)
{
	struct python_stack python;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_new_chunk(stack, FAKE_MEMORY_BASE + CHUNK_AT);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 3);
	// Not the chunk that this one was made after.
	spoil(stack, FAKE_MEMORY_BASE + CHUNK_AT, FAKE_MEMORY_BASE + 0x6000);
	spoil(stack, FAKE_MEMORY_BASE + 0x6000 + 8, 16384);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void crosses_chunks(void **state)
{
	(void)state;
	with_each_version(check_chunks);
}

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
	spoil(stack, frame + layout->frame.previous, stale);
	assert_top(stack, PYTHON_MATCH_LOST);
	// It may even look like a frame.
	spoil(stack, stale + layout->frame.code, stack->unknown_code);
	spoil(stack, stale + layout->frame.instruction,
	      stack->unknown_code + layout->code.bytecode + 4);
	spoil(stack, stale + layout->frame.previous, stack->first[0]);
	assert_top(stack, PYTHON_MATCH_LOST);
}

static void notices_callers_that_do_not_tile(void **state)
{
	(void)state;
	with_each_version(check_gap);
	with_each_version(check_stale);
}

static void check_unknown_code(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	struct python_stack python;
	uint64_t frame;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	frame = fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET);
	spoil(stack, frame + layout->frame.code, stack->unknown_code);
	spoil(stack, frame + layout->frame.instruction,
	      stack->unknown_code + layout->code.bytecode + 4);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 3);
}

static void yields_frames_of_unknown_code(void **state)
{
	(void)state;
	with_each_version(check_unknown_code);
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
		make_zebra(stack);
		spoil(stack, stack->top + spoiled[i].field, spoiled[i].value);
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
	make_zebra(stack);
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
	spoil(stack, generator + layout->frame.previous, stack->top);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
	spoil(stack, stack->top + layout->frame.previous, stack->top);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void check_record_below(struct fake_stack *stack)
{
	struct python_stack python;

	make_zebra(stack);
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 1, PYTHON_MATCH_CONTRADICTION);
	assert_match(stack, &python, 0, PYTHON_MATCH_CONTRADICTION);
}

static void check_foreign_entry(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;

	if (layout->chain != PYTHON_CHAIN_CFRAME)
		return;
	make_zebra(stack);
	spoil(stack, stack->first[2] + layout->frame.previous,
	      fake_entry(stack, 1));
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void check_other_continuation(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;

	if (layout->chain == PYTHON_CHAIN_TSTATE)
		return;
	make_zebra(stack);
	spoil(stack, fake_record(stack, 1) + layout->cframe.current_frame,
	      stack->first[0]);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void notices_contradictions(void **state)
{
	(void)state;
	with_each_version(check_wild_frames);
	with_each_version(check_wild_owner);
	with_each_version(check_circle);
	with_each_version(check_record_below);
	with_each_version(check_foreign_entry);
	with_each_version(check_other_continuation);
}

// The memory ends before the outer frames: those in hand are told.
static void check_lost(struct fake_stack *stack)
{
	struct python_frame frames[ROOM];
	struct python_stack python;
	uint64_t hidden;
	size_t count;

	make_zebra(stack);
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
	make_zebra(stack);
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
	make_zebra(stack);
	fake_resume(stack, generator);
	spoil(stack, generator + layout->frame.previous, 0);
	fake_python_stack(stack, &python);
	assert_int_equal(match_entering(stack, &python, 2, false, &count),
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
	with_each_version(check_yielding);
	with_each_version(check_lost);
	with_each_version(check_no_thread);
}

// Native frames of the loop that belong to a greenlet's parent.
static void check_foreign_activation(struct fake_stack *stack)
{
	struct python_stack python;

	fake_enter_native(stack);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 1, 1);
	assert_true(python_stack_is_finished(&python));
	assert_match(stack, &python, 0, PYTHON_MATCH_LOST);
}

static void check_no_python_yet(struct fake_stack *stack)
{
	struct python_stack python;

	fake_enter_native(stack);
	fake_python_stack(stack, &python);
	assert_true(python_stack_is_finished(&python));
	assert_match(stack, &python, 0, PYTHON_MATCH_NONE);
}

static void leaves_foreign_activations_alone(void **state)
{
	(void)state;
	with_each_version(check_foreign_activation);
	with_each_version(check_no_python_yet);
}

static void checks_the_pieces_of_a_snapshot(void **state)
{
	static struct {
		struct snapshot snapshot;
		uint8_t bytes[64];
	} stored;
	struct snapshot *snapshot = &stored.snapshot;
	struct memory memory = { 0 };

	(void)state;
	snapshot->piece_count = 1;
	snapshot->byte_count = 64;
	snapshot->piece[0] = (struct snapshot_piece){ .vaddr = 0x1000,
						      .size = 32,
						      .offset = 32 };
	assert_true(snapshot_add_to_memory(snapshot, sizeof(stored), &memory));
	assert_ptr_equal(memory_at(&memory, 0x1000, 32), snapshot->bytes + 32);
	assert_false(
		snapshot_add_to_memory(snapshot, sizeof(stored) - 1, &memory));
	assert_false(snapshot_add_to_memory(snapshot, 8, &memory));
	snapshot->piece[0].size = 33;
	assert_false(snapshot_add_to_memory(snapshot, sizeof(stored), &memory));
	snapshot->piece[0].size = 32;
	snapshot->piece[0].vaddr = UINT64_MAX - 8;
	assert_false(snapshot_add_to_memory(snapshot, sizeof(stored), &memory));
	snapshot->piece[0].vaddr = 0x1000;
	snapshot->piece_count = SNAPSHOT_PIECE_MAX + 1;
	assert_false(snapshot_add_to_memory(snapshot, sizeof(stored), &memory));
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
		make_zebra(&stack);
		for (unsigned int i = 0; i < 1 + round % 7; i++) {
			uint64_t at = FAKE_MEMORY_BASE +
				      8 * ((uint64_t)random() %
					   (i % 2 ? 0x300 : 0x3000));
			uint64_t value = FAKE_MEMORY_BASE +
					 8 * ((uint64_t)random() % 0x3000);

			spoil(&stack, i % 3 ? at : at + 0x7000, value);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_activation_its_frames),
		cmocka_unit_test(keeps_within_the_room),
		cmocka_unit_test(shifts_nothing_to_who_has_no_record),
		cmocka_unit_test(steps_over_an_activation_being_entered),
		cmocka_unit_test(enters_before_anything_is_linked),
		cmocka_unit_test(enters_the_first_activation),
		cmocka_unit_test(allows_activations_without_frames),
		cmocka_unit_test(hides_incomplete_frames),
		cmocka_unit_test(follows_generators),
		cmocka_unit_test(crosses_chunks),
		cmocka_unit_test(notices_callers_that_do_not_tile),
		cmocka_unit_test(yields_frames_of_unknown_code),
		cmocka_unit_test(notices_contradictions),
		cmocka_unit_test(tells_what_is_lost),
		cmocka_unit_test(leaves_foreign_activations_alone),
		cmocka_unit_test(checks_the_pieces_of_a_snapshot),
		cmocka_unit_test(survives_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
