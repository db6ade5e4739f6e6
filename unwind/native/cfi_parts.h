/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CFI table is laid out from: functions, the addresses at which their
 * row changes, rows and expressions stored once. The builder gathers them from
 * a file's sections; whoever has rows of another table (a recording that holds
 * some functions of a file) adds them here one by one. What is added is foreign
 * data: rows that no section could have made are refused.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_PARTS_H
#define BRINDLE_UNWIND_NATIVE_CFI_PARTS_H

#include "unwind/native/cfi_intern.h"
#include "unwind/native/cfi_ranges.h"
#include "unwind/native/cfi_table.h"

/** A row that is none: code without CFI. */
#define CFI_NO_ROW UINT32_MAX

/** From @start, relative to the table's base, row @row holds. */
struct cfi_change {
	uint32_t start;
	uint32_t row;
};

/** How a row lies in the pool of rows; rule_count rules follow. */
struct cfi_packed_row {
	uint8_t cfa_kind, cfa_reg, signal_frame, rule_count;
	int32_t cfa_operand;
	struct cfi_rule rules[CFI_ROW_RULES_MAX];
};

struct cfi_parts {
	uint64_t base, limit; /* vaddrs of the file's code */
	struct cfi_intern rows, expressions;
	struct cfi_change *changes; /* owned */
	size_t change_count, change_capacity;
	struct cfi_ranges functions;
};

/** @limit - @base is cut to 32 bits. */
void cfi_parts_init(struct cfi_parts *parts, uint64_t base, uint64_t limit);
void cfi_parts_deinit(struct cfi_parts *parts);

/** An expression for rows added later; equal ones share a number. */
bool cfi_parts_add_expression(struct cfi_parts *parts, const void *bytes,
			      size_t size, uint32_t *ret_index);

/**
 * A function [@start, @end). Its rows follow, by ascending address: @row from
 * @vaddr on, NULL for none. False: refused, or no memory.
 */
bool cfi_parts_add_function(struct cfi_parts *parts, uint64_t start,
			    uint64_t end);
bool cfi_parts_add_row(struct cfi_parts *parts, uint64_t vaddr,
		       const struct cfi_row *row);

/** Takes over what @parts holds; it is then empty. */
struct error *cfi_table_from_parts(struct cfi_parts *parts,
				   struct cfi_table **ret);

#endif
