/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address space of one process as an unwinder needs it: which executable
 * mapping holds an address, and which module vaddr that is. Answers "whose
 * code is at this pc?".
 *
 * Fed by /proc/PID/maps and PERF_RECORD_MMAP2, where a newer mapping replaces
 * what it overlaps. Owned by its process; used by the unwind worker alone.
 */
#ifndef BRINDLE_UNWIND_SPACE_H
#define BRINDLE_UNWIND_SPACE_H

#include "unwind/module.h"

enum mapping_kind {
	MAPPING_FILE,	   /* code of a module */
	MAPPING_VDSO,	   /* code of a module that lies in memory */
	MAPPING_ANONYMOUS, /* JIT code, trampolines: no CFI */
	MAPPING_SPECIAL,   /* [vsyscall] and the like */
};

struct mapping {
	uint64_t start, end;	/* [start, end) in the process */
	uint64_t file_offset;	/* of start */
	enum mapping_kind kind;
	struct module *module;	/* counted; NULL unless FILE or VDSO */
	uint64_t bias;		/* pc - bias = the module's ELF vaddr */
};

/** What all files together may have of CPython. */
struct space_pythons {
	unsigned int count; /* mapped; 2: two, or more */
	bool unread;	    /* of some file nobody can tell yet */
};

struct space {
	struct mapping *mappings; /* owned; sorted by start, disjoint */
	size_t count, capacity;
	size_t last;		  /* index of the last hit */
	uint64_t generation;	  /* grows with every change */
	/* What space_find_python() found last: its index and 1, or 0 for none;
	 * and in which generation, and 1. */
	size_t python;
	uint64_t python_generation;
	/* The same of space_survey(). */
	struct space_pythons pythons;
	uint64_t pythons_generation;
};

void space_init(struct space *space);
void space_deinit(struct space *space);

/** Forgets all mappings, as exec does. */
void space_clear(struct space *space);

/** Makes @ret a copy of @space, as fork does. False without memory. */
bool space_copy(const struct space *space, struct space *ret);

/**
 * Adds executable [start, end), replacing what it overlaps. @module is
 * referenced, and may be NULL. The bias follows from the module's program
 * headers. False without memory.
 */
bool space_add(struct space *space, uint64_t start, uint64_t end,
	       uint64_t file_offset, enum mapping_kind kind,
	       struct module *module);

/** The same with a bias that is known. An empty @mapping is left out. */
bool space_add_mapping(struct space *space, const struct mapping *mapping);

/** The mapping that holds @pc, or NULL. Borrowed until the next change. */
const struct mapping *space_find(struct space *space, uint64_t pc);

/** The mapping whose module is a CPython, or NULL. */
const struct mapping *space_find_python(struct space *space);

/** A look at every file, which space_find_python() may not need. */
struct space_pythons space_survey(struct space *space);

/** Has every file that could not be read asked for again. */
void space_read_again(struct space *space);

#endif
