// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/elf_parts.h"

#include <string.h>

// Bounds the work on one table: 10 million symbols, twice the largest browser.
enum { SYMBOL_MAX = 10 << 20 };

struct symbol_cursor {
	struct elf_section symbols, names;
	size_t count, next;
};

static bool cursor_open(struct elf_image *image, size_t index,
			struct symbol_cursor *ret)
{
	const Elf64_Shdr *header = &image->section[index];

	memset(ret, 0, sizeof(*ret));
	if (header->sh_type != SHT_SYMTAB && header->sh_type != SHT_DYNSYM)
		return false;
	if (!elf_image_section_at(image, index, &ret->symbols) ||
	    !elf_image_section_at(image, header->sh_link, &ret->names))
		return false;
	ret->count = ret->symbols.size / sizeof(Elf64_Sym);
	if (ret->count > SYMBOL_MAX)
		ret->count = SYMBOL_MAX;
	return true;
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

bool elf_image_find_symbol(struct elf_image *image, const char *name,
			   uint64_t *ret_vaddr, uint64_t *ret_size)
{
	for (size_t i = 0; i < image->section_count; i++) {
		struct symbol_cursor cursor;
		const char *found;
		Elf64_Sym symbol;

		if (!cursor_open(image, i, &cursor))
			continue;
		while ((found = cursor_next(&cursor, &symbol)))
			if (!strcmp(found, name)) {
				*ret_vaddr = symbol.st_value;
				*ret_size = symbol.st_size;
				return true;
			}
	}
	return false;
}

void elf_image_each_function(struct elf_image *image, elf_symbol_fn visit,
			     void *context)
{
	for (size_t i = 0; i < image->section_count; i++) {
		struct symbol_cursor cursor;
		const char *name;
		Elf64_Sym symbol;

		if (!cursor_open(image, i, &cursor))
			continue;
		while ((name = cursor_next(&cursor, &symbol)))
			if (is_function(&symbol) &&
			    !visit(context, name, symbol.st_value,
				   symbol.st_size, symbol.st_info))
				return;
	}
}
