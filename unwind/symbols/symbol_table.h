/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Function names of one ELF file: which function holds a vaddr? Gathered from
 * .symtab, .dynsym and .gnu_debugdata of the file and of its separate debug
 * file (by build-id or debuglink); sorted, overlaps resolved, demangled when
 * asked. Immutable after building, owned by the module.
 */
#ifndef BRINDLE_UNWIND_SYMBOLS_SYMBOL_TABLE_H
#define BRINDLE_UNWIND_SYMBOLS_SYMBOL_TABLE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct symbol_table;

struct symbol {
	uint64_t vaddr;
	uint64_t size; /* 0: not known; holds no vaddr then */
	const char *name; /* as in the file; borrowed from the table */
};

/** @path helps to find a debuglink file; may be NULL. */
struct error *symbol_table_build(struct elf_image *image, const char *path,
				 struct symbol_table **ret);

/** Of @symbols, by ascending and unique vaddr, whose names are copied. */
struct error *symbol_table_create(const struct symbol *symbols, size_t count,
				  struct symbol_table **ret);
void symbol_table_destroy(struct symbol_table *table);

/** The symbol that holds @vaddr, or NULL. */
const struct symbol *symbol_table_find(const struct symbol_table *table,
				       uint64_t vaddr);

/** What it takes of memory. */
size_t symbol_table_bytes(const struct symbol_table *table);

#endif
