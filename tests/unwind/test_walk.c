// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/walk_scene.h"

#include "base/clock.h"
#include "unwind/module_cache.h"
#include "unwind/native/cfi_parts.h"

#include <stdlib.h>
#include <string.h>

static void callers_follow_to_the_root(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(OTHER) + 9);
	push(scene, 1, PC_OF(PLAIN) + 5);
	push(scene, 2, PC_OF(ROOT) + 7);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 4);
	expect_pc(scene, 0, PC_OF(PLAIN) + 3);
	expect_pc(scene, 1, PC_OF(OTHER) + 8);
	expect_pc(scene, 2, PC_OF(PLAIN) + 4);
	expect_pc(scene, 3, PC_OF(ROOT) + 6);
	assert_int_equal(scene->result.native_steps, 4);
	assert_int_equal(scene->result.eval_activations, 0);
}

/** The address after such a call is the next function's first. */
static void a_call_may_end_a_function(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(ROOT) + 256);
	walk_from(scene, PC_OF(OTHER));
	expect(scene, WALK_END_ROOT, 2);
	expect_pc(scene, 0, PC_OF(OTHER));
	expect_pc(scene, 1, PC_OF(ROOT) + 255);
}

/** What a signal interrupted may stand at its function's first byte. */
static void the_pc_above_a_signal_frame_is_exact(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(SIGNAL) + 1);
	push(scene, 1, PC_OF(PLAIN));
	push(scene, 2, PC_OF(ROOT) + 1);
	walk_from(scene, PC_OF(OTHER) + 3);
	expect(scene, WALK_END_ROOT, 4);
	expect_pc(scene, 1, PC_OF(SIGNAL));
	expect_pc(scene, 2, PC_OF(PLAIN));
	expect_pc(scene, 3, PC_OF(ROOT));
}

static void a_return_address_of_zero_is_the_root(void **state)
{
	struct scene *scene = *state;

	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 1);
}

static void frames_beyond_the_copy_are_unknown(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(PLAIN) + 5);
	push(scene, 1, PC_OF(PLAIN) + 5);
	scene->memory.segment[0].size = 24;
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_STACK_BOUND, 2);
	scene->memory.segment_count = 0;
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_STACK_BOUND, 1);
}

static void a_stack_without_end_is_cut(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < STACK_WORDS * 8 / FRAME_BYTES; i++)
		push(scene, i, PC_OF(PLAIN) + 5);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_FRAME_LIMIT, FRAMES);
}

/** Signal frames may go anywhere, also round in a circle. */
static void a_circle_is_cut(void **state)
{
	struct scene *scene = *state;
	struct cfi_rule rules[] = { { CFI_OFFSET, RA, -8 },
				    { CFI_OFFSET, SP, -16 } };
	struct cfi_row row = { .cfa_kind = CFI_CFA_REG_OFFSET, .cfa_reg = SP,
			       .cfa_operand = FRAME_BYTES, .signal_frame = true,
			       .rule_count = 2, .rules = rules };
	struct cfi_parts parts;

	cfi_parts_init(&parts, 0x1000, 0x2000);
	assert_true(cfi_parts_add_function(&parts, 0x1000, 0x2000));
	assert_true(cfi_parts_add_row(&parts, 0x1000, &row));
	cfi_table_destroy(scene->module->cfi);
	assert_null(cfi_table_from_parts(&parts, &scene->module->cfi));
	cfi_parts_deinit(&parts);
	scene->stack[0] = STACK;
	scene->stack[1] = BASE + 0x1010;
	walk_from(scene, BASE + 0x1010);
	expect(scene, WALK_END_FRAME_LIMIT, FRAMES);
}

// What takes its time is not done as often as what does not.
static void expressions_have_an_end(void **state)
{
	static struct frame frames[DEEP + 1];
	struct scene *scene = *state;
	struct walk_input input = { .arch = &arch_x86_64,
				    .memory = &scene->memory,
				    .space = &scene->space,
				    .cache = scene->cache,
				    .frame_limit = DEEP };
	uint64_t start = clock_now_ns(CLOCK_THREAD_CPUTIME_ID), ns;

	push(scene, 0, PC_OF(SLOW) + 3);
	input.regs = scene->regs;
	input.regs.pc = PC_OF(SLOW) + 3;
	walk(&input, frames, &scene->result);
	ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	print_message("%zu frames, %.1f ms\n", scene->result.frame_count,
		      (double)ns / NS_PER_MS);
	assert_int_equal(scene->result.end, WALK_END_FRAME_LIMIT);
	assert_true(scene->result.frame_count < DEEP / 2);
}

static void a_frame_must_grow(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(STUCK) + 5);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_BAD_CFA, 2);
}

static void a_return_to_nowhere_ends_it(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, UINT64_C(0x123456));
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_NO_MAPPING, 2);
	assert_int_equal(scene->frames[1].pc, 0x123455);
	assert_null(scene->frames[1].module);
}

/** From JIT code, by frame pointers, back into code with CFI. */
static void code_without_cfi_is_guessed(void **state)
{
	struct scene *scene = *state;
	const uint64_t jit = UINT64_C(0x7f0000000000);

	assert_true(space_add(&scene->space, jit, jit + 0x1000, 0,
			      MAPPING_ANONYMOUS, NULL));
	// sampled in JIT code; its caller too; then PLAIN, by CFI; then root
	regs_set(&scene->regs, FP, STACK + 16);
	scene->stack[2] = STACK + 48;
	scene->stack[3] = jit + 0x20;
	scene->stack[6] = STACK + 400;
	scene->stack[7] = PC_OF(PLAIN) + 5;
	scene->stack[9] = PC_OF(ROOT) + 5;
	walk_from(scene, jit + 0x10);
	expect(scene, WALK_END_ROOT, 4);
	assert_int_equal(scene->frames[0].status, FRAME_EXACT);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
	assert_int_equal(scene->frames[1].pc, jit + 0x1f);
	assert_int_equal(scene->frames[2].status, FRAME_GUESSED);
	assert_int_equal(scene->frames[2].module_vaddr,
			 PC_OF(PLAIN) + 4 - BASE);
	assert_int_equal(scene->frames[3].status, FRAME_EXACT);
	// A frame pointer that leads to no code is none.
	scene->stack[3] = 0x1234;
	walk_from(scene, jit + 0x10);
	expect(scene, WALK_END_NO_CFI, 1);
}

/** The eval loop, entered by a trampoline in no file; see `python -X perf`. */
static void a_trampoline_is_left(void **state)
{
	struct scene *scene = *state;
	const uint64_t trampoline = UINT64_C(0x7f0000000000);

	make_eval_loop(scene, OTHER);
	assert_true(space_add(&scene->space, trampoline, trampoline + 0x1000, 0,
			      MAPPING_ANONYMOUS, NULL));
	push(scene, 0, trampoline + 6);
	push(scene, 1, PC_OF(PLAIN) + 5);
	push(scene, 2, PC_OF(ROOT) + 5);
	walk_from(scene, PC_OF(OTHER) + 3);
	// The mark of the activation is first: no Python frames are at hand.
	assert_int_equal(scene->result.end, WALK_END_ROOT);
	assert_int_equal(scene->result.frame_count, 5);
	assert_int_equal(scene->frames[2].pc, trampoline + 5);
	assert_int_equal(scene->frames[3].module_vaddr,
			 PC_OF(PLAIN) + 4 - BASE);
	// What is not called by code with CFI is no trampoline.
	push(scene, 1, trampoline + 0x20);
	walk_from(scene, PC_OF(OTHER) + 3);
	assert_int_equal(scene->result.end, WALK_END_NO_CFI);
	assert_int_equal(scene->result.frame_count, 3);
}

static void a_jump_to_nowhere_is_seen_from_its_caller(void **state)
{
	struct scene *scene = *state;

	regs_set(&scene->regs, FP, STACK + 16);
	scene->stack[2] = STACK + 400;
	scene->stack[3] = PC_OF(ROOT) + 5;
	walk_from(scene, 0x10);
	expect(scene, WALK_END_ROOT, 2);
	assert_int_equal(scene->frames[0].pc, 0x10);
	assert_int_equal(scene->frames[1].status, FRAME_GUESSED);
}

/** What a pc meant is remembered only for as long as the mappings stay. */
static void a_new_mapping_changes_what_a_pc_means(void **state)
{
	struct scene *scene = *state;

	push(scene, 0, PC_OF(ROOT) + 1);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 2);
	assert_true(space_add(&scene->space, BASE, BASE + 0x3000, 0,
			      MAPPING_ANONYMOUS, NULL));
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_NO_CFI, 1);
	assert_null(scene->frames[0].module);
}

static void nothing_is_known_and_yet_there_is_a_frame(void **state)
{
	struct scene *scene = *state;

	scene->regs = (struct regs){ 0 };
	walk_from(scene, 0);
	expect(scene, WALK_END_NO_CFI, 1);
}

// plain -> greenlet's -> greenlet's -> plain -> root
static void push_greenlet(struct scene *scene, const char *path)
{
	const uint64_t moved = 0x100000;
	struct module *greenlet = make_module(path);

	assert_true(space_add(&scene->space, BASE + moved, BASE + moved + 0x3000,
			      0, MAPPING_FILE, greenlet));
	module_unref(greenlet);
	push(scene, 0, PC_OF(PLAIN) + moved + 9);
	push(scene, 1, PC_OF(OTHER) + moved + 9);
	push(scene, 2, PC_OF(PLAIN) + 5);
	push(scene, 3, PC_OF(ROOT) + 7);
}

// Where its frames have ended, the rest is whoever's who began it.
static void a_greenlet_ends_where_it_began(void **state)
{
	struct scene *scene = *state;
	struct python_stack ended = { .chain = { { .finished = true } },
				      .chain_count = 1 };
	struct python_stack running = { .chain_count = 1 };

	push_greenlet(scene, "/x/_greenlet.cpython-311-x86_64-linux-gnu.so");
	walk_python_from(scene, PC_OF(PLAIN) + 3, &ended);
	expect(scene, WALK_END_ROOT, 3);
	assert_false(scene->result.switching);
	walk_python_from(scene, PC_OF(PLAIN) + 3, &running);
	expect(scene, WALK_END_ROOT, 5);
	walk_from(scene, PC_OF(PLAIN) + 3);
	expect(scene, WALK_END_ROOT, 5);
}

static void nothing_is_sure_while_greenlets_switch(void **state)
{
	struct scene *scene = *state;
	struct python_stack first = { .chain_count = 1, .first = true };
	struct python_stack two = { .chain_count = 2 };

	push_greenlet(scene, "/x/_greenlet.so");
	walk_python_from(scene, PC_OF(PLAIN) + 3, &first);
	expect(scene, WALK_END_ROOT, 5);
	assert_true(scene->result.switching);
	// Which of two interpreters' frames were begun there is not known.
	walk_python_from(scene, PC_OF(PLAIN) + 3, &two);
	assert_true(scene->result.switching);
}

static void other_modules_are_no_greenlets(void **state)
{
	struct scene *scene = *state;
	struct python_stack ended = { .chain = { { .finished = true } },
				      .chain_count = 1,
				      .first = true };

	push_greenlet(scene, "/x/_greenlets.so");
	walk_python_from(scene, PC_OF(PLAIN) + 3, &ended);
	expect(scene, WALK_END_ROOT, 5);
	assert_false(scene->result.switching);
}

static void every_value_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < WALK_END_COUNT; i++)
		assert_non_null(walk_end_name(i));
	for (int i = 0; i < FRAME_STATUS_COUNT; i++)
		assert_non_null(frame_status_name(i));
	for (int i = FRAME_NATIVE; i <= FRAME_OTHER; i++)
		assert_non_null(frame_kind_name(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(callers_follow_to_the_root),
		SCENE(a_call_may_end_a_function),
		SCENE(the_pc_above_a_signal_frame_is_exact),
		SCENE(a_return_address_of_zero_is_the_root),
		SCENE(frames_beyond_the_copy_are_unknown),
		SCENE(a_stack_without_end_is_cut),
		SCENE(a_circle_is_cut),
		SCENE(expressions_have_an_end),
		SCENE(a_frame_must_grow),
		SCENE(a_return_to_nowhere_ends_it),
		SCENE(code_without_cfi_is_guessed),
		SCENE(a_trampoline_is_left),
		SCENE(a_jump_to_nowhere_is_seen_from_its_caller),
		SCENE(a_new_mapping_changes_what_a_pc_means),
		SCENE(nothing_is_known_and_yet_there_is_a_frame),
		SCENE(a_greenlet_ends_where_it_began),
		SCENE(nothing_is_sure_while_greenlets_switch),
		SCENE(other_modules_are_no_greenlets),
		cmocka_unit_test(every_value_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
