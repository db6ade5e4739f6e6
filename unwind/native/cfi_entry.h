/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a CFI section: CIEs (what many functions share) and FDEs (one
 * contiguous piece of a function, which names its CIE). Answers "which
 * programs describe which code?"; cfi_program.h runs the programs.
 *
 * Our own reader, not libdw's: dwarf_next_cfi() of elfutils 0.188 reads beyond
 * the section on a personality pointer cut off by its end. Pure functions on
 * borrowed bytes.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_ENTRY_H
#define BRINDLE_UNWIND_NATIVE_CFI_ENTRY_H

#include "base/reader.h"

struct cfi_section {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	uint64_t vaddr;	      /* of bytes[0]; for pc-relative pointers */
	bool eh_frame;	      /* false: .debug_frame */
};

/** A CIE or FDE as delimited by its length; not looked into. */
struct cfi_entry {
	bool is_cie;
	uint64_t cie_offset; /* of its CIE; of itself when it is one */
	struct reader body;  /* what follows the id; ends with the entry */
};

enum {
	// A CIE is read for every FDE that follows another one's; real ones
	// have under 40 bytes.
	CFI_CIE_BYTES_MAX = 1024,
};

struct cfi_cie {
	size_t size;	      /* of what was looked at, also on failure */
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_address; /* column */
	uint8_t pointer_encoding; /* DW_EH_PE_* of FDE addresses */
	bool has_augmentation_size; /* 'z': FDEs carry one too */
	bool signal_frame;	 /* 'S' */
	struct reader program;
};

struct cfi_fde {
	uint64_t start, end; /* vaddrs */
	struct reader program;
};

/**
 * The entry at *@offset, which is moved behind it. False at the end of the
 * section and where lengths stop making sense.
 */
bool cfi_entry_next(const struct cfi_section *section, size_t *offset,
		    struct cfi_entry *ret);

/** False: no CIE there, or one that we cannot use. */
bool cfi_cie_read(const struct cfi_section *section, uint64_t offset,
		  struct cfi_cie *ret);

/** False: broken, or covers nothing. */
bool cfi_fde_read(const struct cfi_section *section,
		  const struct cfi_entry *entry, const struct cfi_cie *cie,
		  struct cfi_fde *ret);

/** A pointer as @encoding says; its vaddr base is the place where it stands. */
bool cfi_pointer_read(const struct cfi_section *section, struct reader *reader,
		      uint8_t encoding, uint64_t *ret);

#endif
