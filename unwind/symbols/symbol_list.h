/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Function symbols as they are found, in any order and from several tables,
 * on their way to a symbol table: which of several names for one address is
 * the one to show, and where do functions of unknown size end?
 *
 * Bounded, for a file may claim millions of symbols. Owned by the builder.
 */
#ifndef BRINDLE_UNWIND_SYMBOLS_SYMBOL_LIST_H
#define BRINDLE_UNWIND_SYMBOLS_SYMBOL_LIST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SYMBOL_NAME_MAX = 4096,	      /* with its NUL; a longer one is cut */
	SYMBOL_LIST_MAX = 2 << 20,
	SYMBOL_LIST_NAME_BYTES = 64 << 20,
};

struct elf_image;

struct listed_symbol {
	uint64_t vaddr, size;
	uint32_t name;	/* offset in names */
	bool local;
};

/** Where code may lie: sections, or segments in a file without sections. */
struct code_range {
	uint64_t start, end;
};

struct symbol_list {
	struct listed_symbol *symbols; /* owned */
	size_t count, capacity;
	char *names;		       /* owned */
	size_t names_size, names_capacity;
	struct code_range *ranges;     /* owned; sorted, disjoint */
	size_t range_count, range_capacity;
	bool has_symtab; /* the file itself was not stripped */
	bool cut;	 /* a bound was met: some symbols are missing */
	bool no_memory;
};

/** An empty list that takes symbols in the code of @image. */
struct error *symbol_list_init(struct symbol_list *list,
			       struct elf_image *image);
void symbol_list_deinit(struct symbol_list *list);

/** Adds the functions of @image's tables. */
void symbol_list_add_image(struct symbol_list *list, struct elf_image *image);

/** Sorts by vaddr, keeps one name per address, and gives sizes to all. */
void symbol_list_resolve(struct symbol_list *list);

#endif
