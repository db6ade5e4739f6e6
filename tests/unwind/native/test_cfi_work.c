// SPDX-License-Identifier: Apache-2.0
/*
 * CFI that is made to be slow: the work may grow with its bytes, not with the
 * square of them. Each of these takes milliseconds; ten seconds and more when
 * each of its many functions has to pass over all that others wrote.
 */
#include "unwind/native/cfi_table.h"

#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/unwind/native/made_elf.h"
#include "unwind/native/elf_image.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RSP = 7,
	RIP = 16,
	ENTRY_BYTES = 8 + 16,
	ZERO_BYTES = 1 << 20,
	ORPHANS = 60000,
	FUNCTIONS = 100000,
	FUNCTION_STRIDE = 8,
	CHANGES = 2 * FUNCTIONS,
	CHANGE_BYTES = 3,
};

// Of one CPU, which a busy host gives to others as well.
static const uint64_t work_max_ns = 2 * NS_PER_SEC;

/* Borrowed bytes with room for all that is put there. */
struct writer {
	uint8_t *bytes;
	size_t size;
};

static void put(struct writer *w, const void *bytes, size_t size)
{
	memcpy(w->bytes + w->size, bytes, size);
	w->size += size;
}

static void put_u32(struct writer *w, uint32_t value)
{
	put(w, &value, sizeof(value));
}

static void put_u64(struct writer *w, uint64_t value)
{
	put(w, &value, sizeof(value));
}

// Absolute addresses, no augmentation: CFA = rsp+8, pc at CFA-8.
static size_t put_cie(struct writer *w, bool eh)
{
	static const uint8_t rest[] = { 1, 0, 1, 0x78, RIP,
					DW_CFA_def_cfa, RSP, 8,
					DW_CFA_offset | RIP, 1 };
	size_t offset = w->size;

	put_u32(w, sizeof(uint32_t) + sizeof(rest));
	put_u32(w, eh ? 0 : UINT32_MAX);
	put(w, rest, sizeof(rest));
	return offset;
}

static void put_fde(struct writer *w, size_t cie, bool eh, uint64_t vaddr,
		    uint64_t size, size_t program_size)
{
	put_u32(w, (uint32_t)(ENTRY_BYTES - 4 + program_size));
	put_u32(w, (uint32_t)(eh ? w->size - cie : cie));
	put_u64(w, vaddr);
	put_u64(w, size);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static struct cfi_table *build(const struct writer *eh,
			       const struct writer *debug)
{
	struct made_section sections[] = {
		{ ".eh_frame", SHT_PROGBITS, SHF_ALLOC, 0, eh->bytes,
		  eh->size },
		{ ".debug_frame", SHT_PROGBITS, 0, 0, debug->bytes,
		  debug->size },
	};
	struct cfi_table *table = NULL;
	struct elf_image *image;
	uint64_t start_ns;
	size_t size;
	void *file = made_elf(EM_X86_64, sections, 2, &size);

	assert_null(elf_image_from_bytes(file, size, &image));
	free(file);
	start_ns = cpu_ns();
	assert_null(cfi_table_build(image, &arch_x86_64, &table));
	assert_in_range(cpu_ns() - start_ns, 0, work_max_ns);
	elf_image_destroy(image);
	return table;
}

// Each names another of the zeros as its CIE.
static void test_cies_of_zeros(void **state)
{
	struct writer eh = { .bytes = calloc(1, ZERO_BYTES +
						       ORPHANS * ENTRY_BYTES) };
	struct writer none = { .bytes = NULL };
	struct cfi_table *table;

	(void)state;
	assert_non_null(eh.bytes);
	eh.size = ZERO_BYTES;
	for (size_t i = 0; i < ORPHANS; i++)
		put_fde(&eh, 4 * i, true, MADE_BASE, 16, 0);
	table = build(&eh, &none);
	assert_null(cfi_table_find(table, MADE_BASE));
	cfi_table_destroy(table);
	free(eh.bytes);
}

static void put_program(struct writer *w)
{
	for (int i = 0; i < CHANGES; i++) {
		const uint8_t change[CHANGE_BYTES] = {
			DW_CFA_advance_loc | FUNCTION_STRIDE / 2,
			DW_CFA_def_cfa_offset, i % 2 ? 16 : 24,
		};

		put(w, change, sizeof(change));
	}
}

static void assert_cfa(const struct cfi_table *table, uint64_t vaddr,
		       int operand)
{
	const struct cfi_row *row = cfi_table_find(table, vaddr);

	assert_non_null(row);
	assert_int_equal(row->cfa_operand, operand);
}

// One of .debug_frame, cut to pieces by those of .eh_frame.
static void test_one_in_many_pieces(void **state)
{
	size_t program_size = CHANGES * CHANGE_BYTES;
	struct writer eh = { .bytes = malloc((FUNCTIONS + 1) * ENTRY_BYTES) };
	struct writer debug = { .bytes = malloc(2 * ENTRY_BYTES +
						program_size) };
	struct cfi_table *table;
	size_t cie;

	(void)state;
	assert_true(eh.bytes && debug.bytes);
	cie = put_cie(&eh, true);
	for (uint64_t i = 0; i < FUNCTIONS; i++)
		put_fde(&eh, cie, true, MADE_BASE + i * FUNCTION_STRIDE, 2, 0);
	cie = put_cie(&debug, false);
	put_fde(&debug, cie, false, MADE_BASE, FUNCTIONS * FUNCTION_STRIDE,
		program_size);
	put_program(&debug);
	table = build(&eh, &debug);
	for (uint64_t i = 1; i < FUNCTIONS; i += FUNCTIONS / 10) {
		uint64_t vaddr = MADE_BASE + i * FUNCTION_STRIDE;

		assert_cfa(table, vaddr, 8);
		assert_cfa(table, vaddr + 1, 8);
		assert_cfa(table, vaddr + 2, 16);
		assert_cfa(table, vaddr + 3, 16);
		assert_cfa(table, vaddr + 4, 24);
		assert_cfa(table, vaddr + 7, 24);
	}
	cfi_table_destroy(table);
	free(eh.bytes);
	free(debug.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cies_of_zeros),
		cmocka_unit_test(test_one_in_many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
