// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/python_stack.h"

#include "tests/cmocka.h"

#include "tests/unwind/python/fake_stack.h"

enum { ROOM = 64, GENERATOR_AT = 0xc000, CHUNK_AT = 0x5000 };

static void check_zebra(struct fake_stack *stack)
{
	struct python_frame frames[ROOM];
	struct python_stack python;
	size_t count;

	fake_zebra(stack);
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
	fake_each_version(check_zebra);
}

static void check_room(struct fake_stack *stack)
{
	struct python_frame frames[2];
	struct python_stack python;
	size_t count;

	fake_zebra(stack);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match(stack, &python, 2, false, frames, 2, &count),
			 PYTHON_MATCH_FRAMES);
	assert_int_equal(count, 2);
	assert_frames(stack, &python, 1, 1);
}

static void keeps_within_the_room(void **state)
{
	(void)state;
	fake_each_version(check_room);
}

static void check_leaving(struct fake_stack *stack)
{
	struct python_stack python;

	fake_zebra(stack);
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
	fake_each_version(check_leaving);
}

static void check_entering(struct fake_stack *stack)
{
	struct python_stack python;
	size_t count;

	fake_zebra(stack);
	fake_enter(stack);
	fake_call(stack, -2 * stack->layout->instruction_is_previous);
	// The members of a cframe are written after it is linked.
	if (stack->layout->chain != PYTHON_CHAIN_TSTATE) {
		fake_spoil(stack, fake_record(stack, 3), 0x1234567);
		fake_spoil(stack, fake_record(stack, 3) + 8, 0x89abcdef);
	}
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match_entering(stack, &python, 3, true, &count),
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
	fake_each_version(check_entering);
}

static void check_entering_unlinked(struct fake_stack *stack)
{
	struct python_stack python;
	size_t count;

	fake_zebra(stack);
	fake_enter_native(stack);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match_entering(stack, &python, 3, true, &count),
			 PYTHON_MATCH_NONE);
	assert_frames(stack, &python, 2, 3);
}

static void enters_before_anything_is_linked(void **state)
{
	(void)state;
	fake_each_version(check_entering_unlinked);
}

static void check_entering_first(struct fake_stack *stack)
{
	struct python_stack python;
	size_t count;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_int_equal(fake_match_entering(stack, &python, 0, true, &count),
			 PYTHON_MATCH_NONE);
	assert_true(python_stack_is_finished(&python));
}

static void enters_the_first_activation(void **state)
{
	(void)state;
	fake_each_version(check_entering_first);
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
	fake_each_version(check_no_frames);
}

static void check_incomplete(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	struct python_stack python;
	uint64_t shim;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	shim = fake_call(stack, FAKE_OFFSET); // _Py_InitCleanup
	fake_spoil(stack, shim + layout->frame.code, stack->shim_code);
	fake_spoil(stack, shim + layout->frame.instruction,
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
	fake_each_version(check_incomplete);
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
	fake_each_version(check_generator);
}

/** What throw() goes through: not entered, though it was before. */
static void check_thrown(struct fake_stack *stack)
{
	uint64_t outer = FAKE_MEMORY_BASE + GENERATOR_AT;
	uint64_t inner = outer + 0x200, entry = stack->layout->frame.is_entry;
	struct python_stack python;

	if (stack->layout->chain != PYTHON_CHAIN_IS_ENTRY)
		return;
	fake_zebra(stack);
	fake_resume(stack, outer);
	fake_resume(stack, inner);
	*fake_at(&stack->image, outer + entry) = 1;
	*fake_at(&stack->image, inner + entry) = 1;
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 2, 5);
	assert_frames(stack, &python, 1, 1);
	assert_frames(stack, &python, 0, 2);
	assert_true(python_stack_is_finished(&python));
	// A caller is no generator: it is entered, and leads nowhere.
	*fake_at(&stack->image, outer + stack->layout->frame.owner) = 0;
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 2, PYTHON_MATCH_CONTRADICTION);
	// One that is being linked, or is no more.
	*fake_at(&stack->image, outer + stack->layout->frame.owner) =
		stack->layout->owner_generator;
	fake_spoil(stack, inner + stack->layout->frame.previous, 0);
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 2, PYTHON_MATCH_LOST);
}

static void follows_what_is_thrown_into(void **state)
{
	(void)state;
	fake_each_version(check_thrown);
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
	fake_spoil(stack, FAKE_MEMORY_BASE + CHUNK_AT,
		   FAKE_MEMORY_BASE + 0x6000);
	fake_spoil(stack, FAKE_MEMORY_BASE + 0x6000 + 8, 16384);
	assert_top(stack, PYTHON_MATCH_CONTRADICTION);
}

static void crosses_chunks(void **state)
{
	(void)state;
	fake_each_version(check_chunks);
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
	fake_spoil(stack, frame + layout->frame.code, stack->unknown_code);
	fake_spoil(stack, frame + layout->frame.instruction,
		   stack->unknown_code + layout->code.bytecode + 4);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 3);
}

static void yields_frames_of_unknown_code(void **state)
{
	(void)state;
	fake_each_version(check_unknown_code);
}

// CPython 3.13 runs __init__ on top of _Py_InitCleanup, which never is complete.
// That says nothing about what lies beneath, known or not.
static void check_shim_over_unknown_code(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	struct python_stack python;
	uint64_t caller, shim;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	caller = fake_call(stack, FAKE_OFFSET);
	fake_spoil(stack, caller + layout->frame.code, stack->unknown_code);
	fake_spoil(stack, caller + layout->frame.instruction,
		   stack->unknown_code + layout->code.bytecode + 4);
	shim = fake_call(stack, FAKE_OFFSET);
	fake_spoil(stack, shim + layout->frame.code, stack->shim_code);
	fake_spoil(stack, shim + layout->frame.instruction,
		   stack->shim_code + layout->code.bytecode + 2);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 0, 3);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 1, 1);
	assert_frames(stack, &python, 0, 3);
}

static void sees_through_a_shim(void **state)
{
	(void)state;
	fake_each_version(check_shim_over_unknown_code);
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

// Only one can just be entered.
static void check_no_python_yet(struct fake_stack *stack)
{
	struct python_stack python;

	fake_enter_native(stack);
	fake_enter_native(stack);
	fake_python_stack(stack, &python);
	assert_true(python_stack_is_finished(&python));
	assert_false(python_stack_has_ended(&python));
	assert_match(stack, &python, 1, PYTHON_MATCH_NONE);
	assert_match(stack, &python, 0, PYTHON_MATCH_LOST);
}

// A greenlet's first frame has no caller. In 3.11 and 3.12 its record names that
// of whoever started it all the same.
static void check_greenlet(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	struct python_stack python;
	uint64_t last;

	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_enter(stack);
	last = fake_call(stack, FAKE_OFFSET);
	if (layout->chain != PYTHON_CHAIN_IS_ENTRY)
		last = fake_entry(stack, 1);
	fake_spoil(stack, last + layout->frame.previous, 0);
	fake_call(stack, FAKE_OFFSET);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 1, 2);
	assert_true(python_stack_has_ended(&python));
	assert_match(stack, &python, 0, PYTHON_MATCH_LOST);
}

// It has called something, so it has frames: of another interpreter, whose
// chain is not at hand. Those further out are told all the same.
static void check_other_interpreter(struct fake_stack *stack)
{
	struct python_stack python;

	fake_zebra(stack);
	fake_enter_native(stack);
	fake_enter_native(stack);
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 4, PYTHON_MATCH_NONE);
	assert_match(stack, &python, 3, PYTHON_MATCH_LOST);
	assert_frames(stack, &python, 2, 3);
}

// Interpreter B, run by A's innermost function, runs A's once more.
static void put_nested_states(struct fake_stack *stack)
{
	fake_zebra(stack);
	fake_swap_state(stack);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_call(stack, FAKE_OFFSET);
	fake_swap_state(stack);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_swap_state(stack);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
}

static void check_two_states(struct fake_stack *stack)
{
	static const size_t expected[] = { 2, 1, 3, 1, 2, 1, 1 };
	struct python_stack python;

	put_nested_states(stack);
	fake_python_stack(stack, &python);
	for (size_t i = stack->activation_count; i-- > 0;) {
		assert_false(python_stack_is_finished(&python));
		assert_frames(stack, &python, i, expected[i]);
	}
	assert_true(python_stack_is_finished(&python));
}

static void tells_two_states_apart(void **state)
{
	(void)state;
	fake_each_version(check_two_states);
}

// The state that runs was not read: what has no record may run its frames.
static void check_unread_state(struct fake_stack *stack)
{
	struct python_stack python;
	enum python_match innermost = stack->layout->thread.status_mask ?
					      PYTHON_MATCH_LOST :
					      PYTHON_MATCH_NONE;

	fake_zebra(stack);
	fake_swap_state(stack);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	fake_enter(stack);
	fake_call(stack, FAKE_OFFSET);
	stack->snapshot.piece_count = 0;
	stack->snapshot.thread_state = stack->other.state;
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 4, innermost);
	assert_match(stack, &python, 3, PYTHON_MATCH_LOST);
	assert_frames(stack, &python, 2, 3);
}

static void misses_a_state_that_was_not_read(void **state)
{
	(void)state;
	fake_each_version(check_unread_state);
}

// Both states name the same record.
static void check_shared_record(struct fake_stack *stack)
{
	const struct python_layout *layout = stack->layout;
	bool by_record = layout->thread.cframe != PYTHON_NO_OFFSET;
	struct python_stack python;

	fake_zebra(stack);
	fake_swap_state(stack);
	fake_spoil(stack,
		   stack->state + (by_record ? layout->thread.cframe :
					       layout->thread.current_frame),
		   by_record ? fake_record(stack, 2) : stack->other.top);
	fake_python_stack(stack, &python);
	assert_match(stack, &python, 2, PYTHON_MATCH_CONTRADICTION);
	assert_match(stack, &python, 1, PYTHON_MATCH_CONTRADICTION);
}

// An activation of the one is missing from the native stack.
static void check_skipped_state(struct fake_stack *stack)
{
	struct python_stack python;

	put_nested_states(stack);
	fake_python_stack(stack, &python);
	assert_frames(stack, &python, 6, 1);
	assert_match(stack, &python, 4, PYTHON_MATCH_CONTRADICTION);
}

static void contradicts_what_two_states_claim(void **state)
{
	(void)state;
	fake_each_version(check_shared_record);
	fake_each_version(check_skipped_state);
}

static void leaves_foreign_activations_alone(void **state)
{
	(void)state;
	fake_each_version(check_foreign_activation);
	fake_each_version(check_no_python_yet);
	fake_each_version(check_greenlet);
	fake_each_version(check_other_interpreter);
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
		cmocka_unit_test(follows_what_is_thrown_into),
		cmocka_unit_test(crosses_chunks),
		cmocka_unit_test(yields_frames_of_unknown_code),
		cmocka_unit_test(sees_through_a_shim),
		cmocka_unit_test(tells_two_states_apart),
		cmocka_unit_test(misses_a_state_that_was_not_read),
		cmocka_unit_test(contradicts_what_two_states_claim),
		cmocka_unit_test(leaves_foreign_activations_alone),
		cmocka_unit_test(checks_the_pieces_of_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
