// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/walk_scene.h"

#include "unwind/module_cache.h"
#include "unwind/native/cfi_parts.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"
#include "unwind/symbols/symbol_table.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

static void add_function(struct cfi_parts *parts, enum function number)
{
	struct cfi_rule rule = {
		.kind = number == ROOT ? CFI_UNDEFINED : CFI_OFFSET,
		.reg = RA, .operand = number == ROOT ? 0 : -8,
	};
	struct cfi_row row = {
		.cfa_kind = CFI_CFA_REG_OFFSET,
		.cfa_reg = number == FRAMED ? FP : SP,
		.cfa_operand = number == STUCK ? 0 :
			       number == WIDE ? WIDE_BYTES : FRAME_BYTES,
		.signal_frame = number == SIGNAL,
		.rule_count = 1, .rules = &rule,
	};
	uint64_t start = 0x1000 + (uint64_t)number * 256;

	assert_true(cfi_parts_add_function(parts, start, start + 256));
	assert_true(cfi_parts_add_row(parts, start, &row));
}

// A signal frame's, which leads back to itself, and of which each register takes
// the longest expression.
static void add_slow_function(struct cfi_parts *parts)
{
	uint64_t start = 0x1000 + SLOW * 256;
	struct cfi_rule rules[RA + 1];
	struct cfi_row row = { .cfa_kind = CFI_CFA_REG_OFFSET, .cfa_reg = SP,
			       .signal_frame = true, .rules = rules };
	uint8_t bytes[255];
	uint32_t index;

	memset(bytes, DW_OP_nop, sizeof(bytes));
	assert_true(cfi_parts_add_expression(parts, bytes, sizeof(bytes),
					     &index));
	for (uint8_t reg = 0; reg < RA; reg++)
		if (reg != SP)
			rules[row.rule_count++] = (struct cfi_rule){
				.kind = CFI_VAL_EXPRESSION, .reg = reg,
				.operand = (int32_t)index,
			};
	rules[row.rule_count++] = (struct cfi_rule){
		.kind = CFI_OFFSET, .reg = RA, .operand = 8,
	};
	assert_true(cfi_parts_add_function(parts, start, start + 256));
	assert_true(cfi_parts_add_row(parts, start, &row));
}

struct module *make_module(const char *path)
{
	struct module *module = module_create(path, NULL, "made up");
	struct cfi_parts parts;

	assert_non_null(module);
	cfi_parts_init(&parts, 0x1000, 0x1000 + FUNCTIONS * 256);
	for (int number = 0; number < SLOW; number++)
		add_function(&parts, (enum function)number);
	add_slow_function(&parts);
	assert_null(cfi_table_from_parts(&parts, &module->cfi));
	cfi_parts_deinit(&parts);
	module->cfi_known = true;
	return module;
}

int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->module = make_module("/synthetic");
	scene->cache = walk_cache_create();
	space_init(&scene->space);
	assert_true(space_add(&scene->space, BASE, BASE + 0x3000, 0,
			      MAPPING_FILE, scene->module));
	memory_add(&scene->memory, STACK, scene->stack, sizeof(scene->stack));
	regs_set(&scene->regs, SP, STACK);
	*state = scene;
	return 0;
}

int tear_down(void **state)
{
	struct scene *scene = *state;

	space_deinit(&scene->space);
	module_unref(scene->module);
	walk_cache_destroy(scene->cache);
	free(scene);
	return 0;
}

void push(struct scene *scene, size_t depth, uint64_t pc)
{
	scene->stack[depth * FRAME_BYTES / 8 + 1] = pc;
}

void walk_python_from(struct scene *scene, uint64_t pc,
			     struct python_stack *python)
{
	struct walk_input input = { .arch = &arch_x86_64,
				    .memory = &scene->memory,
				    .space = &scene->space,
				    .cache = scene->cache,
				    .python = python,
				    .frame_limit = FRAMES };

	scene->regs.pc = pc;
	input.regs = scene->regs;
	walk(&input, scene->frames, &scene->result);
}

void walk_from(struct scene *scene, uint64_t pc)
{
	walk_python_from(scene, pc, NULL);
}

void expect(struct scene *scene, enum walk_end end, size_t count)
{
	assert_string_equal(walk_end_name(scene->result.end),
			    walk_end_name(end));
	assert_int_equal(scene->result.frame_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(scene->frames[i].kind, FRAME_NATIVE);
}

void expect_pc(struct scene *scene, size_t index, uint64_t pc)
{
	const struct frame *frame = &scene->frames[index];

	assert_int_equal(frame->pc, pc);
	assert_ptr_equal(frame->module, scene->module);
	assert_int_equal(frame->module_vaddr, pc - BASE);
	assert_int_equal(frame->status, FRAME_EXACT);
}

void make_eval_loop(struct scene *scene, enum function number)
{
	struct python_binary *python = calloc(1, sizeof(*python));

	assert_non_null(python);
	python->layout = python_layout_at(1);
	python->eval[0].start = PC_OF(number) - BASE;
	python->eval[0].end = PC_OF(number) - BASE + 256;
	python->eval_count = 1;
	scene->module->python = python;
	scene->module->python_known = true;
}
