// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_parts.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

void cfi_parts_init(struct cfi_parts *parts, uint64_t base, uint64_t limit)
{
	memset(parts, 0, sizeof(*parts));
	if (limit > base && limit - base > UINT32_MAX)
		limit = base + UINT32_MAX;
	parts->base = base;
	parts->limit = limit > base ? limit : base;
	cfi_intern_init(&parts->rows);
	cfi_intern_init(&parts->expressions);
}

void cfi_parts_deinit(struct cfi_parts *parts)
{
	cfi_intern_deinit(&parts->rows);
	cfi_intern_deinit(&parts->expressions);
	cfi_ranges_deinit(&parts->functions);
	free(parts->changes);
	parts->changes = NULL;
	parts->change_count = parts->change_capacity = 0;
}

bool cfi_parts_add_expression(struct cfi_parts *parts, const void *bytes,
			      size_t size, uint32_t *ret_index)
{
	return cfi_intern_add(&parts->expressions, bytes, size, ret_index);
}

bool cfi_parts_add_function(struct cfi_parts *parts, uint64_t start,
			    uint64_t end)
{
	struct cfi_range range;

	if (start < parts->base || end > parts->limit || start >= end)
		return false;
	range = (struct cfi_range){
		.start = (uint32_t)(start - parts->base),
		.end = (uint32_t)(end - parts->base),
		.first_entry = (uint32_t)parts->change_count,
	};
	return cfi_ranges_add(&parts->functions, range);
}

static bool is_expression(const struct cfi_parts *parts, int32_t index)
{
	return index >= 0 && (size_t)index < parts->expressions.count;
}

static bool rule_is_sane(const struct cfi_parts *parts,
			 const struct cfi_rule *rule)
{
	if (rule->reg >= ARCH_REG_MAX || rule->kind > CFI_VAL_EXPRESSION)
		return false;
	switch ((enum cfi_rule_kind)rule->kind) {
	case CFI_REGISTER:
		return rule->operand >= 0 && rule->operand < ARCH_REG_MAX;
	case CFI_EXPRESSION:
	case CFI_VAL_EXPRESSION:
		return is_expression(parts, rule->operand);
	case CFI_SAME:
	case CFI_UNDEFINED:
	case CFI_OFFSET:
	case CFI_VAL_OFFSET:
		return true;
	}
	return false;
}

// Each register at most once: a step has room for that many.
static bool row_is_sane(const struct cfi_parts *parts,
			const struct cfi_row *row)
{
	uint64_t ruled = 0;

	if (row->rule_count > CFI_ROW_RULES_MAX ||
	    row->cfa_reg >= ARCH_REG_MAX || row->cfa_kind > CFI_CFA_EXPRESSION)
		return false;
	if (row->cfa_kind == CFI_CFA_EXPRESSION &&
	    !is_expression(parts, row->cfa_operand))
		return false;
	for (unsigned int i = 0; i < row->rule_count; i++) {
		const struct cfi_rule *rule = &row->rules[i];

		if (!rule_is_sane(parts, rule) || ruled >> rule->reg & 1)
			return false;
		ruled |= UINT64_C(1) << rule->reg;
	}
	return true;
}

static bool intern_row(struct cfi_parts *parts, const struct cfi_row *row,
		       uint32_t *ret)
{
	struct cfi_packed_row packed = {
		.cfa_kind = row->cfa_kind,
		.cfa_reg = row->cfa_reg,
		.signal_frame = row->signal_frame,
		.rule_count = row->rule_count,
		.cfa_operand = row->cfa_operand,
	};

	for (unsigned int i = 0; i < row->rule_count; i++)
		packed.rules[i] = row->rules[i];
	return cfi_intern_add(&parts->rows, &packed,
			      offsetof(struct cfi_packed_row, rules) +
				      row->rule_count * sizeof(*row->rules),
			      ret);
}

// Rows of a function ascend, and lie within it.
static bool is_next(const struct cfi_parts *parts, struct cfi_range *function,
		    uint64_t vaddr)
{
	uint64_t offset = vaddr - parts->base;

	if (vaddr < parts->base || offset < function->start ||
	    offset >= function->end)
		return false;
	return !function->entry_count ||
	       offset > parts->changes[parts->change_count - 1].start;
}

bool cfi_parts_add_row(struct cfi_parts *parts, uint64_t vaddr,
		       const struct cfi_row *row)
{
	struct cfi_ranges *functions = &parts->functions;
	struct cfi_range *function;
	uint32_t id = CFI_NO_ROW;

	if (!functions->count || parts->change_count >= UINT32_MAX)
		return false;
	function = &functions->items[functions->count - 1];
	if (!is_next(parts, function, vaddr) ||
	    (row && (!row_is_sane(parts, row) || !intern_row(parts, row, &id))))
		return false;
	if (!array_reserve_one(parts->changes, parts->change_count,
			       parts->change_capacity))
		return false;
	parts->changes[parts->change_count++] = (struct cfi_change){
		(uint32_t)(vaddr - parts->base), id
	};
	function->entry_count++;
	return true;
}
