// SPDX-License-Identifier: Apache-2.0
/*
 * The table: `changes`, sorted by address, each naming the row that holds from
 * there on. A look-up first goes to the page of its address (a few changes
 * each), then searches there: about three cache lines.
 */
#include "unwind/native/cfi_table.h"

#include "base/array.h"
#include "unwind/native/cfi_builder.h"
#include "unwind/native/cfi_stubs.h"
#include "unwind/native/elf_image.h"

#include <stdlib.h>
#include <string.h>

// Changes per page that the index aims at.
enum { CHANGES_PER_PAGE = 4 };

struct cfi_table {
	uint64_t base;		    /* vaddr of offset 0 */
	uint64_t span;		    /* offsets up to here: 32 bits */
	unsigned int page_shift;
	struct cfi_change *changes; /* owned; sorted */
	size_t change_count, change_capacity;
	uint32_t *pages; /* owned; [p]: changes before or at p << page_shift */
	size_t page_count;
	struct cfi_row *rows;	    /* owned */
	size_t row_count;
	struct cfi_intern packed, expressions;
	struct cfi_ranges functions; /* sorted, disjoint */
};

static bool add_change(struct cfi_table *table, uint32_t start, uint32_t row)
{
	size_t count = table->change_count;

	if (count && table->changes[count - 1].row == row)
		return true;
	if (!array_reserve_one(table->changes, table->change_count,
			       table->change_capacity))
		return false;
	table->changes[table->change_count++] =
		(struct cfi_change){ start, row };
	return true;
}

// The last of ascending changes that holds at @start already, or the first one.
// An FDE may be cut into as many ranges as there are FDEs of the other section.
static const struct cfi_change *find_change(const struct cfi_change *changes,
					    size_t count, uint32_t start)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (changes[middle].start <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return &changes[low ? low - 1 : 0];
}

// The changes of one FDE as far as they lie in @range, and its end.
static bool add_range(struct cfi_table *table, const struct cfi_range *range,
		      const struct cfi_change *changes)
{
	const struct cfi_change *change, *end;

	if (!range->entry_count)
		return add_change(table, range->start, CFI_NO_ROW);
	end = &changes[range->first_entry] + range->entry_count;
	change = find_change(&changes[range->first_entry], range->entry_count,
			     range->start);
	if (change->start > range->start)
		if (!add_change(table, range->start, CFI_NO_ROW))
			return false;
	for (; change < end && change->start < range->end; change++) {
		uint32_t start = change->start;

		if (start < range->start)
			start = range->start;
		if (!add_change(table, start, change->row))
			return false;
	}
	return true;
}

static bool lay_out_changes(struct cfi_table *table,
			    const struct cfi_change *changes)
{
	const struct cfi_ranges *ranges = &table->functions;

	for (size_t i = 0; i < ranges->count; i++) {
		const struct cfi_range *range = &ranges->items[i];

		if (!add_range(table, range, changes))
			return false;
		if (i + 1 < ranges->count && range[1].start == range->end)
			continue;
		if (!add_change(table, range->end, CFI_NO_ROW))
			return false;
	}
	return true;
}

static bool index_pages(struct cfi_table *table)
{
	size_t wanted = table->change_count / CHANGES_PER_PAGE + 1;
	size_t change = 0;

	while (table->span >> table->page_shift >= wanted)
		table->page_shift++;
	table->page_count = (table->span >> table->page_shift) + 2;
	table->pages = calloc(table->page_count, sizeof(*table->pages));
	if (!table->pages)
		return false;
	for (size_t p = 0; p < table->page_count; p++) {
		uint64_t start = (uint64_t)p << table->page_shift;

		while (change < table->change_count &&
		       table->changes[change].start <= start)
			change++;
		table->pages[p] = (uint32_t)change;
	}
	return true;
}

static bool unpack_rows(struct cfi_table *table)
{
	table->row_count = table->packed.count;
	table->rows = calloc(table->row_count + 1, sizeof(*table->rows));
	if (!table->rows)
		return false;
	for (uint32_t i = 0; i < table->row_count; i++) {
		const struct cfi_packed_row *packed =
			(const void *)cfi_intern_bytes(&table->packed, i);

		table->rows[i] = (struct cfi_row){
			.cfa_kind = packed->cfa_kind,
			.cfa_reg = packed->cfa_reg,
			.signal_frame = packed->signal_frame,
			.rule_count = packed->rule_count,
			.cfa_operand = packed->cfa_operand,
			.rules = packed->rules,
		};
	}
	return true;
}

static void give_back_slack(struct cfi_table *table)
{
	struct cfi_ranges *functions = &table->functions;
	void *smaller = reallocarray(table->changes, table->change_count + 1,
				     sizeof(*table->changes));

	if (smaller)
		table->changes = smaller;
	smaller = reallocarray(functions->items, functions->count + 1,
			       sizeof(*functions->items));
	if (!smaller)
		return;
	functions->items = smaller;
	functions->capacity = functions->count + 1;
}

static bool finish(struct cfi_table *table, const struct cfi_change *changes,
		   struct cfi_intern *rows, struct cfi_intern *expressions,
		   struct cfi_ranges *eh, struct cfi_ranges *debug)
{
	if (!cfi_ranges_merge(eh, debug, &table->functions) ||
	    !lay_out_changes(table, changes))
		return false;
	give_back_slack(table);
	table->packed = *rows;
	table->expressions = *expressions;
	cfi_intern_init(rows);
	cfi_intern_init(expressions);
	cfi_intern_freeze(&table->packed);
	cfi_intern_freeze(&table->expressions);
	return index_pages(table) && unpack_rows(table);
}

static bool read_section(struct elf_image *image, const char *name,
			 struct cfi_builder *builder, struct cfi_ranges *ret)
{
	struct elf_section section;
	struct cfi_section cfi;
	bool good;

	if (!elf_image_section(image, name, &section))
		return true;
	cfi = (struct cfi_section){
		.bytes = section.bytes,
		.size = section.size,
		.vaddr = section.vaddr,
		.eh_frame = name[1] == 'e',
	};
	good = cfi_builder_add(builder, &cfi, ret);
	elf_image_drop_section(image, name);
	return good;
}

// What the file does not tell of its code but the code itself does.
static bool read_stubs(struct elf_image *image, struct cfi_builder *builder,
		       struct cfi_ranges *ret)
{
	uint8_t bytes[CFI_STUBS_BYTES_MAX];
	struct cfi_section cfi = { .bytes = bytes,
				   .size = cfi_stubs_section(image, bytes) };

	return !cfi.size || cfi_builder_add(builder, &cfi, ret);
}

// From the first to the last byte of code. FDEs of discarded functions keep
// address 0 and are left out by this.
static void find_code(const struct elf_image *image, uint64_t *ret_base,
		      uint64_t *ret_limit)
{
	uint64_t base = UINT64_MAX, limit = 0;

	for (size_t i = 0; i < elf_image_load_count(image); i++) {
		const struct elf_load *load = elf_image_load(image, i);

		if (!load->executable)
			continue;
		if (load->vaddr < base)
			base = load->vaddr;
		if (load->vaddr + load->memory_size > limit)
			limit = load->vaddr + load->memory_size;
	}
	if (limit > base && limit - base > UINT32_MAX)
		limit = base + UINT32_MAX;
	*ret_base = base;
	*ret_limit = limit;
}

static struct error *build(struct cfi_table *table, struct elf_image *image,
			   struct cfi_builder *builder)
{
	struct cfi_ranges eh = { 0 }, debug = { 0 };
	bool good;

	good = read_section(image, ".eh_frame", builder, &eh) &&
	       read_section(image, ".debug_frame", builder, &debug) &&
	       read_stubs(image, builder, &debug) &&
	       finish(table, builder->changes, &builder->rows,
		      &builder->expressions, &eh, &debug);
	cfi_ranges_deinit(&eh);
	cfi_ranges_deinit(&debug);
	if (good)
		return NULL;
	return error_create(ERROR_NO_MEMORY,
			    "CFI: more than the memory or the limits allow");
}

struct error *cfi_table_build(struct elf_image *image, const struct arch *arch,
			      struct cfi_table **ret)
{
	struct cfi_builder *builder;
	struct cfi_table *table;
	uint64_t base, limit;
	struct error *error;

	if (elf_image_machine(image) != arch->elf_machine)
		return error_create(ERROR_UNSUPPORTED,
				    "CFI: not an ELF file for %s", arch->name);
	find_code(image, &base, &limit);
	table = calloc(1, sizeof(*table));
	builder = malloc(sizeof(*builder));
	if (!table || !builder) {
		free(table);
		free(builder);
		return &error_nomem;
	}
	table->base = base;
	table->span = limit > base ? limit - base : 0;
	cfi_builder_init(builder, arch, base, limit);
	error = build(table, image, builder);
	cfi_builder_deinit(builder);
	free(builder);
	if (error)
		cfi_table_destroy(table);
	else
		*ret = table;
	return error;
}

void cfi_table_destroy(struct cfi_table *table)
{
	if (!table)
		return;
	cfi_ranges_deinit(&table->functions);
	cfi_intern_deinit(&table->packed);
	cfi_intern_deinit(&table->expressions);
	free(table->changes);
	free(table->pages);
	free(table->rows);
	free(table);
}

struct error *cfi_table_from_parts(struct cfi_parts *parts,
				   struct cfi_table **ret)
{
	struct cfi_table *table = calloc(1, sizeof(*table));
	struct cfi_ranges none = { 0 };
	bool good;

	if (!table)
		return &error_nomem;
	table->base = parts->base;
	table->span = parts->limit - parts->base;
	good = finish(table, parts->changes, &parts->rows, &parts->expressions,
		      &parts->functions, &none);
	cfi_parts_deinit(parts);
	if (!good) {
		cfi_table_destroy(table);
		return &error_nomem;
	}
	*ret = table;
	return NULL;
}

const struct cfi_row *cfi_table_find(const struct cfi_table *table,
				     uint64_t vaddr)
{
	uint64_t offset = vaddr - table->base;
	const uint32_t *page;
	uint32_t low, high, row;

	if (offset >= table->span)
		return NULL;
	page = &table->pages[offset >> table->page_shift];
	low = page[0];
	high = page[1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->changes[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	row = low ? table->changes[low - 1].row : CFI_NO_ROW;
	return row == CFI_NO_ROW ? NULL : &table->rows[row];
}

bool cfi_table_function(const struct cfi_table *table, uint64_t vaddr,
			uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t offset = vaddr - table->base;
	size_t low = 0, high = table->functions.count;
	const struct cfi_range *range;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->functions.items[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	range = &table->functions.items[low - 1];
	if (offset >= range->end)
		return false;
	*ret_start = table->base + range->start;
	*ret_end = table->base + range->end;
	return true;
}

void cfi_table_each_row(const struct cfi_table *table, uint64_t start,
			uint64_t end, cfi_row_fn visit, void *context)
{
	uint64_t from = start - table->base, to = end - table->base;
	size_t low = 0, high = table->change_count;

	visit(context, start, cfi_table_find(table, start));
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->changes[middle].start <= from)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < table->change_count && table->changes[low].start < to;
	     low++) {
		const struct cfi_change *change = &table->changes[low];

		visit(context, table->base + change->start,
		      change->row == CFI_NO_ROW ? NULL :
						  &table->rows[change->row]);
	}
}

void cfi_table_code(const struct cfi_table *table, uint64_t *ret_start,
		    uint64_t *ret_end)
{
	*ret_start = table->base;
	*ret_end = table->base + table->span;
}

struct cfi_expression cfi_table_expression(const struct cfi_table *table,
					   int32_t index)
{
	return (struct cfi_expression){
		.bytes = cfi_intern_bytes(&table->expressions, (uint32_t)index),
		.size = table->expressions.items[index].size,
	};
}

size_t cfi_table_row_count(const struct cfi_table *table)
{
	return table->change_count;
}

size_t cfi_table_bytes(const struct cfi_table *table)
{
	return sizeof(*table) + table->change_count * sizeof(*table->changes) +
	       table->page_count * sizeof(*table->pages) +
	       table->row_count * sizeof(*table->rows) +
	       table->packed.pool_capacity + table->expressions.pool_capacity +
	       (table->packed.capacity + table->expressions.capacity) *
		       sizeof(struct cfi_intern_item) +
	       table->functions.capacity * sizeof(*table->functions.items);
}
