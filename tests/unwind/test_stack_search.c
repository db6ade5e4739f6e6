// SPDX-License-Identifier: Apache-2.0
// A module that has CFI for some functions, as a program with musl has.
#include "unwind/stack_search.h"

#include "tests/unwind/walk_scene.h"

#include "base/clock.h"
#include "unwind/python/layout.h"

#include <stdlib.h>

#define UNCOVERED (BASE + 0x2000)

static void uncovered_functions_are_searched_for_a_way_out(void **state)
{
	struct scene *scene = *state;
	struct python_stack ended = { .chain = { { .finished = true } },
				      .chain_count = 1 };
	struct python_stack running = {
		.chain = { { .layout = python_layout_at(1),
			     .memory = &scene->memory } },
		.chain_count = 1,
	};

	make_eval_loop(scene, OTHER);
	scene->stack[1] = PC_OF(PLAIN) + 5; // left over: it leads nowhere
	scene->stack[3] = 0x1234;
	scene->stack[4] = PC_OF(PLAIN) + 7; // no call leaves the stack so
	scene->stack[5] = PC_OF(PLAIN) + 8; // left over: to what looks a root
	scene->stack[7] = PC_OF(PLAIN) + 8;
	scene->stack[9] = PC_OF(ROOT) + 5;
	scene->stack[11] = PC_OF(PLAIN) + 9; // left over: to a zero
	scene->stack[13] = PC_OF(PLAIN) + 9;
	scene->stack[17] = PC_OF(PLAIN) + 11;
	scene->stack[19] = PC_OF(OTHER) + 5;
	scene->stack[21] = PC_OF(ROOT) + 5;
	walk_python_from(scene, UNCOVERED, &running);
	// The activation has a mark: no Python frames are at hand. And no root
	// is one that leaves Python frames unclaimed.
	assert_int_equal(scene->result.end, WALK_END_NO_CFI);
	assert_int_equal(scene->result.frame_count, 5);
	expect_pc(scene, 0, UNCOVERED);
	assert_int_equal(scene->frames[1].pc, PC_OF(PLAIN) + 10);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
	assert_int_equal(scene->frames[2].kind, FRAME_OTHER);
	expect_pc(scene, 3, PC_OF(OTHER) + 4);
	expect_pc(scene, 4, PC_OF(ROOT) + 4);
	// Not further than it is needed.
	walk_python_from(scene, UNCOVERED, &ended);
	expect(scene, WALK_END_NO_CFI, 1);
	walk_from(scene, UNCOVERED);
	expect(scene, WALK_END_NO_CFI, 1);
	scene->stack[19] = 0;
	walk_python_from(scene, UNCOVERED, &running);
	expect(scene, WALK_END_NO_CFI, 1);
}

// Who calls functions without CFI himself may be further out than the next one.
static void a_way_out_may_lead_to_another_uncovered_function(void **state)
{
	struct scene *scene = *state;
	struct python_stack running = {
		.chain = { { .layout = python_layout_at(1),
			     .memory = &scene->memory } },
		.chain_count = 1,
	};

	make_eval_loop(scene, OTHER);
	scene->stack[1] = PC_OF(PLAIN) + 5;
	scene->stack[3] = PC_OF(PLAIN) + 6;
	scene->stack[5] = UNCOVERED + 0x10;
	scene->stack[9] = PC_OF(OTHER) + 5;
	scene->stack[11] = PC_OF(ROOT) + 5;
	walk_python_from(scene, UNCOVERED, &running);
	assert_int_equal(scene->result.eval_activations, 1);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
	expect_pc(scene, 2, PC_OF(PLAIN) + 5);
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
		SCENE(uncovered_functions_are_searched_for_a_way_out),
		SCENE(a_way_out_may_lead_to_another_uncovered_function),
		SCENE(searches_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
