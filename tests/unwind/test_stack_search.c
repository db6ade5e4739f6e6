// SPDX-License-Identifier: Apache-2.0
// A module that has CFI for some functions, as a program with musl has.
#include "unwind/stack_search.h"

#include "tests/unwind/python/fake_stack.h"
#include "tests/unwind/walk_scene.h"

#include "base/clock.h"

#include <stdlib.h>

#define UNCOVERED (BASE + 0x2000)

enum { AN_OFFSET = 10 };

/*
 * A thread that runs two Python functions in one activation, from which it has
 * called code without CFI: *@ret_sp is where the activation's native frame ends.
 */
static void set_up_python(struct scene *scene, struct fake_stack *stack,
			  struct python_stack *ret, uint64_t *ret_sp)
{
	fake_stack_init(stack, python_layout_at(1));
	fake_enter(stack);
	fake_call(stack, AN_OFFSET);
	fake_call(stack, AN_OFFSET);
	fake_python_stack(stack, ret);
	*ret_sp = stack->activation[0] - WIDE_BYTES;
	fake_put_u64(&stack->image, stack->activation[0] - 8, PC_OF(ROOT) + 5);
	make_eval_loop(scene, WIDE);
	scene->memory = stack->memory;
}

static void put(struct fake_stack *stack, uint64_t address, uint64_t value)
{
	fake_put_u64(&stack->image, address, value);
}

static void expect_python(struct scene *scene, uint64_t first_pc)
{
	assert_string_equal(walk_end_name(scene->result.end),
			    walk_end_name(WALK_END_ROOT));
	assert_int_equal(scene->result.frame_count, 5);
	expect_pc(scene, 0, UNCOVERED);
	assert_int_equal(scene->frames[1].pc, first_pc);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
	assert_int_equal(scene->frames[2].kind, FRAME_PYTHON);
	assert_int_equal(scene->frames[3].kind, FRAME_PYTHON);
	expect_pc(scene, 4, PC_OF(ROOT) + 4);
}

static void what_was_left_behind_is_passed_over(void **state)
{
	struct scene *scene = *state;
	static struct fake_stack stack;
	struct python_stack python, before;
	uint64_t eval_sp, sp;

	set_up_python(scene, &stack, &python, &eval_sp);
	before = python;
	sp = eval_sp - 0x400;
	regs_set(&scene->regs, SP, sp);
	put(&stack, sp + 0x08, PC_OF(PLAIN) + 5); // to data
	put(&stack, sp + 0x18, 0x1234);
	put(&stack, sp + 0x20, PC_OF(PLAIN) + 7); // no call leaves the stack so
	put(&stack, sp + 0x28, PC_OF(PLAIN) + 8); // to what looks a root
	put(&stack, sp + 0x38, PC_OF(ROOT) + 5);
	put(&stack, sp + 0x48, PC_OF(PLAIN) + 9); // to a zero
	put(&stack, sp + 0x58, PC_OF(PLAIN) + 9);
	put(&stack, sp + 0x88, PC_OF(PLAIN) + 9); // to another activation
	put(&stack, sp + 0x98, PC_OF(WIDE) + 9);
	put(&stack, eval_sp - 24, PC_OF(PLAIN) + 11);
	put(&stack, eval_sp - 8, PC_OF(WIDE) + 5);
	walk_python_from(scene, UNCOVERED, &python);
	expect_python(scene, PC_OF(PLAIN) + 10);
	// Not further than it is needed.
	walk_python_from(scene, UNCOVERED, &python);
	expect(scene, WALK_END_NO_CFI, 1);
	walk_from(scene, UNCOVERED);
	expect(scene, WALK_END_NO_CFI, 1);
	python = before;
	put(&stack, eval_sp - 8, 0);
	walk_python_from(scene, UNCOVERED, &python);
	expect(scene, WALK_END_NO_CFI, 1);
}

// Whose caller has a frame pointer saves it among others, nobody knows where.
static void a_caller_gets_its_frame_pointer_back(void **state)
{
	struct scene *scene = *state;
	static struct fake_stack stack;
	struct python_stack python;
	uint64_t eval_sp;

	set_up_python(scene, &stack, &python, &eval_sp);
	regs_set(&scene->regs, SP, eval_sp - 0x100);
	regs_set(&scene->regs, FP, 7); // what the code without CFI counts in it
	put(&stack, eval_sp - 0x50, eval_sp - FRAME_BYTES);
	put(&stack, eval_sp - 0x38, PC_OF(FRAMED) + 5);
	put(&stack, eval_sp - 8, PC_OF(WIDE) + 5);
	walk_python_from(scene, UNCOVERED, &python);
	expect_python(scene, PC_OF(FRAMED) + 4);
}

// A way out may lead to another function without CFI, and from there further.
static void uncovered_functions_may_call_each_other(void **state)
{
	struct scene *scene = *state;
	struct python_stack running = { .chain_count = 1 };

	scene->stack[1] = PC_OF(PLAIN) + 5;
	scene->stack[3] = PC_OF(PLAIN) + 6;
	scene->stack[5] = UNCOVERED + 0x10;
	walk_python_from(scene, UNCOVERED, &running);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
	expect_pc(scene, 2, PC_OF(PLAIN) + 5);
	assert_int_equal(scene->frames[3].pc, UNCOVERED + 0xf);
	// The copy ends before that is known.
	scene->memory.segment_count = 0;
	memory_add(&scene->memory, STACK, scene->stack, 5 * sizeof(uint64_t));
	walk_python_from(scene, UNCOVERED, &running);
	expect(scene, WALK_END_STACK_BOUND, 3);
}

// A stack made of what the search believes: it costs what one such walk may.
static void searches_have_an_end(void **state)
{
	struct scene *scene = *state;
	struct python_stack running = { .chain_count = 1 };
	uint64_t *stack = calloc(DEEP, sizeof(*stack));
	uint64_t start, ns;

	assert_non_null(stack);
	for (size_t i = 1; i < DEEP; i += 2)
		stack[i] = PC_OF(PLAIN) + 5;
	scene->memory.segment_count = 0;
	memory_add(&scene->memory, STACK, stack, DEEP * sizeof(*stack));
	start = clock_now_ns(CLOCK_THREAD_CPUTIME_ID);
	walk_python_from(scene, UNCOVERED, &running);
	ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	print_message("%.1f ms\n", (double)ns / 1e6);
	expect(scene, WALK_END_NO_CFI, 1);
	assert_true(ns < 20000000);
	free(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(what_was_left_behind_is_passed_over),
		SCENE(a_caller_gets_its_frame_pointer_back),
		SCENE(uncovered_functions_may_call_each_other),
		SCENE(searches_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
