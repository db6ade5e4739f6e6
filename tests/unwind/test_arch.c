// SPDX-License-Identifier: Apache-2.0
#include "unwind/arch.h"

#include "tests/cmocka.h"

#include <elf.h>
#include <string.h>

static const struct arch *const all[] = { &arch_x86_64, &arch_aarch64 };

static void test_tables_agree_with_themselves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct arch *arch = all[i];

		assert_int_equal(__builtin_popcountll(arch->perf_mask),
				 arch->perf_count);
		assert_true(arch->reg_count <= ARCH_REG_MAX);
		assert_true(arch->perf_pc < arch->perf_count);
		assert_int_equal(arch->callee_saved >> arch->reg_count, 0);
		for (unsigned int r = 0; r < arch->reg_count; r++)
			assert_non_null(arch->reg_names[r]);
		for (unsigned int r = 0; r < arch->perf_count; r++)
			assert_true(arch->perf_to_dwarf[r] < arch->reg_count);
		assert_ptr_equal(arch_by_machine(arch->elf_machine), arch);
	}
	assert_null(arch_by_machine(EM_386));
	assert_non_null(arch_native());
}

static void test_x86_64_sample(void **state)
{
	// As perf orders them: AX BX CX DX SI DI BP SP IP FLAGS CS SS R8-R15.
	uint64_t values[20];
	static const char *const expected[] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip",
		NULL, NULL, NULL, "r8", "r9", "r10", "r11", "r12", "r13",
		"r14", "r15",
	};
	struct regs regs;
	uint64_t value;

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		values[i] = 100 + i;
	arch_regs_from_perf(&arch_x86_64, values, &regs);
	assert_int_equal(regs.pc, 108);
	assert_int_equal(regs.known, 0x1ffff);
	for (unsigned int i = 0; i < 20; i++)
		for (unsigned int r = 0; expected[i] && r < 17; r++)
			if (!strcmp(arch_x86_64.reg_names[r], expected[i])) {
				assert_true(regs_get(&regs, r, &value));
				assert_int_equal(value, 100 + i);
			}
	assert_false(regs_get(&regs, 17, &value));
	assert_false(regs_get(&regs, ARCH_REG_MAX, &value));
}

static void test_aarch64_sample(void **state)
{
	uint64_t values[33];
	struct regs regs;

	(void)state;
	for (unsigned int i = 0; i < 33; i++)
		values[i] = UINT64_C(0x7f00000000000000) + i;
	arch_regs_from_perf(&arch_aarch64, values, &regs);
	assert_int_equal(regs.pc, 32); // without its signature
	assert_int_equal(regs.value[31] & 0xff, 31);
	assert_int_equal(regs.known, 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_agree_with_themselves),
		cmocka_unit_test(test_x86_64_sample),
		cmocka_unit_test(test_aarch64_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
