// SPDX-License-Identifier: Apache-2.0
/*
 * This program has trampolines, and what they jump to, as libffi has, and is
 * read as a file.
 */
#include "tests/cmocka.h"

#include "unwind/arch.h"
#include "unwind/native/cfi_stubs.h"
#include "unwind/native/cfi_table.h"

#include <fcntl.h>
#include <unistd.h>

enum { STUBS = 3, STUB_BYTES = 40, RSP = 7, RIP = 16 };

#if defined(__x86_64__)
__asm__(".pushsection .text\n"
	".balign 16\n"
	"test_stubs:\n"
	".rept 3\n"
	"endbr64\n"
	"sub $16,%rsp\n"
	"mov %r10,(%rsp)\n"
	"mov 4096(%rip),%r10\n"
	"mov %r10,8(%rsp)\n"
	"mov 4096(%rip),%r10\n"
	"jmp *%r10\n"
	".byte 0x66, 0x0f, 0x1f, 0x44, 0, 0\n"
	".endr\n"
	"test_entry:\n"
	"endbr64\n"
	"mov 8(%rsp),%r10\n"
	"add $16,%rsp\n"
	".byte 0xe9, 0, 0, 0, 0\n"
	".balign 16\n"
	".popsection\n");
#else
__asm__("test_stubs: test_entry: .long 0\n");
#endif

extern const char test_stubs[], test_entry[], __executable_start[];

// What tells libffi. Never called.
__attribute__((used, visibility("default"))) void ffi_closure_alloc(void)
{
}

static struct elf_image *open_self(void)
{
	struct elf_image *image = NULL;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_null(elf_image_open(fd, &image));
	close(fd);
	return image;
}

static void check_row(const struct cfi_table *table, uint64_t vaddr,
		      int32_t cfa)
{
	const struct cfi_row *row = cfi_table_find(table, vaddr);

	assert_non_null(row);
	assert_int_equal(row->cfa_kind, CFI_CFA_REG_OFFSET);
	assert_int_equal(row->cfa_reg, RSP);
	assert_int_equal(row->cfa_operand, cfa);
	assert_int_equal(row->rule_count, 1);
	assert_int_equal(row->rules[0].reg, RIP);
	assert_int_equal(row->rules[0].kind, CFI_OFFSET);
	assert_int_equal(row->rules[0].operand, -8);
}

static void gives_rows_to_trampolines(void **state)
{
	struct elf_image *image = open_self();
	uint64_t vaddr = (uint64_t)(test_stubs - __executable_start);
	struct cfi_table *table = NULL;

	(void)state;
	if (elf_image_machine(image) != arch_x86_64.elf_machine)
		skip();
	assert_null(cfi_table_build(image, &arch_x86_64, &table));
	for (unsigned int i = 0; i < STUBS; i++) {
		check_row(table, vaddr + i * STUB_BYTES, 8);
		check_row(table, vaddr + i * STUB_BYTES + 7, 8);
		check_row(table, vaddr + i * STUB_BYTES + 8, 24);
		check_row(table, vaddr + i * STUB_BYTES + 31, 24);
	}
	vaddr = (uint64_t)(test_entry - __executable_start);
	check_row(table, vaddr, 24);
	check_row(table, vaddr + 12, 24);
	check_row(table, vaddr + 13, 8);
	check_row(table, vaddr + 17, 8);
	assert_null(cfi_table_find(table, vaddr + 18));
	cfi_table_destroy(table);
	elf_image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_rows_to_trampolines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
