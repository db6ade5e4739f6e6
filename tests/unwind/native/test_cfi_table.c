// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_table.h"

#include "tests/cmocka.h"
#include "tests/unwind/native/made_elf.h"
#include "unwind/native/elf_image.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { SECTION_MAX = 4096, RBX = 3, RBP = 6, RSP = 7, R8 = 8, RIP = 16 };

/* A CFI section being written; offsets as in the file. */
struct writer {
	uint8_t bytes[SECTION_MAX];
	size_t size;
};

static void put(struct writer *w, const void *bytes, size_t size)
{
	assert_true(w->size + size <= sizeof(w->bytes));
	if (size)
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

static size_t begin(struct writer *w)
{
	put_u32(w, 0);
	return w->size;
}

static void end(struct writer *w, size_t start)
{
	uint32_t length = (uint32_t)(w->size - start);

	memcpy(w->bytes + start - sizeof(length), &length, sizeof(length));
}

// "zR" with absolute 8-byte pointers: CFA = rsp+8, pc at CFA-8.
static size_t put_cie(struct writer *w, const char *augmentation, bool eh)
{
	static const uint8_t tail[] = { 1, 0x78, RIP };
	static const uint8_t program[] = { DW_CFA_def_cfa, RSP, 8,
					   DW_CFA_offset | RIP, 1 };
	size_t offset = w->size, start = begin(w);

	put_u32(w, eh ? 0 : UINT32_MAX);
	put(w, "\1", 1);
	put(w, augmentation, strlen(augmentation) + 1);
	put(w, tail, sizeof(tail));
	if (augmentation[0] == 'z')
		put(w, "\1\0", 2);
	put(w, program, sizeof(program));
	end(w, start);
	return offset;
}

static void put_fde(struct writer *w, size_t cie, bool eh, uint64_t vaddr,
		    uint64_t size, const void *program, size_t program_size)
{
	size_t start = begin(w);

	put_u32(w, (uint32_t)(eh ? w->size - cie : cie));
	put_u64(w, vaddr);
	put_u64(w, size);
	if (eh)
		put(w, "\0", 1);
	put(w, program, program_size);
	end(w, start);
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
	size_t size;
	void *file = made_elf(EM_X86_64, sections, 2, &size);

	assert_null(elf_image_from_bytes(file, size, &image));
	free(file);
	assert_null(cfi_table_build(image, &arch_x86_64, &table));
	elf_image_destroy(image);
	return table;
}

/* One FDE at [MADE_BASE, MADE_BASE + 0x100) with @program. */
static struct cfi_table *build_program(const void *program, size_t size)
{
	struct writer eh = { .size = 0 }, none = { .size = 0 };
	size_t cie = put_cie(&eh, "zR", true);

	put_fde(&eh, cie, true, MADE_BASE, 0x100, program, size);
	return build(&eh, &none);
}

#define table_of(...)                                                          \
	build_program((const uint8_t[]){ __VA_ARGS__ },                        \
		      sizeof((const uint8_t[]){ __VA_ARGS__ }))

static const struct cfi_row *row_at(const struct cfi_table *table,
				    unsigned int offset)
{
	return cfi_table_find(table, MADE_BASE + offset);
}

static void assert_cfa(const struct cfi_table *table, unsigned int offset,
		       unsigned int reg, int operand)
{
	const struct cfi_row *row = row_at(table, offset);

	assert_non_null(row);
	assert_int_equal(row->cfa_kind, CFI_CFA_REG_OFFSET);
	assert_int_equal(row->cfa_reg, reg);
	assert_int_equal(row->cfa_operand, operand);
}

static void assert_rule(const struct cfi_table *table, unsigned int offset,
			unsigned int reg, enum cfi_rule_kind kind, int operand)
{
	const struct cfi_row *row = row_at(table, offset);

	assert_non_null(row);
	for (unsigned int i = 0; i < row->rule_count; i++)
		if (row->rules[i].reg == reg) {
			assert_int_equal(row->rules[i].kind, kind);
			assert_int_equal(row->rules[i].operand, operand);
			return;
		}
	assert_int_equal(kind, CFI_SAME);
}

static void test_ranges_end(void **state)
{
	struct cfi_table *table = table_of(DW_CFA_nop);
	uint64_t start, end;

	(void)state;
	assert_null(cfi_table_find(table, MADE_BASE - 1));
	assert_cfa(table, 0, RSP, 8);
	assert_cfa(table, 0xff, RSP, 8);
	assert_rule(table, 0xff, RIP, CFI_OFFSET, -8);
	assert_null(row_at(table, 0x100));
	assert_null(row_at(table, MADE_CODE));
	assert_null(cfi_table_find(table, UINT64_MAX));
	assert_null(cfi_table_find(table, 0));
	assert_true(cfi_table_function(table, MADE_BASE + 5, &start, &end));
	assert_int_equal(start, MADE_BASE);
	assert_int_equal(end, MADE_BASE + 0x100);
	assert_false(cfi_table_function(table, MADE_BASE + 0x100, &start,
					&end));
	assert_false(cfi_table_function(table, MADE_BASE - 1, &start, &end));
	cfi_table_destroy(table);
}

static void test_advances(void **state)
{
	struct cfi_table *table = table_of(
		DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16,
		DW_CFA_advance_loc1, 15, DW_CFA_def_cfa_offset, 24,
		DW_CFA_advance_loc2, 0x10, 0, DW_CFA_def_cfa_offset, 32,
		DW_CFA_advance_loc4, 0x10, 0, 0, 0, DW_CFA_def_cfa_offset, 40,
		DW_CFA_MIPS_advance_loc8, 0x10, 0, 0, 0, 0, 0, 0, 0,
		DW_CFA_def_cfa_offset, 48,
		DW_CFA_set_loc, 0x60, 0x10, 0, 0, 0, 0, 0, 0,
		DW_CFA_def_cfa_offset, 56);

	(void)state;
	assert_cfa(table, 0, RSP, 8);
	assert_cfa(table, 1, RSP, 16);
	assert_cfa(table, 15, RSP, 16);
	assert_cfa(table, 16, RSP, 24);
	assert_cfa(table, 0x20, RSP, 32);
	assert_cfa(table, 0x30, RSP, 40);
	assert_cfa(table, 0x40, RSP, 48);
	assert_cfa(table, 0x5f, RSP, 48);
	assert_cfa(table, 0x60, RSP, 56);
	assert_cfa(table, 0xff, RSP, 56);
	assert_null(row_at(table, 0x100));
	cfi_table_destroy(table);
}

static void test_advance_past_end(void **state)
{
	struct cfi_table *table = table_of(
		DW_CFA_advance_loc2, 0, 2, DW_CFA_def_cfa_offset, 16);

	(void)state;
	assert_cfa(table, 0xff, RSP, 8);
	assert_null(row_at(table, 0x100));
	assert_null(row_at(table, 0x200));
	cfi_table_destroy(table);
}

static void test_cfa_definitions(void **state)
{
	struct cfi_table *table = table_of(
		DW_CFA_def_cfa, RBP, 16, DW_CFA_advance_loc | 1,
		DW_CFA_def_cfa_register, RBX, DW_CFA_advance_loc | 1,
		DW_CFA_def_cfa_sf, RSP, 0x7e, DW_CFA_advance_loc | 1,
		DW_CFA_def_cfa_offset_sf, 0x7d, DW_CFA_advance_loc | 1,
		DW_CFA_def_cfa_expression, 2, DW_OP_breg0 + RBP, 0,
		DW_CFA_GNU_args_size, 0x80, 1);
	const struct cfi_row *row;
	struct cfi_expression expression;

	(void)state;
	assert_cfa(table, 0, RBP, 16);
	assert_cfa(table, 1, RBX, 16);
	assert_cfa(table, 2, RSP, 16); // -2 * -8
	assert_cfa(table, 3, RSP, 24);
	row = row_at(table, 4);
	assert_int_equal(row->cfa_kind, CFI_CFA_EXPRESSION);
	expression = cfi_table_expression(table, row->cfa_operand);
	assert_int_equal(expression.size, 2);
	assert_int_equal(expression.bytes[0], DW_OP_breg0 + RBP);
	cfi_table_destroy(table);
}

static void test_rules(void **state)
{
	struct cfi_table *table = table_of(
		DW_CFA_offset | RBX, 2, DW_CFA_offset_extended, RBP, 3,
		DW_CFA_offset_extended_sf, 12, 0x7c,
		DW_CFA_GNU_negative_offset_extended, 13, 5,
		DW_CFA_val_offset, 14, 6, DW_CFA_val_offset_sf, 15, 0x7a,
		DW_CFA_advance_loc | 1,
		DW_CFA_register, RBX, RBP, DW_CFA_undefined, RBP,
		DW_CFA_same_value, 12,
		DW_CFA_expression, 13, 1, DW_OP_lit0,
		DW_CFA_val_expression, 14, 1, DW_OP_lit1);

	(void)state;
	assert_rule(table, 0, RBX, CFI_OFFSET, -16);
	assert_rule(table, 0, RBP, CFI_OFFSET, -24);
	assert_rule(table, 0, 12, CFI_OFFSET, 32);
	assert_rule(table, 0, 13, CFI_OFFSET, 40);
	assert_rule(table, 0, 14, CFI_VAL_OFFSET, -48);
	assert_rule(table, 0, 15, CFI_VAL_OFFSET, 48);
	assert_rule(table, 1, RBX, CFI_REGISTER, RBP);
	assert_rule(table, 1, RBP, CFI_UNDEFINED, 0);
	assert_rule(table, 1, 12, CFI_SAME, 0);
	assert_rule(table, 1, 13, CFI_EXPRESSION, 0);
	assert_rule(table, 1, 14, CFI_VAL_EXPRESSION, 1);
	assert_rule(table, 1, RIP, CFI_OFFSET, -8);
	cfi_table_destroy(table);
}

static void test_restore(void **state)
{
	struct cfi_table *table = table_of(
		DW_CFA_offset | RBX, 2, DW_CFA_undefined, RIP,
		DW_CFA_remember_state, DW_CFA_advance_loc | 1,
		DW_CFA_restore | RBX, DW_CFA_restore_extended, RIP,
		DW_CFA_def_cfa_offset, 64, DW_CFA_advance_loc | 1,
		DW_CFA_restore_state, DW_CFA_advance_loc | 1,
		DW_CFA_restore | RIP);

	(void)state;
	assert_rule(table, 0, RBX, CFI_OFFSET, -16);
	assert_rule(table, 0, RIP, CFI_UNDEFINED, 0);
	assert_rule(table, 1, RBX, CFI_SAME, 0);
	assert_rule(table, 1, RIP, CFI_OFFSET, -8);
	assert_cfa(table, 1, RSP, 64);
	assert_rule(table, 2, RBX, CFI_OFFSET, -16);
	assert_rule(table, 2, RIP, CFI_UNDEFINED, 0);
	assert_cfa(table, 2, RSP, 8);
	assert_rule(table, 3, RIP, CFI_OFFSET, -8);
	cfi_table_destroy(table);
}

// Rows before the broken instruction stay; nothing is known behind it.
static void assert_breaks(struct cfi_table *table)
{
	assert_cfa(table, 0, RSP, 16);
	assert_cfa(table, 3, RSP, 16);
	assert_null(row_at(table, 4));
	assert_null(row_at(table, 0xff));
	cfi_table_destroy(table);
}

#define breaks(...)                                                            \
	assert_breaks(table_of(DW_CFA_def_cfa_offset, 16,                      \
			       DW_CFA_advance_loc | 4, __VA_ARGS__))

static void test_broken_programs(void **state)
{
	uint8_t deep[200] = { DW_CFA_def_cfa_offset, 16,
			      DW_CFA_advance_loc | 4 };

	(void)state;
	breaks(DW_CFA_restore_state);
	breaks(0x3f);
	breaks(DW_CFA_def_cfa, 17, 0);
	breaks(DW_CFA_def_cfa, RSP, 0xff, 0xff, 0xff, 0xff, 0x7f);
	breaks(DW_CFA_offset | RBX, 0xff, 0xff, 0xff, 0xff, 0x7f);
	breaks(DW_CFA_def_cfa_offset);
	breaks(DW_CFA_advance_loc4, 1, 2, 3);
	breaks(DW_CFA_expression, RBX, 5, 0);
	breaks(DW_CFA_set_loc, 0, 0x10, 0, 0, 0, 0, 0, 0); // backwards
	breaks(DW_CFA_register, RBX, 40);
	// -2^63, of which there is no negative.
	breaks(DW_CFA_GNU_negative_offset_extended, RBX, 0x80, 0x80, 0x80, 0x80,
	       0x80, 0x80, 0x80, 0x80, 0x80, 1);
	breaks(DW_CFA_def_cfa_expression, 1, DW_OP_lit0,
	       DW_CFA_def_cfa_register, RBX);
	memset(deep + 3, DW_CFA_remember_state, sizeof(deep) - 3);
	assert_breaks(build_program(deep, sizeof(deep)));
}

static void test_vector_registers_are_skipped(void **state)
{
	struct cfi_table *table = table_of(
		DW_CFA_offset | 17, 2, DW_CFA_offset_extended, 0x90, 1, 4,
		DW_CFA_restore | 17, DW_CFA_offset | RBX, 2);

	(void)state;
	assert_rule(table, 0, RBX, CFI_OFFSET, -16);
	assert_int_equal(row_at(table, 0)->rule_count, 2);
	cfi_table_destroy(table);
}

static void test_signal_frame_keeps_all(void **state)
{
	static const uint8_t program[] = { DW_CFA_offset | R8, 2 };
	struct writer eh = { .size = 0 }, none = { .size = 0 };
	size_t cie = put_cie(&eh, "zRS", true);
	struct cfi_table *table;

	(void)state;
	put_fde(&eh, cie, true, MADE_BASE, 0x100, program, sizeof(program));
	table = build(&eh, &none);
	assert_true(row_at(table, 0)->signal_frame);
	assert_rule(table, 0, R8, CFI_OFFSET, -16);
	cfi_table_destroy(table);
	table = table_of(DW_CFA_offset | R8, 2);
	assert_false(row_at(table, 0)->signal_frame);
	assert_rule(table, 0, R8, CFI_SAME, 0);
	cfi_table_destroy(table);
}

// .eh_frame: [100,200) and [180,280); .debug_frame: [0,1000), [180,190).
static void test_overlaps(void **state)
{
	static const uint8_t cfa16[] = { DW_CFA_def_cfa_offset, 16 };
	static const uint8_t cfa24[] = { DW_CFA_def_cfa_offset, 24 };
	static const uint8_t cfa32[] = { DW_CFA_advance_loc1, 0x80,
					 DW_CFA_def_cfa_offset, 32,
					 DW_CFA_advance_loc2, 0, 2,
					 DW_CFA_def_cfa_offset, 40 };
	struct writer eh = { .size = 0 }, debug = { .size = 0 };
	size_t cie = put_cie(&eh, "zR", true);
	struct cfi_table *table;
	uint64_t start, end;

	(void)state;
	put_fde(&eh, cie, true, MADE_BASE + 0x180, 0x100, cfa24, 2);
	put_fde(&eh, cie, true, MADE_BASE + 0x100, 0x100, cfa16, 2);
	cie = put_cie(&debug, "", false);
	put_fde(&debug, cie, false, MADE_BASE, 0x1000, cfa32, sizeof(cfa32));
	put_fde(&debug, cie, false, MADE_BASE + 0x180, 0x10, cfa16, 2);
	table = build(&eh, &debug);
	assert_cfa(table, 0, RSP, 8);
	assert_cfa(table, 0x80, RSP, 32);
	assert_cfa(table, 0xff, RSP, 32);
	assert_cfa(table, 0x100, RSP, 16);
	assert_cfa(table, 0x1ff, RSP, 16);
	assert_cfa(table, 0x200, RSP, 24);
	assert_cfa(table, 0x27f, RSP, 24);
	assert_cfa(table, 0x280, RSP, 40);
	assert_cfa(table, 0xfff, RSP, 40);
	assert_null(row_at(table, 0x1000));
	assert_true(cfi_table_function(table, MADE_BASE + 0x250, &start, &end));
	assert_int_equal(start, MADE_BASE + 0x200);
	assert_int_equal(end, MADE_BASE + 0x280);
	cfi_table_destroy(table);
}

static void test_fdes_outside_code(void **state)
{
	struct writer eh = { .size = 0 }, none = { .size = 0 };
	size_t cie = put_cie(&eh, "zR", true);
	struct cfi_table *table;

	(void)state;
	put_fde(&eh, cie, true, 0, 0x100, NULL, 0);
	put_fde(&eh, cie, true, MADE_BASE + MADE_CODE - 4, 8, NULL, 0);
	put_fde(&eh, cie, true, MADE_BASE + 4, 0, NULL, 0);
	put_fde(&eh, cie, true, MADE_BASE + 4, UINT64_MAX - 8, NULL, 0);
	table = build(&eh, &none);
	assert_int_equal(cfi_table_row_count(table), 0);
	assert_null(row_at(table, 4));
	cfi_table_destroy(table);
}

// An entry that makes no sense is left out, not what follows it.
static void test_broken_entries(void **state)
{
	static const char *const augmentations[] = {
		"eh", "zX", "zRQ", "R", "zPR",
	};
	struct writer eh = { .size = 0 }, none = { .size = 0 };
	struct cfi_table *table;
	size_t cie;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		cie = put_cie(&eh, augmentations[i], true);
		put_fde(&eh, cie, true, MADE_BASE, 0x10, NULL, 0);
	}
	put_fde(&eh, eh.size + 400, true, MADE_BASE, 0x10, NULL, 0);
	put_fde(&eh, 4, true, MADE_BASE, 0x10, NULL, 0);
	put_u32(&eh, 2); // shorter than an id
	put(&eh, "\1\2", 2);
	put_u32(&eh, 0); // an end mark between two input files
	cie = put_cie(&eh, "zR", true);
	put_fde(&eh, cie, true, MADE_BASE + 0x20, 0x10, NULL, 0);
	put_u32(&eh, 0xfffffff0);
	table = build(&eh, &none);
	assert_null(row_at(table, 0));
	assert_cfa(table, 0x20, RSP, 8);
	assert_null(row_at(table, 0x30));
	cfi_table_destroy(table);
}

// Cut off anywhere: fewer rows, never others.
static void test_truncated_section(void **state)
{
	static const uint8_t program[] = { DW_CFA_advance_loc | 4,
					   DW_CFA_def_cfa_offset, 16 };
	struct writer eh = { .size = 0 }, none = { .size = 0 };
	size_t cie = put_cie(&eh, "zR", true), full;

	(void)state;
	put_fde(&eh, cie, true, MADE_BASE, 0x10, program, sizeof(program));
	full = eh.size;
	for (eh.size = 0; eh.size <= full; eh.size++) {
		struct cfi_table *table = build(&eh, &none);

		if (eh.size < full)
			assert_null(row_at(table, 0));
		else
			assert_cfa(table, 4, RSP, 16);
		cfi_table_destroy(table);
	}
}

static void test_other_machine(void **state)
{
	struct cfi_table *table = NULL;
	struct elf_image *image;
	struct error *error;
	size_t size;
	void *file = made_elf(EM_AARCH64, NULL, 0, &size);

	(void)state;
	assert_null(elf_image_from_bytes(file, size, &image));
	error = cfi_table_build(image, &arch_x86_64, &table);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	error_destroy(error);
	assert_null(cfi_table_build(image, &arch_aarch64, &table));
	assert_int_equal(cfi_table_row_count(table), 0);
	assert_null(cfi_table_find(table, MADE_BASE));
	cfi_table_destroy(table);
	elf_image_destroy(image);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_end),
		cmocka_unit_test(test_advances),
		cmocka_unit_test(test_advance_past_end),
		cmocka_unit_test(test_cfa_definitions),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_broken_programs),
		cmocka_unit_test(test_vector_registers_are_skipped),
		cmocka_unit_test(test_signal_frame_keeps_all),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_fdes_outside_code),
		cmocka_unit_test(test_broken_entries),
		cmocka_unit_test(test_truncated_section),
		cmocka_unit_test(test_other_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
