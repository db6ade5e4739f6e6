// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/symbol_table.h"

#include "unwind/native/elf_image.h"
#include "unwind/symbols/debug_file.h"
#include "unwind/symbols/symbol_list.h"

#include <string.h>

/* Functions nest (an entry point inside another's body), but not deeply. */
enum { NESTING_MAX = 32 };

struct symbol_table {
	struct symbol *symbols; /* owned; sorted by vaddr, which is unique */
	size_t count;
	char *names;		/* owned */
	size_t name_bytes;
};

void symbol_table_destroy(struct symbol_table *table)
{
	if (!table)
		return;
	free(table->symbols);
	free(table->names);
	free(table);
}

static size_t names_bytes(const struct symbol *symbols, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(symbols[i].name) + 1;
	return bytes;
}

/** Copies what was kept into blocks of just the size, for they stay long. */
struct error *symbol_table_create(const struct symbol *symbols, size_t count,
				  struct symbol_table **ret)
{
	struct symbol_table *table = calloc(1, sizeof(*table));
	char *name;

	if (!table)
		return &error_nomem;
	table->symbols = calloc(count + 1, sizeof(*table->symbols));
	table->name_bytes = names_bytes(symbols, count);
	table->names = malloc(table->name_bytes + 1);
	if (!table->symbols || !table->names) {
		symbol_table_destroy(table);
		return &error_nomem;
	}
	name = table->names;
	for (size_t i = 0; i < count; i++) {
		table->symbols[i] = symbols[i];
		table->symbols[i].name = name;
		name = stpcpy(name, symbols[i].name) + 1;
	}
	table->count = count;
	*ret = table;
	return NULL;
}

static struct error *table_from_list(const struct symbol_list *list,
				     struct symbol_table **ret)
{
	_cleanup_free_ struct symbol *symbols =
		calloc(list->count + 1, sizeof(*symbols));

	if (!symbols)
		return &error_nomem;
	for (size_t i = 0; i < list->count; i++)
		symbols[i] = (struct symbol){
			list->symbols[i].vaddr, list->symbols[i].size,
			list->names + list->symbols[i].name,
		};
	return symbol_table_create(symbols, list->count, ret);
}

static void add_stripped(struct symbol_list *list, struct elf_image *image,
			 const char *path)
{
	struct elf_image *extra = debug_file_open(image, path,
						  "/usr/lib/debug");

	if (!extra)
		extra = debug_file_embedded(image);
	if (!extra)
		return;
	symbol_list_add_image(list, extra);
	elf_image_destroy(extra);
}

struct error *symbol_table_build(struct elf_image *image, const char *path,
				 struct symbol_table **ret)
{
	struct symbol_list list;
	struct error *error = symbol_list_init(&list, image);

	if (error)
		return error;
	symbol_list_add_image(&list, image);
	if (!list.has_symtab)
		add_stripped(&list, image, path);
	symbol_list_resolve(&list);
	error = list.no_memory ? &error_nomem : table_from_list(&list, ret);
	symbol_list_deinit(&list);
	return error;
}

/** How many symbols begin at or below @vaddr. */
static size_t count_up_to(const struct symbol_table *table, uint64_t vaddr)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols[middle].vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** Of nested symbols the innermost: the last to begin that holds @vaddr. */
const struct symbol *symbol_table_find(const struct symbol_table *table,
				       uint64_t vaddr)
{
	size_t index = count_up_to(table, vaddr);

	for (int i = 0; index && i < NESTING_MAX; i++) {
		const struct symbol *symbol = &table->symbols[--index];

		if (vaddr - symbol->vaddr < symbol->size)
			return symbol;
	}
	return NULL;
}

size_t symbol_table_bytes(const struct symbol_table *table)
{
	return sizeof(*table) + table->count * sizeof(*table->symbols) +
	       table->name_bytes;
}
