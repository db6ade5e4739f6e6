// SPDX-License-Identifier: Apache-2.0
/*
 * native_step() on rows made by hand: each rule of native_step.h by itself.
 */
#include "unwind/native/native_step.h"

#include "tests/cmocka.h"

#include <string.h>

enum { STACK = 0x7000, WORDS = 32, RBX = 3, RBP = 6, RSP = 7, R12 = 12,
       RIP = 16, CALLER = 0x401234 };

struct frame_case {
	struct cfi_rule rules[4];
	struct cfi_row row;
	uint64_t stack[WORDS];
	struct memory memory;
	struct regs regs;
};

/* rsp = STACK, CFA = rsp+32, pc saved below it; rbx 3, rbp 6, r12 12. */
static void set_up(struct frame_case *c)
{
	memset(c, 0, sizeof(*c));
	for (unsigned int i = 0; i < WORDS; i++)
		c->stack[i] = 0x1000 + i;
	c->stack[3] = CALLER;
	memory_add(&c->memory, STACK, c->stack, sizeof(c->stack));
	c->rules[0] = (struct cfi_rule){ CFI_OFFSET, RIP, -8 };
	c->row = (struct cfi_row){ .cfa_kind = CFI_CFA_REG_OFFSET,
				   .cfa_reg = RSP, .cfa_operand = 32,
				   .rules = c->rules, .rule_count = 1 };
	regs_set(&c->regs, RBX, RBX);
	regs_set(&c->regs, RBP, RBP);
	regs_set(&c->regs, R12, R12);
	regs_set(&c->regs, RSP, STACK);
	c->regs.pc = 0x400000;
}

static void add_rule(struct frame_case *c, enum cfi_rule_kind kind,
		     unsigned int reg, int operand)
{
	c->rules[c->row.rule_count++] =
		(struct cfi_rule){ (uint8_t)kind, (uint8_t)reg, operand };
}

static enum step_result step(struct frame_case *c, bool leaf)
{
	uint64_t cfa;
	enum step_result result = native_cfa(&arch_x86_64, NULL, &c->row,
					     &c->regs, &c->memory, &cfa);

	if (result != STEP_OK)
		return result;
	return native_step(&arch_x86_64, NULL, &c->row, cfa, leaf, &c->memory,
			   &c->regs);
}

static void assert_register(const struct frame_case *c, unsigned int reg,
			    uint64_t expected)
{
	uint64_t value;

	assert_true(regs_get(&c->regs, reg, &value));
	assert_int_equal(value, expected);
}

static void assert_result(struct frame_case *c, enum step_result expected)
{
	struct regs before = c->regs;

	assert_int_equal(step(c, false), expected);
	if (expected != STEP_OK)
		assert_memory_equal(&before, &c->regs, sizeof(before));
}

static void test_plain(void **state)
{
	struct frame_case c;

	(void)state;
	set_up(&c);
	add_rule(&c, CFI_OFFSET, RBX, -16);
	add_rule(&c, CFI_VAL_OFFSET, RBP, 4);
	add_rule(&c, CFI_REGISTER, R12, RBX);
	assert_result(&c, STEP_OK);
	assert_int_equal(c.regs.pc, CALLER);
	assert_register(&c, RSP, STACK + 32);
	assert_register(&c, RBX, 0x1002);
	assert_register(&c, RBP, STACK + 36);
	assert_register(&c, R12, RBX); // the callee's, not the caller's
}

static void test_popped_slot_is_not_read(void **state)
{
	struct frame_case c;

	(void)state;
	set_up(&c);
	memory_add(&c.memory, STACK - 64, c.stack, 64);
	add_rule(&c, CFI_OFFSET, RBX, -40);
	add_rule(&c, CFI_OFFSET, RBP, -32);
	assert_result(&c, STEP_OK);
	assert_register(&c, RBX, RBX);
	assert_register(&c, RBP, 0x1000);
}

// ffi_call_unix64(): CFA = rbp + 32, rbp saved at CFA - 16, rsp = rbp + 24.
static void test_cfa_register_is_not_popped(void **state)
{
	struct frame_case c;
	uint64_t red_zone[16], value;

	(void)state;
	memset(red_zone, 0, sizeof(red_zone));
	red_zone[15] = 0x7700;
	set_up(&c);
	c.stack[0] = CALLER;
	c.row.cfa_reg = RBP;
	regs_set(&c.regs, RBP, STACK - 24);
	add_rule(&c, CFI_OFFSET, RBP, -16);
	// Better no value than the callee's.
	assert_result(&c, STEP_OK);
	assert_int_equal(c.regs.pc, CALLER);
	assert_false(regs_get(&c.regs, RBP, &value));
	regs_set(&c.regs, RSP, STACK);
	regs_set(&c.regs, RBP, STACK - 24);
	memory_add(&c.memory, STACK - 128, red_zone, sizeof(red_zone));
	assert_result(&c, STEP_OK);
	assert_register(&c, RBP, 0x7700);
}

static void test_return_address_ends(void **state)
{
	struct frame_case c;

	(void)state;
	set_up(&c);
	c.rules[0].kind = CFI_UNDEFINED;
	assert_result(&c, STEP_ROOT);
	set_up(&c);
	c.stack[3] = 0;
	assert_result(&c, STEP_ROOT);
	set_up(&c);
	c.row.rule_count = 0;
	assert_result(&c, STEP_ROOT);
	set_up(&c);
	c.memory.segment[0].size = 31;
	assert_result(&c, STEP_STACK_BOUND);
}

static void test_cfa_grows(void **state)
{
	struct frame_case c;

	(void)state;
	set_up(&c);
	c.row.cfa_operand = 0;
	c.rules[0].operand = 8;
	assert_result(&c, STEP_BAD_CFA);
	assert_int_equal(step(&c, true), STEP_OK);
	set_up(&c);
	c.row.cfa_operand = -8;
	c.rules[0].operand = 8;
	assert_int_equal(step(&c, true), STEP_BAD_CFA);
	c.row.signal_frame = true;
	assert_int_equal(step(&c, false), STEP_OK);
	set_up(&c);
	c.regs.known &= ~(1ull << RSP);
	assert_result(&c, STEP_BAD_CFA);
}

static void test_missing_registers(void **state)
{
	struct frame_case c;
	uint64_t value;

	(void)state;
	set_up(&c);
	add_rule(&c, CFI_OFFSET, RBX, 8 * WORDS); // beyond the copy
	add_rule(&c, CFI_UNDEFINED, RBP, 0);
	assert_result(&c, STEP_OK);
	assert_false(regs_get(&c.regs, RBX, &value));
	assert_false(regs_get(&c.regs, RBP, &value));
	assert_register(&c, R12, R12);
}

static void test_stack_pointer_rules(void **state)
{
	struct frame_case c;

	(void)state;
	set_up(&c);
	add_rule(&c, CFI_OFFSET, RSP, -24);
	assert_result(&c, STEP_OK);
	assert_register(&c, RSP, 0x1001);
	set_up(&c);
	add_rule(&c, CFI_SAME, RSP, 0);
	assert_result(&c, STEP_OK);
	assert_register(&c, RSP, STACK);
}

static void test_return_address_in_register(void **state)
{
	struct cfi_row row = { .cfa_kind = CFI_CFA_REG_OFFSET, .cfa_reg = 31 };
	struct memory memory = { .segment_count = 0 };
	struct regs regs = { .pc = 0x400000 };

	(void)state;
	regs_set(&regs, 31, STACK);
	regs_set(&regs, 30, 0x2bad000000401234);
	assert_int_equal(native_step(&arch_aarch64, NULL, &row, STACK, false,
				     &memory, &regs), STEP_BAD_CFA);
	assert_int_equal(native_step(&arch_aarch64, NULL, &row, STACK, true,
				     &memory, &regs), STEP_OK);
	assert_int_equal(regs.pc, CALLER);
	regs.known = 1ull << 31;
	assert_int_equal(native_step(&arch_aarch64, NULL, &row, STACK, true,
				     &memory, &regs), STEP_ROOT);
}

static bool is_code(void *context, uint64_t pc)
{
	return pc == *(const uint64_t *)context;
}

static enum step_result guess(struct frame_case *c, uint64_t fp)
{
	uint64_t code = CALLER, cfa = 0;
	enum step_result result;

	regs_set(&c->regs, RBP, fp);
	result = native_step_frame_pointer(&arch_x86_64, &c->memory, is_code,
					   &code, &c->regs, &cfa);
	if (result == STEP_OK)
		assert_int_equal(cfa, fp + 16);
	return result;
}

static void test_frame_pointer(void **state)
{
	struct frame_case c;

	(void)state;
	set_up(&c);
	assert_int_equal(guess(&c, STACK + 16), STEP_OK);
	assert_int_equal(c.regs.pc, CALLER);
	assert_register(&c, RSP, STACK + 32);
	assert_register(&c, RBP, 0x1002);
	set_up(&c);
	assert_int_equal(guess(&c, STACK + 8), STEP_BAD_CFA); // no code
	assert_int_equal(guess(&c, STACK + 17), STEP_BAD_CFA);
	assert_int_equal(guess(&c, STACK - 8), STEP_BAD_CFA);
	assert_int_equal(guess(&c, 0), STEP_BAD_CFA);
	assert_int_equal(guess(&c, UINT64_MAX - 7), STEP_BAD_CFA);
	assert_int_equal(guess(&c, STACK + 8 * (WORDS - 1)), STEP_STACK_BOUND);
	assert_register(&c, RSP, STACK);
	c.regs.known = 0;
	c.memory.segment_count = 0;
	assert_int_equal(guess(&c, STACK + 16), STEP_BAD_CFA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_popped_slot_is_not_read),
		cmocka_unit_test(test_cfa_register_is_not_popped),
		cmocka_unit_test(test_return_address_ends),
		cmocka_unit_test(test_cfa_grows),
		cmocka_unit_test(test_missing_registers),
		cmocka_unit_test(test_stack_pointer_rules),
		cmocka_unit_test(test_return_address_in_register),
		cmocka_unit_test(test_frame_pointer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
