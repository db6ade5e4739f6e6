// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_parts.h"

#include "tests/cmocka.h"
#include "unwind/native/elf_image.h"
#include "unwind/regular_file.h"

#include <string.h>

enum { BASE = 0x1000, LIMIT = 0x9000, STEP = 7 };

static const struct cfi_rule return_rule = { CFI_OFFSET, 16, -8 };

static struct cfi_row row_at(int32_t offset)
{
	return (struct cfi_row){ .cfa_kind = CFI_CFA_REG_OFFSET,
				 .cfa_reg = 7,
				 .rule_count = 1,
				 .cfa_operand = offset,
				 .rules = &return_rule };
}

static void rows_hold_until_the_next(void **state)
{
	struct cfi_row row = row_at(8), next = row_at(16);
	struct cfi_table *table = NULL;
	struct cfi_parts parts;

	(void)state;
	cfi_parts_init(&parts, BASE, LIMIT);
	assert_true(cfi_parts_add_function(&parts, 0x3000, 0x3100));
	assert_true(cfi_parts_add_row(&parts, 0x3000, &row));
	assert_true(cfi_parts_add_row(&parts, 0x3010, &next));
	assert_true(cfi_parts_add_row(&parts, 0x3020, NULL));
	// A function that lies before: order does not matter.
	assert_true(cfi_parts_add_function(&parts, 0x2000, 0x2010));
	assert_true(cfi_parts_add_row(&parts, 0x2000, &next));
	assert_null(cfi_table_from_parts(&parts, &table));
	assert_null(cfi_table_find(table, 0x1fff));
	assert_int_equal(cfi_table_find(table, 0x200f)->cfa_operand, 16);
	assert_null(cfi_table_find(table, 0x2010));
	assert_int_equal(cfi_table_find(table, 0x300f)->cfa_operand, 8);
	assert_int_equal(cfi_table_find(table, 0x301f)->cfa_operand, 16);
	assert_null(cfi_table_find(table, 0x3020));
	cfi_table_destroy(table);
}

static void nonsense_is_refused(void **state)
{
	struct cfi_rule rules[] = { return_rule, return_rule };
	struct cfi_row row = row_at(8), bad = row_at(8);
	struct cfi_parts parts;

	(void)state;
	cfi_parts_init(&parts, BASE, LIMIT);
	assert_false(cfi_parts_add_row(&parts, 0x2000, &row));
	assert_false(cfi_parts_add_function(&parts, 0xfff, 0x2000));
	assert_false(cfi_parts_add_function(&parts, 0x8000, 0x9001));
	assert_false(cfi_parts_add_function(&parts, 0x2000, 0x2000));
	assert_true(cfi_parts_add_function(&parts, 0x2000, 0x2010));
	assert_false(cfi_parts_add_row(&parts, 0x2010, &row));
	assert_true(cfi_parts_add_row(&parts, 0x2004, &row));
	assert_false(cfi_parts_add_row(&parts, 0x2004, &row));
	bad.cfa_reg = ARCH_REG_MAX;
	assert_false(cfi_parts_add_row(&parts, 0x2008, &bad));
	bad = row_at(0);
	bad.cfa_kind = CFI_CFA_EXPRESSION; // there are none
	assert_false(cfi_parts_add_row(&parts, 0x2008, &bad));
	bad = row_at(8);
	bad.rules = rules;
	bad.rule_count = 2; // the same register twice
	assert_false(cfi_parts_add_row(&parts, 0x2008, &bad));
	rules[1].reg = 3;
	rules[1].kind = CFI_REGISTER;
	rules[1].operand = ARCH_REG_MAX;
	assert_false(cfi_parts_add_row(&parts, 0x2008, &bad));
	cfi_parts_deinit(&parts);
}

static struct cfi_table *own_table(void)
{
	_cleanup_close_ int fd = -1;
	struct elf_image *image = NULL;
	struct cfi_table *table = NULL;

	assert_null(regular_file_open("/proc/self/exe", NULL, &fd));
	assert_null(elf_image_open(fd, &image));
	assert_null(cfi_table_build(image, arch_native(), &table));
	elf_image_destroy(image);
	return table;
}

struct copying {
	const struct cfi_table *from;
	struct cfi_parts *to;
};

static void copy_expression(struct copying *copying, int32_t *index)
{
	struct cfi_expression expression =
		cfi_table_expression(copying->from, *index);
	uint32_t number;

	assert_true(cfi_parts_add_expression(copying->to, expression.bytes,
					     expression.size, &number));
	*index = (int32_t)number;
}

// cfi_row_fn
static void copy_row(void *context, uint64_t vaddr, const struct cfi_row *row)
{
	struct copying *copying = context;
	struct cfi_rule rules[CFI_ROW_RULES_MAX];
	struct cfi_row copy;

	if (!row) {
		assert_true(cfi_parts_add_row(copying->to, vaddr, NULL));
		return;
	}
	copy = *row;
	copy.rules = rules;
	memcpy(rules, row->rules, row->rule_count * sizeof(rules[0]));
	if (copy.cfa_kind == CFI_CFA_EXPRESSION)
		copy_expression(copying, &copy.cfa_operand);
	for (unsigned int i = 0; i < copy.rule_count; i++)
		if (rules[i].kind == CFI_EXPRESSION ||
		    rules[i].kind == CFI_VAL_EXPRESSION)
			copy_expression(copying, &rules[i].operand);
	assert_true(cfi_parts_add_row(copying->to, vaddr, &copy));
}

static void assert_rows_agree(const struct cfi_row *a, const struct cfi_row *b)
{
	assert_int_equal(a != NULL, b != NULL);
	if (!a)
		return;
	assert_int_equal(a->cfa_kind, b->cfa_kind);
	assert_int_equal(a->signal_frame, b->signal_frame);
	assert_int_equal(a->rule_count, b->rule_count);
	if (a->cfa_kind == CFI_CFA_REG_OFFSET)
		assert_int_equal(a->cfa_operand, b->cfa_operand);
	for (unsigned int i = 0; i < a->rule_count; i++) {
		assert_int_equal(a->rules[i].kind, b->rules[i].kind);
		assert_int_equal(a->rules[i].reg, b->rules[i].reg);
	}
}

static void a_copy_answers_alike(void **state)
{
	struct cfi_table *table = own_table(), *copy = NULL;
	struct copying copying = { .from = table };
	uint64_t base, limit, start, end;
	struct cfi_parts parts;
	size_t functions = 0;

	(void)state;
	cfi_table_code(table, &base, &limit);
	cfi_parts_init(&parts, base, limit);
	copying.to = &parts;
	for (uint64_t at = base; at < limit; at++) {
		if (!cfi_table_function(table, at, &start, &end))
			continue;
		assert_true(cfi_parts_add_function(&parts, start, end));
		cfi_table_each_row(table, start, end, copy_row, &copying);
		at = end - 1;
		functions++;
	}
	assert_true(functions > 10);
	assert_null(cfi_table_from_parts(&parts, &copy));
	for (uint64_t at = base; at < limit; at += STEP)
		assert_rows_agree(cfi_table_find(table, at),
				  cfi_table_find(copy, at));
	cfi_table_destroy(table);
	cfi_table_destroy(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_hold_until_the_next),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_copy_answers_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
