// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/symbol_list.h"

#include "base/array.h"
#include "unwind/native/elf_image.h"

#include <gelf.h>
#include <string.h>

/* Linked files have some 60 sections, object files up to 100,000. */
enum { RANGE_MAX = 4096 };

static bool add_range(struct symbol_list *list, uint64_t start, uint64_t size)
{
	if (start + size < start || !size || list->range_count == RANGE_MAX)
		return true;
	if (!array_reserve_one(list->ranges, list->range_count,
			       list->range_capacity))
		return false;
	list->ranges[list->range_count++] =
		(struct code_range){ start, start + size };
	return true;
}

static bool add_sections(struct symbol_list *list, Elf *elf)
{
	Elf_Scn *section = NULL;

	while (elf && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header))
			continue;
		list->has_symtab |= header.sh_type == SHT_SYMTAB;
		if (header.sh_flags & SHF_EXECINSTR &&
		    header.sh_flags & SHF_ALLOC &&
		    !add_range(list, header.sh_addr, header.sh_size))
			return false;
	}
	return true;
}

static bool add_segments(struct symbol_list *list,
			 const struct elf_image *image)
{
	for (size_t i = 0; i < elf_image_load_count(image); i++) {
		const struct elf_load *load = elf_image_load(image, i);

		if (load->executable &&
		    !add_range(list, load->vaddr, load->memory_size))
			return false;
	}
	return true;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct code_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static void sort_ranges(struct symbol_list *list)
{
	size_t kept = 0;

	if (!list->range_count)
		return;
	qsort(list->ranges, list->range_count, sizeof(*list->ranges),
	      compare_ranges);
	for (size_t i = 0; i < list->range_count; i++) {
		const struct code_range range = list->ranges[i];

		if (kept && range.start < list->ranges[kept - 1].end)
			continue;
		list->ranges[kept++] = range;
	}
	list->range_count = kept;
}

struct error *symbol_list_init(struct symbol_list *list,
			       struct elf_image *image)
{
	*list = (struct symbol_list){ 0 };
	if (!add_sections(list, elf_image_elf(image)) ||
	    (!list->range_count && !add_segments(list, image))) {
		symbol_list_deinit(list);
		return &error_nomem;
	}
	sort_ranges(list);
	return NULL;
}

void symbol_list_deinit(struct symbol_list *list)
{
	free(list->symbols);
	free(list->names);
	free(list->ranges);
	*list = (struct symbol_list){ 0 };
}

static const struct code_range *range_of(const struct symbol_list *list,
					 uint64_t vaddr)
{
	size_t low = 0, high = list->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->ranges[middle].end <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->range_count || list->ranges[low].start > vaddr)
		return NULL;
	return &list->ranges[low];
}

/** False: a bound was met, or memory is short. */
static bool add_name(struct symbol_list *list, const char *name,
		     uint32_t *ret)
{
	size_t size = strnlen(name, SYMBOL_NAME_MAX - 1);

	if (list->names_size + size + 1 > SYMBOL_LIST_NAME_BYTES) {
		list->cut = true;
		return false;
	}
	if (!array_reserve((void **)&list->names, &list->names_capacity,
			   list->names_size + size + 1, 1)) {
		list->no_memory = true;
		return false;
	}
	*ret = (uint32_t)list->names_size;
	memcpy(list->names + list->names_size, name, size);
	list->names[list->names_size + size] = '\0';
	list->names_size += size + 1;
	return true;
}

static bool add_symbol(void *context, const char *name, uint64_t vaddr,
		       uint64_t size, unsigned char info)
{
	struct symbol_list *list = context;
	const struct code_range *range = range_of(list, vaddr);
	struct listed_symbol symbol = {
		.vaddr = vaddr, .size = size,
		.local = GELF_ST_BIND(info) == STB_LOCAL,
	};

	if (!*name || !range)
		return true;
	if (size > range->end - vaddr)
		symbol.size = range->end - vaddr;
	if (list->count == SYMBOL_LIST_MAX) {
		list->cut = true;
		return false;
	}
	if (!array_reserve_one(list->symbols, list->count, list->capacity)) {
		list->no_memory = true;
		return false;
	}
	if (!add_name(list, name, &symbol.name))
		return false;
	list->symbols[list->count++] = symbol;
	return true;
}

void symbol_list_add_image(struct symbol_list *list, struct elf_image *image)
{
	elf_image_each_function(image, add_symbol, list);
}

/** How internal a name looks; mangled ones begin with _Z or _R by nature. */
static size_t underscores(const char *name)
{
	if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R'))
		return 0;
	return strspn(name, "_");
}

static int compare_sizes(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* Of "__read", "__GI___read", "read" and "read@@GLIBC_2.2.5": "read". */
static int compare_names(const char *a, const char *b)
{
	int by = compare_sizes(underscores(a), underscores(b));

	if (!by)
		by = compare_sizes(strlen(a), strlen(b));
	return by ? by : strcmp(a, b);
}

/** By vaddr, then the symbol to be shown first. */
static int compare_symbols(const void *left, const void *right, void *names)
{
	const struct listed_symbol *a = left, *b = right;

	if (a->vaddr != b->vaddr)
		return a->vaddr < b->vaddr ? -1 : 1;
	if (!a->size != !b->size)
		return a->size ? -1 : 1;
	if (a->local != b->local)
		return a->local ? 1 : -1;
	return compare_names((char *)names + a->name, (char *)names + b->name);
}

static void keep_one_per_vaddr(struct symbol_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct listed_symbol symbol = list->symbols[i];
		struct listed_symbol *last =
			kept ? &list->symbols[kept - 1] : NULL;

		if (!last || last->vaddr != symbol.vaddr)
			list->symbols[kept++] = symbol;
		else if (last->size < symbol.size)
			last->size = symbol.size;
	}
	list->count = kept;
}

/*
 * A function of unknown size (written in assembly) goes up to the next symbol
 * or the end of its section. When symbols are missing the next one may not be
 * the neighbour: better no name than a wrong one.
 */
static void give_sizes(struct symbol_list *list)
{
	for (size_t i = 0; i < list->count && !list->cut; i++) {
		struct listed_symbol *symbol = &list->symbols[i];
		uint64_t end;

		if (symbol->size)
			continue;
		end = range_of(list, symbol->vaddr)->end;
		if (i + 1 < list->count && list->symbols[i + 1].vaddr < end)
			end = list->symbols[i + 1].vaddr;
		symbol->size = end - symbol->vaddr;
	}
}

void symbol_list_resolve(struct symbol_list *list)
{
	if (!list->count)
		return;
	qsort_r(list->symbols, list->count, sizeof(*list->symbols),
		compare_symbols, list->names);
	keep_one_per_vaddr(list);
	give_sizes(list);
}
