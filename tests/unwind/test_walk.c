// SPDX-License-Identifier: Apache-2.0
#include "unwind/walk.h"

#include "tests/cmocka.h"
#include "unwind/module_cache.h"
#include "unwind/native/cfi_parts.h"
#include "unwind/native/elf_image.h"
#include "unwind/symbols/symbol_table.h"

#include <stdlib.h>
#include <string.h>

enum {
	RA = 16, SP = 7, FP = 6, // DWARF numbers of x86-64
	STACK_WORDS = 64,
	FRAMES = 16,
	FRAME_BYTES = 16,
};

/*
 * A module of functions of 256 bytes, mapped at BASE. Each but `root` keeps 8
 * bytes below its return address, so that its CFA is sp + 16.
 */
#define BASE UINT64_C(0x400000)
#define STACK UINT64_C(0x7ffd00001000)
enum function { ROOT, PLAIN, OTHER, SIGNAL, STUCK, FUNCTIONS };

#define PC_OF(function) (BASE + 0x1000 + (uint64_t)(function) * 256)

struct scene {
	struct module *module;
	struct space space;
	struct walk_cache *cache;
	uint64_t stack[STACK_WORDS];
	struct memory memory;
	struct regs regs;
	struct frame frames[FRAMES + 1];
	struct walk_result result;
};

static void add_function(struct cfi_parts *parts, enum function number)
{
	struct cfi_rule rule = {
		.kind = number == ROOT ? CFI_UNDEFINED : CFI_OFFSET,
		.reg = RA, .operand = number == ROOT ? 0 : -8,
	};
	struct cfi_row row = {
		.cfa_kind = CFI_CFA_REG_OFFSET, .cfa_reg = SP,
		.cfa_operand = number == STUCK ? 0 : FRAME_BYTES,
		.signal_frame = number == SIGNAL,
		.rule_count = 1, .rules = &rule,
	};
	uint64_t start = 0x1000 + (uint64_t)number * 256;

	assert_true(cfi_parts_add_function(parts, start, start + 256));
	assert_true(cfi_parts_add_row(parts, start, &row));
}

static struct module *make_module(void)
{
	struct module *module = module_create("/synthetic", NULL, "made up");
	struct cfi_parts parts;

	assert_non_null(module);
	cfi_parts_init(&parts, 0x1000, 0x1000 + FUNCTIONS * 256);
	for (int number = 0; number < FUNCTIONS; number++)
		add_function(&parts, (enum function)number);
	assert_null(cfi_table_from_parts(&parts, &module->cfi));
	cfi_parts_deinit(&parts);
	module->cfi_known = true;
	return module;
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->module = make_module();
	scene->cache = walk_cache_create();
	space_init(&scene->space);
	assert_true(space_add(&scene->space, BASE, BASE + 0x3000, 0,
			      MAPPING_FILE, scene->module));
	memory_add(&scene->memory, STACK, scene->stack, sizeof(scene->stack));
	regs_set(&scene->regs, SP, STACK);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	space_deinit(&scene->space);
	module_unref(scene->module);
	walk_cache_destroy(scene->cache);
	free(scene);
	return 0;
}

// Puts return addresses where functions of FRAME_BYTES find them.
static void push(struct scene *scene, size_t depth, uint64_t pc)
{
	scene->stack[depth * FRAME_BYTES / 8 + 1] = pc;
}

static void walk_from(struct scene *scene, uint64_t pc)
{
	struct walk_input input = { .arch = &arch_x86_64,
				    .memory = &scene->memory,
				    .space = &scene->space,
				    .cache = scene->cache,
				    .frame_limit = FRAMES };

	scene->regs.pc = pc;
	input.regs = scene->regs;
	walk(&input, scene->frames, &scene->result);
}

static void expect(struct scene *scene, enum walk_end end, size_t count)
{
	assert_string_equal(walk_end_name(scene->result.end),
			    walk_end_name(end));
	assert_int_equal(scene->result.frame_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(scene->frames[i].kind, FRAME_NATIVE);
}

static void expect_pc(struct scene *scene, size_t index, uint64_t pc)
{
	const struct frame *frame = &scene->frames[index];

	assert_int_equal(frame->pc, pc);
	assert_ptr_equal(frame->module, scene->module);
	assert_int_equal(frame->module_vaddr, pc - BASE);
	assert_int_equal(frame->status, FRAME_EXACT);
}

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

#define SCENE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
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
		SCENE(a_frame_must_grow),
		SCENE(a_return_to_nowhere_ends_it),
		SCENE(code_without_cfi_is_guessed),
		SCENE(a_jump_to_nowhere_is_seen_from_its_caller),
		SCENE(a_new_mapping_changes_what_a_pc_means),
		SCENE(nothing_is_known_and_yet_there_is_a_frame),
		cmocka_unit_test(every_value_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
