/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what the CFI sections of one file say: for each FDE the addresses
 * at which its row changes, rows and expressions being stored once. cfi_table.c
 * turns the result into the table that look-ups use.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_BUILDER_H
#define BRINDLE_UNWIND_NATIVE_CFI_BUILDER_H

#include "unwind/native/cfi_parts.h"
#include "unwind/native/cfi_program.h"

/** A CIE with its rules, kept since neighbouring FDEs share theirs. */
struct cfi_known_cie {
	bool filled, usable;
	uint64_t offset;
	struct cfi_cie cie;
	struct cfi_state initial;
};

enum { CFI_KNOWN_CIES = 64 };

struct cfi_builder {
	const struct arch *arch; /* borrowed */
	uint64_t base, limit;	 /* vaddrs of the file's code */
	struct cfi_intern rows, expressions;
	struct cfi_change *changes; /* owned */
	size_t change_count, change_capacity;
	bool full;		 /* memory or a limit is short */
	struct cfi_machine machine;
	struct cfi_known_cie known[CFI_KNOWN_CIES];
	/* While one FDE is read: */
	uint64_t kept_registers;
	bool signal_frame;
};

void cfi_builder_init(struct cfi_builder *builder, const struct arch *arch,
		      uint64_t base, uint64_t limit);
void cfi_builder_deinit(struct cfi_builder *builder);

/** Reads @section; its FDEs' ranges are added to @ranges. False: no memory. */
bool cfi_builder_add(struct cfi_builder *builder,
		     const struct cfi_section *section,
		     struct cfi_ranges *ranges);

#endif
