/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ELF file says about the CPython it contains, before any process is
 * read: version, the address of _PyRuntime, and all code ranges of the eval
 * loop (also the outlined .cold part of a stripped build, found through its
 * FDE). Vaddrs are the file's own. Owned by the module; immutable.
 */
#ifndef BRINDLE_UNWIND_PYTHON_BINARY_H
#define BRINDLE_UNWIND_PYTHON_BINARY_H

#include "base/error.h"
#include "unwind/python/layout.h"

struct cfi_table;
struct elf_image;

enum { PYTHON_EVAL_RANGE_MAX = 4 };

struct python_range {
	uint64_t start, end;
};

struct python_binary {
	uint32_t version;	/* PY_VERSION_HEX; 0: not told by the file */
	char version_text[24];	/* "3.12.1"; "3.8" when only so much is known */
	const struct python_layout *layout; /* NULL: unsupported */
	char unsupported[96];	/* why, when layout is NULL */
	uint64_t runtime_vaddr; /* _PyRuntime */
	uint64_t code_type_vaddr; /* PyCode_Type, 0 if not exported */
	struct python_range eval[PYTHON_EVAL_RANGE_MAX];
	unsigned int eval_count;
	/*
	 * The straight-line entry of the loop, run once per activation and
	 * before its record is complete: [eval[0].start, entry_end). A sampled
	 * pc in here means "entering": this activation has no frames yet. See
	 * find_entry_end() for how it is found.
	 */
	uint64_t entry_end;
};

/**
 * Quick part: version, layout, addresses; eval ranges stay empty. *ret is NULL
 * when @image is no CPython. For the thread that must publish a new process
 * before its first sample.
 */
struct error *python_binary_read(struct elf_image *image,
				 struct python_binary **ret);

/**
 * Fills in the eval ranges, of an unsupported version too, and entry_end. A
 * loop that cannot be told makes the interpreter an unsupported one.
 */
struct error *python_binary_find_eval(struct python_binary *binary,
				      struct elf_image *image,
				      const struct cfi_table *cfi);
void python_binary_destroy(struct python_binary *binary);

/** Whether ELF vaddr @vaddr lies in the eval loop. */
bool python_binary_in_eval(const struct python_binary *binary, uint64_t vaddr);

#endif
