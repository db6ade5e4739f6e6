// SPDX-License-Identifier: Apache-2.0
#include "tests/cmocka.h"
#include "unwind/python/instruction.h"

#include <elf.h>
#include <string.h>

struct example {
	const char *text; /* as objdump prints it, at vaddr 0x1000 */
	uint8_t bytes[16];
	uint8_t size;
	enum instruction_kind kind;
	uint64_t target;
	int32_t offset;
};

static const struct example x86[] = {
	{ "push %r15", { 0x41, 0x57 }, 2, INSTRUCTION_PLAIN, 0, 0 },
	{ "sub $0x118,%rsp", { 0x48, 0x81, 0xec, 0x18, 1, 0, 0 }, 7,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "mov %rsi,0x38(%rdi)", { 0x48, 0x89, 0x77, 0x38 }, 4,
	  INSTRUCTION_STORE, 0, 0x38 },
	{ "mov %r10,0x148(%r12) needs a SIB",
	  { 0x4d, 0x89, 0x94, 0x24, 0x48, 1, 0, 0 }, 8, INSTRUCTION_PLAIN, 0,
	  0 },
	{ "mov %rcx,0x38(%rsp)", { 0x48, 0x89, 0x4c, 0x24, 0x38 }, 5,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "mov %ecx,0x38(%rdi)", { 0x89, 0x4f, 0x38 }, 3, INSTRUCTION_PLAIN, 0,
	  0 },
	{ "movl $0x0,0x160(%rsp)",
	  { 0xc7, 0x84, 0x24, 0x60, 1, 0, 0, 0, 0, 0, 0 }, 11,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "mov %cx,0x134(%rsp)", { 0x66, 0x89, 0x8c, 0x24, 0x34, 1, 0, 0 }, 8,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "movabs $..., %rax", { 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 }, 10,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "testb $0x2,0x33(%rax)", { 0xf6, 0x40, 0x33, 2 }, 4,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "not %eax", { 0xf7, 0xd0 }, 2, INSTRUCTION_PLAIN, 0, 0 },
	{ "testl $1,%eax", { 0xf7, 0xc0, 1, 0, 0, 0 }, 6, INSTRUCTION_PLAIN, 0,
	  0 },
	{ "jne 1005", { 0x75, 3 }, 2, INSTRUCTION_BRANCH, 0x1005, 0 },
	{ "js 1606", { 0x0f, 0x88, 0, 6, 0, 0 }, 6, INSTRUCTION_BRANCH, 0x1606,
	  0 },
	{ "jmp fff0", { 0xeb, 0xee }, 2, INSTRUCTION_JUMP, 0xff0, 0 },
	{ "jmp 105", { 0xe9, 0, 0xf1, 0xff, 0xff }, 5, INSTRUCTION_JUMP, 0x105,
	  0 },
	{ "call 1005", { 0xe8, 0, 0, 0, 0 }, 5, INSTRUCTION_CALL, 0x1005, 0 },
	{ "call *%rax", { 0xff, 0xd0 }, 2, INSTRUCTION_CALL, 0, 0 },
	{ "jmp *(%rdi,%rdx,8)", { 0xff, 0x24, 0xd7 }, 3, INSTRUCTION_LEAVE, 0,
	  0 },
	{ "ret", { 0xc3 }, 1, INSTRUCTION_LEAVE, 0, 0 },
	{ "vzeroupper", { 0xc5, 0xf8, 0x77 }, 3, INSTRUCTION_PLAIN, 0, 0 },
	{ "vpalignr $8", { 0xc4, 0xe3, 0x7d, 0x0f, 0xc1, 8 }, 6,
	  INSTRUCTION_PLAIN, 0, 0 },
	{ "vmovdqu64 %zmm0,0x40(%rdi)",
	  { 0x62, 0xf1, 0xfe, 0x48, 0x7f, 0x47, 1 }, 7, INSTRUCTION_PLAIN, 0,
	  0 },
};

static void check(uint16_t machine, const struct example *example)
{
	struct instruction insn;

	assert_true(instruction_decode(machine, example->bytes, example->size,
				       0x1000, &insn));
	if (insn.size != example->size || insn.kind != example->kind)
		print_message("%s\n", example->text);
	assert_int_equal(insn.size, example->size);
	assert_int_equal(insn.kind, example->kind);
	if (insn.kind == INSTRUCTION_JUMP || insn.kind == INSTRUCTION_BRANCH)
		assert_int_equal(insn.target, example->target);
	if (insn.kind == INSTRUCTION_STORE)
		assert_int_equal(insn.offset, example->offset);
	for (size_t size = 0; size < example->size; size++)
		assert_false(instruction_decode(machine, example->bytes, size,
						0x1000, &insn));
}

static void test_x86(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(x86) / sizeof(x86[0]); i++)
		check(EM_X86_64, &x86[i]);
}

static const struct example a64[] = {
	{ "b 1008", { 0x02, 0, 0, 0x14 }, 4, INSTRUCTION_JUMP, 0x1008, 0 },
	{ "b ffc", { 0xff, 0xff, 0xff, 0x17 }, 4, INSTRUCTION_JUMP, 0xffc, 0 },
	{ "b.ne 1010", { 0x81, 0, 0, 0x54 }, 4, INSTRUCTION_BRANCH, 0x1010, 0 },
	{ "cbz x0, 1008", { 0x40, 0, 0, 0xb4 }, 4, INSTRUCTION_BRANCH, 0x1008,
	  0 },
	{ "tbnz w0, #1, ffc", { 0xe0, 0xff, 0x0f, 0x37 }, 4,
	  INSTRUCTION_BRANCH, 0xffc, 0 },
	{ "bl 1004", { 1, 0, 0, 0x94 }, 4, INSTRUCTION_CALL, 0, 0 },
	{ "ret", { 0xc0, 0x03, 0x5f, 0xd6 }, 4, INSTRUCTION_LEAVE, 0, 0 },
	{ "br x16", { 0x00, 0x02, 0x1f, 0xd6 }, 4, INSTRUCTION_LEAVE, 0, 0 },
	{ "str x1, [x0, #56]", { 0x01, 0x1c, 0x00, 0xf9 }, 4,
	  INSTRUCTION_STORE, 0, 56 },
	{ "str x1, [sp, #56]", { 0xe1, 0x1f, 0x00, 0xf9 }, 4,
	  INSTRUCTION_PLAIN, 0, 0 },
};

static void test_aarch64(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(a64) / sizeof(a64[0]); i++)
		check(EM_AARCH64, &a64[i]);
}

static void test_rejects(void **state)
{
	static const uint8_t invalid[] = { 0x06 }; // push %es: not in 64 bit
	static const uint8_t prefixes[] = { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					    0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					    0x66, 0x66, 0x66, 0x90 };
	struct instruction insn;

	(void)state;
	assert_false(instruction_decode(EM_X86_64, invalid, 1, 0, &insn));
	assert_false(instruction_decode(EM_X86_64, prefixes, sizeof(prefixes),
					0, &insn));
	assert_false(instruction_decode(EM_ARM, a64[0].bytes, 4, 0, &insn));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86),
		cmocka_unit_test(test_aarch64),
		cmocka_unit_test(test_rejects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
