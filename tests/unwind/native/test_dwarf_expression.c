// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/dwarf_expression.h"

#include "tests/cmocka.h"

#include <dwarf.h>
#include <string.h>

enum { STACK = 0x7000, RBP = 6, RSP = 7, UNKNOWN = 3 };

static enum step_result run(const uint8_t *bytes, size_t size, uint64_t *ret)
{
	static const uint64_t stack[] = { 0x1122334455667788, 2, 3, 4 };
	struct memory memory = { .segment_count = 0 };
	struct regs regs = { .pc = 0x40100b };
	uint64_t initial = 1000;

	regs_set(&regs, RSP, STACK);
	regs_set(&regs, RBP, STACK + 16);
	memory_add(&memory, STACK, stack, sizeof(stack));
	return dwarf_expression_evaluate(&arch_x86_64,
					 (struct cfi_expression){ bytes, size },
					 &regs, &memory, &initial, ret);
}

static void assert_yields(uint64_t expected, const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	assert_int_equal(run(bytes, size, &value), STEP_OK);
	assert_int_equal(value, expected);
}

static void assert_fails(enum step_result why, const uint8_t *bytes,
			 size_t size)
{
	uint64_t value = 77;

	assert_int_equal(run(bytes, size, &value), why);
	assert_int_equal(value, 77);
}

#define B(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static void test_constants(void **state)
{
	(void)state;
	assert_yields(1000, B(DW_OP_nop));
	assert_yields(31, B(DW_OP_lit31));
	assert_yields(0xfe, B(DW_OP_const1u, 0xfe));
	assert_yields(-2ull, B(DW_OP_const1s, 0xfe));
	assert_yields(0xfffe, B(DW_OP_const2u, 0xfe, 0xff));
	assert_yields(-2ull, B(DW_OP_const2s, 0xfe, 0xff));
	assert_yields(0xfffffffe, B(DW_OP_const4u, 0xfe, 0xff, 0xff, 0xff));
	assert_yields(-2ull, B(DW_OP_const4s, 0xfe, 0xff, 0xff, 0xff));
	assert_yields(0x0807060504030201,
		      B(DW_OP_const8u, 1, 2, 3, 4, 5, 6, 7, 8));
	assert_yields(128, B(DW_OP_constu, 0x80, 1));
	assert_yields(-2ull, B(DW_OP_consts, 0x7e));
}

static void test_stack(void **state)
{
	(void)state;
	assert_yields(2000, B(DW_OP_dup, DW_OP_plus));
	assert_yields(1000, B(DW_OP_lit1, DW_OP_drop));
	assert_yields(1000, B(DW_OP_lit1, DW_OP_over));
	assert_yields(1000, B(DW_OP_lit1, DW_OP_lit2, DW_OP_pick, 2));
	assert_yields(1000, B(DW_OP_lit1, DW_OP_swap));
	// 1 2 3 becomes 3 1 2
	assert_yields(2, B(DW_OP_lit1, DW_OP_lit2, DW_OP_lit3, DW_OP_rot));
	assert_yields(1, B(DW_OP_lit1, DW_OP_lit2, DW_OP_lit3, DW_OP_rot,
			   DW_OP_drop));
	assert_yields(3, B(DW_OP_lit1, DW_OP_lit2, DW_OP_lit3, DW_OP_rot,
			   DW_OP_drop, DW_OP_drop));
}

static void test_arithmetic(void **state)
{
	(void)state;
	assert_yields(2, B(DW_OP_lit5, DW_OP_lit3, DW_OP_minus));
	assert_yields(15, B(DW_OP_lit5, DW_OP_lit3, DW_OP_mul));
	assert_yields(-2ull, B(DW_OP_lit5, DW_OP_neg, DW_OP_lit2, DW_OP_div));
	assert_yields(2, B(DW_OP_lit5, DW_OP_lit3, DW_OP_mod));
	assert_yields(1, B(DW_OP_lit5, DW_OP_lit3, DW_OP_and));
	assert_yields(7, B(DW_OP_lit5, DW_OP_lit3, DW_OP_or));
	assert_yields(6, B(DW_OP_lit5, DW_OP_lit3, DW_OP_xor));
	assert_yields(-6ull, B(DW_OP_lit5, DW_OP_not));
	assert_yields(5, B(DW_OP_lit5, DW_OP_neg, DW_OP_abs));
	assert_yields(133, B(DW_OP_lit5, DW_OP_plus_uconst, 0x80, 1));
	assert_yields(40, B(DW_OP_lit5, DW_OP_lit3, DW_OP_shl));
	assert_yields(0, B(DW_OP_lit5, DW_OP_const1u, 64, DW_OP_shl));
	assert_yields(0, B(DW_OP_lit5, DW_OP_const1u, 200, DW_OP_shr));
	assert_yields(-1ull, B(DW_OP_lit5, DW_OP_neg, DW_OP_const1u, 64,
			       DW_OP_shra));
	// INT64_MIN / -1
	assert_yields(1ull << 63, B(DW_OP_lit1, DW_OP_const1u, 63, DW_OP_shl,
				    DW_OP_lit1, DW_OP_neg, DW_OP_div));
	assert_yields(1, B(DW_OP_lit5, DW_OP_neg, DW_OP_lit3, DW_OP_lt));
	assert_yields(0, B(DW_OP_lit5, DW_OP_neg, DW_OP_lit3, DW_OP_ge));
	assert_yields(1, B(DW_OP_lit3, DW_OP_lit3, DW_OP_le));
	assert_yields(0, B(DW_OP_lit3, DW_OP_lit3, DW_OP_gt));
	assert_yields(1, B(DW_OP_lit3, DW_OP_lit3, DW_OP_eq));
	assert_yields(0, B(DW_OP_lit3, DW_OP_lit3, DW_OP_ne));
}

static void test_registers_and_memory(void **state)
{
	(void)state;
	assert_yields(STACK + 8, B(DW_OP_breg0 + RSP, 8));
	assert_yields(STACK + 8, B(DW_OP_bregx, RBP, 0x78));
	assert_yields(0x1122334455667788, B(DW_OP_breg0 + RSP, 0, DW_OP_deref));
	assert_yields(0x7788, B(DW_OP_breg0 + RSP, 0, DW_OP_deref_size, 2));
	assert_yields(0x40100b, B(DW_OP_breg16, 0));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_breg0 + UNKNOWN, 0));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_bregx, 0xff, 1, 0));
	assert_fails(STEP_STACK_BOUND, B(DW_OP_lit0, DW_OP_deref));
	assert_fails(STEP_BAD_EXPRESSION,
		     B(DW_OP_breg0 + RSP, 0, DW_OP_deref_size, 9));
}

static void test_jumps(void **state)
{
	(void)state;
	assert_yields(1, B(DW_OP_lit1, DW_OP_skip, 1, 0, DW_OP_lit2));
	assert_yields(1, B(DW_OP_lit1, DW_OP_lit1, DW_OP_bra, 1, 0,
			   DW_OP_lit2));
	assert_yields(2, B(DW_OP_lit1, DW_OP_lit0, DW_OP_bra, 1, 0,
			   DW_OP_lit2));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_skip, 0xfd, 0xff)); // itself
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_skip, 0xfc, 0xff));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_skip, 1, 0));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_skip, 1));
}

static void test_limits(void **state)
{
	uint8_t many[DWARF_EXPRESSION_OPS_MAX + 1];

	(void)state;
	memset(many, DW_OP_nop, sizeof(many));
	assert_yields(1000, many, DWARF_EXPRESSION_OPS_MAX);
	assert_fails(STEP_BAD_EXPRESSION, many, sizeof(many));
	memset(many, DW_OP_lit1, sizeof(many));
	assert_yields(1, many, DWARF_EXPRESSION_STACK_MAX - 1);
	assert_fails(STEP_BAD_EXPRESSION, many, DWARF_EXPRESSION_STACK_MAX);
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_drop));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_drop, DW_OP_plus));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_lit1, DW_OP_lit0, DW_OP_div));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_lit1, DW_OP_lit0, DW_OP_mod));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_addr, 0, 0, 0, 0, 0, 0, 0, 0));
	assert_fails(STEP_BAD_EXPRESSION, B(DW_OP_const4u, 0));
	assert_fails(STEP_BAD_EXPRESSION, B(0xff));
}

// The row of a PLT entry: rsp+8, and rsp+16 behind the push at byte 11.
static void test_plt(void **state)
{
	static const uint8_t plt[] = { 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a,
				       0x3b, 0x2a, 0x33, 0x24, 0x22 };

	(void)state;
	assert_yields(STACK + 16, plt, sizeof(plt)); // pc ends in b
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_registers_and_memory),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_plt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
