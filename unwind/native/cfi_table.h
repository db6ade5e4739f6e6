/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call frame information as rows. A row covers a range of addresses and says,
 * for a frame whose pc lies there, what its CFA is (the canonical frame
 * address: the stack pointer before the call) and where the caller's registers
 * are. Answers "how do I step out of this pc?" by binary search.
 *
 * Built once per file from .eh_frame and .debug_frame: cfi_entry.h finds the
 * entries, cfi_program.h runs their programs (DWARF 5 section 6.4.2, and the
 * LSB's .eh_frame supplement). Equal rows are stored once. Immutable after
 * building, so look-ups need no lock.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_TABLE_H
#define BRINDLE_UNWIND_NATIVE_CFI_TABLE_H

#include "base/error.h"
#include "unwind/arch.h"

struct elf_image;

enum cfi_rule_kind {
	CFI_SAME,	    /* unchanged; also for registers without a rule */
	CFI_UNDEFINED,	    /* not recoverable; for the pc: outermost frame */
	CFI_OFFSET,	    /* saved at CFA + offset */
	CFI_VAL_OFFSET,	    /* is CFA + offset */
	CFI_REGISTER,	    /* is in another register */
	CFI_EXPRESSION,	    /* saved at the address an expression yields */
	CFI_VAL_EXPRESSION, /* is what an expression yields */
};

struct cfi_rule {
	uint8_t kind;	  /* enum cfi_rule_kind */
	uint8_t reg;	  /* DWARF number of the register it recovers */
	int32_t operand;  /* offset, register, or index of an expression */
};

enum cfi_cfa_kind {
	CFI_CFA_REG_OFFSET, /* register + offset */
	CFI_CFA_EXPRESSION,
};

enum { CFI_ROW_RULES_MAX = 34 };

struct cfi_row {
	uint8_t cfa_kind;      /* enum cfi_cfa_kind */
	uint8_t cfa_reg;
	bool signal_frame;     /* augmentation 'S': the pc is exact */
	uint8_t rule_count;
	int32_t cfa_operand;   /* offset, or index of an expression */
	const struct cfi_rule *rules; /* borrowed from the table */
};

struct cfi_expression {
	const uint8_t *bytes; /* borrowed from the table */
	size_t size;
};

struct cfi_table;

/** An empty table when the file has no CFI. Drops the sections it read. */
struct error *cfi_table_build(struct elf_image *image, const struct arch *arch,
			      struct cfi_table **ret);
void cfi_table_destroy(struct cfi_table *table);

/** The row for ELF vaddr @vaddr, or NULL. Borrowed from the table. */
const struct cfi_row *cfi_table_find(const struct cfi_table *table,
				     uint64_t vaddr);

/** The FDE's range that holds @vaddr: one contiguous piece of a function. */
bool cfi_table_function(const struct cfi_table *table, uint64_t vaddr,
			uint64_t *ret_start, uint64_t *ret_end);

/** Calls @visit for the row at @start and for each change before @end, with
 *  NULL where there is none. Both lie in the table's code. */
typedef void (*cfi_row_fn)(void *context, uint64_t vaddr,
			   const struct cfi_row *row);
void cfi_table_each_row(const struct cfi_table *table, uint64_t start,
			uint64_t end, cfi_row_fn visit, void *context);

/** The vaddrs that it can speak of. */
void cfi_table_code(const struct cfi_table *table, uint64_t *ret_start,
		    uint64_t *ret_end);

/** Expression @index, named by rules and by CFAs. */
struct cfi_expression cfi_table_expression(const struct cfi_table *table,
					   int32_t index);

size_t cfi_table_row_count(const struct cfi_table *table);
size_t cfi_table_bytes(const struct cfi_table *table);

#endif
