// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/elf_parts.h"

#include <string.h>

enum {
	// Bounds the work on one table: twice what the largest browser has.
	SYMBOL_MAX = 10 << 20,
	// gABI "Sections": a file has one of SHT_SYMTAB and one of SHT_DYNSYM. A
	// hundred thousand headers could name the same bytes.
	TABLE_MAX = 2,
	// Larger sections are read again when needed: a browser's would hold
	// 300 MiB for as long as it runs.
	BYTES_KEPT_MAX = 1 << 20,
};

struct symbol_cursor {
	struct elf_section symbols, names;
	size_t count, next;
	size_t drop[2]; /* sections to drop afterwards; 0: none */
};

static bool fetch(struct elf_image *image, size_t index,
		  struct elf_section *ret, size_t *ret_drop)
{
	bool fresh = index < image->section_count &&
		     image->cache[index].state == ELF_SECTION_UNREAD;

	if (!elf_image_section_at(image, index, ret))
		return false;
	if (fresh && ret->size > BYTES_KEPT_MAX)
		*ret_drop = index;
	return true;
}

static void cursor_close(struct elf_image *image, struct symbol_cursor *cursor)
{
	for (size_t i = 0; i < 2; i++)
		if (cursor->drop[i])
			elf_image_drop_section_at(image, cursor->drop[i]);
}

static bool cursor_open(struct elf_image *image, size_t index,
			struct symbol_cursor *ret)
{
	const Elf64_Shdr *header = &image->section[index];

	memset(ret, 0, sizeof(*ret));
	if (!fetch(image, index, &ret->symbols, &ret->drop[0]) ||
	    !fetch(image, header->sh_link, &ret->names, &ret->drop[1])) {
		cursor_close(image, ret);
		return false;
	}
	ret->count = ret->symbols.size / sizeof(Elf64_Sym);
	if (ret->count > SYMBOL_MAX)
		ret->count = SYMBOL_MAX;
	return true;
}

// The indices of the symbol tables; how many there are.
static size_t find_tables(const struct elf_image *image, size_t *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < image->section_count && count < TABLE_MAX; i++)
		if (image->section[i].sh_type == SHT_SYMTAB ||
		    image->section[i].sh_type == SHT_DYNSYM)
			ret[count++] = i;
	return count;
}

// Defined symbols only. The name ends inside the padding at the latest.
static const char *cursor_next(struct symbol_cursor *cursor, Elf64_Sym *ret)
{
	while (cursor->next < cursor->count) {
		memcpy(ret, cursor->symbols.bytes +
			    cursor->next++ * sizeof(*ret), sizeof(*ret));
		if (ret->st_shndx != SHN_UNDEF &&
		    ret->st_name < cursor->names.size)
			return (const char *)cursor->names.bytes +
			       ret->st_name;
	}
	return NULL;
}

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) &&
	       symbol->st_value != 0;
}

static bool find_in_table(struct symbol_cursor *cursor, const char *name,
			  Elf64_Sym *ret)
{
	const char *found;

	while ((found = cursor_next(cursor, ret)))
		if (!strcmp(found, name))
			return true;
	return false;
}

bool elf_image_find_symbol(struct elf_image *image, const char *name,
			   uint64_t *ret_vaddr, uint64_t *ret_size)
{
	size_t table[TABLE_MAX], count = find_tables(image, table);
	bool found = false;

	for (size_t i = 0; i < count && !found; i++) {
		struct symbol_cursor cursor;
		Elf64_Sym symbol;

		if (!cursor_open(image, table[i], &cursor))
			continue;
		found = find_in_table(&cursor, name, &symbol);
		cursor_close(image, &cursor);
		if (found) {
			*ret_vaddr = symbol.st_value;
			*ret_size = symbol.st_size;
		}
	}
	return found;
}

static bool visit_table(struct symbol_cursor *cursor, elf_symbol_fn visit,
			void *context)
{
	const char *name;
	Elf64_Sym symbol;

	while ((name = cursor_next(cursor, &symbol)))
		if (is_function(&symbol) &&
		    !visit(context, name, symbol.st_value, symbol.st_size,
			   symbol.st_info))
			return false;
	return true;
}

void elf_image_each_function(struct elf_image *image, elf_symbol_fn visit,
			     void *context)
{
	size_t table[TABLE_MAX], count = find_tables(image, table);
	bool wanted = true;

	for (size_t i = 0; i < count && wanted; i++) {
		struct symbol_cursor cursor;

		if (!cursor_open(image, table[i], &cursor))
			continue;
		wanted = visit_table(&cursor, visit, context);
		cursor_close(image, &cursor);
	}
}
