/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module is one ELF file as mapped into processes: an executable, a shared
 * library, the vdso. It gathers, each built when first asked for, what the
 * file tells an unwinder: CFI rows, symbols, and whether it is a CPython.
 *
 * Shared by all mappings of the same file, counted by references, found again
 * by identity in the module cache. After building, each part is immutable. One
 * thread (the unwind worker) builds and uses them.
 */
#ifndef BRINDLE_UNWIND_MODULE_H
#define BRINDLE_UNWIND_MODULE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_table;
struct elf_image;
struct python_binary;
struct symbol_table;

enum { MODULE_BUILD_ID_MAX = 64 };

struct module {
	unsigned int references;
	unsigned int cached;	 /* of them, held by the module cache */
	unsigned int kept;	 /* of them, by who has frames in it: the file
				    need not be mapped any more */
	char *path;		 /* owned; as the process mapped it */
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	size_t build_id_size;	 /* 0: the file has none */
	struct elf_image *image; /* owned; NULL: unreadable, see `problem` */
	char *problem;		 /* owned; why there is no image, or NULL */
	struct cfi_table *cfi;	 /* owned; NULL until asked for */
	struct symbol_table *symbols;	/* owned; NULL until asked for */
	struct python_binary *python;	/* owned; NULL: not a CPython */
	bool cfi_known;		 /* `cfi` has been asked for */
	bool symbols_known;	 /* `symbols` has been asked for */
	bool python_known;	 /* `python` has been decided */
	bool unread;		 /* see module_is_unread() */
	unsigned int reads_again; /* so often it was asked for again */
	uint64_t id;		 /* for whoever stores modules; 0: not stored */
	uint32_t id_era;	 /* of the store, in which that is valid */
};

/**
 * A module over @image, which it takes over (also on failure). @image NULL
 * makes a module that knows its path only.
 */
struct module *module_create(const char *path, struct elf_image *image,
			     const char *problem);
struct module *module_ref(struct module *module);
void module_unref(struct module *module);

/** A reference of one who is no mapping, and its end. */
struct module *module_keep(struct module *module);
void module_unkeep(struct module *module);

/** CFI rows; an empty table when the file has none. NULL without memory, and
 *  when the file is unreadable, broken, or of another architecture. */
const struct cfi_table *module_cfi(struct module *module);

/**
 * What the file says of CPython, or NULL when it is not one, or cannot be read
 * (module_is_unread()). An interpreter of
 * an unsupported version is one too: see python_binary.layout.
 */
const struct python_binary *module_python(struct module *module);

/**
 * Asked after module_python(): the file may be a CPython all the same. It was
 * not there, might not be opened, or a part of it could not be read. A file that
 * is none by what it says itself, no ELF at all for one, is none.
 */
static inline bool module_is_unread(const struct module *module)
{
	return module->unread;
}

/** Has what could not be read asked for again. Not what was never opened: see
 *  module_cache_get(). After some times it stays as it is. */
void module_read_again(struct module *module);

/** Symbols of the file and of its separate debug file. NULL without memory or
 *  a readable file. */
const struct symbol_table *module_symbols(struct module *module);

/** Of memory, what has been built of it, about. */
size_t module_bytes(const struct module *module);

#endif
