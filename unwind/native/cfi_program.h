/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter of CFA programs: it runs the instructions of a CIE and of an
 * FDE and yields, for each stretch of code, the rules that hold there.
 * Bounded: by the entry's bytes, the depth of remembered states, the length of
 * expressions, and by `work_left` over all entries.
 *
 * Authority: DWARF 5 section 6.4.2 and 7.24; LSB 5.0 Core 10.5 (the GNU
 * instructions).
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_PROGRAM_H
#define BRINDLE_UNWIND_NATIVE_CFI_PROGRAM_H

#include "unwind/native/cfi_entry.h"
#include "unwind/native/cfi_intern.h"
#include "unwind/native/cfi_table.h"

enum {
	// GCC and Clang nest two deep.
	CFI_REMEMBER_MAX = 64,
	// The longest met has 15 bytes; the evaluator takes 256 operations.
	CFI_EXPRESSION_BYTES_MAX = 2048,
};

/** The rules at one address. */
struct cfi_state {
	bool cfa_known;
	uint8_t cfa_kind; /* enum cfi_cfa_kind */
	uint8_t cfa_reg;
	int32_t cfa_operand;
	uint64_t ruled;	  /* bit n: register n has a rule */
	uint8_t kind[ARCH_REG_MAX]; /* enum cfi_rule_kind */
	int32_t operand[ARCH_REG_MAX];
};

/** Rules @state hold from @start on; NULL: nothing is known from there on. */
typedef void (*cfi_state_fn)(void *context, uint64_t start,
			     const struct cfi_state *state);

struct cfi_machine {
	const struct arch *arch;	   /* borrowed */
	const struct cfi_section *section; /* borrowed */
	struct cfi_intern *expressions;	   /* borrowed */
	cfi_state_fn yield;
	void *context; /* borrowed */
	struct cfi_state current;
	struct cfi_state remembered[CFI_REMEMBER_MAX];
	size_t remembered_count;
	uint64_t location;
	bool dirty; /* `current` differs from what was yielded last */
	uint64_t work_left; /* instructions that may still be run */
};

/** Runs @cie's program. False: broken; no FDE of this CIE can be used. */
bool cfi_machine_run_cie(struct cfi_machine *machine,
			 const struct cfi_cie *cie, struct cfi_state *ret);

/**
 * Runs @fde's program from @initial, its CIE's rules, and yields states by
 * rising address within [fde->start, fde->end). A broken program yields what
 * it said before it broke, then NULL.
 */
void cfi_machine_run_fde(struct cfi_machine *machine,
			 const struct cfi_cie *cie,
			 const struct cfi_state *initial,
			 const struct cfi_fde *fde);

#endif
