// SPDX-License-Identifier: Apache-2.0
#include "unwind/space.h"

#include "base/array.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"

#include <string.h>
#include <unistd.h>

void space_init(struct space *space)
{
	*space = (struct space){ 0 };
}

void space_clear(struct space *space)
{
	for (size_t i = 0; i < space->count; i++)
		module_unref(space->mappings[i].module);
	space->count = 0;
	space->last = 0;
	space->generation++;
}

void space_deinit(struct space *space)
{
	space_clear(space);
	free(space->mappings);
	space_init(space);
}

bool space_copy(const struct space *space, struct space *ret)
{
	struct space copy;

	space_init(&copy);
	if (!array_reserve((void **)&copy.mappings, &copy.capacity,
			   space->count, sizeof(*copy.mappings)))
		return false;
	for (size_t i = 0; i < space->count; i++) {
		copy.mappings[i] = space->mappings[i];
		if (copy.mappings[i].module)
			module_ref(copy.mappings[i].module);
	}
	copy.count = space->count;
	copy.generation = space->generation;
	*ret = copy;
	return true;
}

/** Index of the first mapping that ends above @vaddr. */
static size_t first_ending_above(const struct space *space, uint64_t vaddr)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->mappings[middle].end <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void remove_range(struct space *space, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		module_unref(space->mappings[i].module);
	memmove(&space->mappings[from], &space->mappings[to],
		(space->count - to) * sizeof(*space->mappings));
	space->count -= to - from;
}

static void insert_at(struct space *space, size_t index,
		      const struct mapping *mapping)
{
	memmove(&space->mappings[index + 1], &space->mappings[index],
		(space->count - index) * sizeof(*space->mappings));
	space->mappings[index] = *mapping;
	space->count++;
}

static void cut_front(struct mapping *mapping, uint64_t start)
{
	mapping->file_offset += start - mapping->start;
	mapping->start = start;
}

/**
 * Empties [start, end) and yields the index at which a mapping of it belongs.
 * The caller has made room for two more: one mapping may become two.
 */
static size_t make_hole(struct space *space, uint64_t start, uint64_t end)
{
	size_t from = first_ending_above(space, start), to;

	if (from < space->count && space->mappings[from].start < start) {
		struct mapping rest = space->mappings[from];

		space->mappings[from].end = start;
		from++;
		if (rest.end > end) {
			cut_front(&rest, end);
			if (rest.module)
				module_ref(rest.module);
			insert_at(space, from, &rest);
			return from;
		}
	}
	for (to = from; to < space->count; to++)
		if (space->mappings[to].end > end)
			break;
	remove_range(space, from, to);
	if (from < space->count && space->mappings[from].start < end)
		cut_front(&space->mappings[from], end);
	return from;
}

/*
 * The loader maps whole pages, so a segment's mapping may begin before the
 * segment does, in bytes that belong to its neighbour in the file. That is why
 * executable segments are asked first.
 */
static bool segment_vaddr(const struct elf_load *load, uint64_t page,
			  uint64_t file_offset, uint64_t *ret)
{
	uint64_t begin = load->file_offset & ~(page - 1);

	if (file_offset < begin ||
	    file_offset - begin >= load->file_size + (load->file_offset - begin))
		return false;
	*ret = load->vaddr + (file_offset - load->file_offset);
	return true;
}

static uint64_t bias_of(struct module *module, uint64_t start,
			uint64_t file_offset)
{
	const struct elf_image *image = module ? module->image : NULL;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), vaddr;
	size_t count = image ? elf_image_load_count(image) : 0;

	for (size_t i = 0; i < count; i++) {
		const struct elf_load *load = elf_image_load(image, i);

		if (load->executable &&
		    segment_vaddr(load, page, file_offset, &vaddr))
			return start - vaddr;
	}
	for (size_t i = 0; i < count; i++)
		if (segment_vaddr(elf_image_load(image, i), page, file_offset,
				  &vaddr))
			return start - vaddr;
	// Nothing known of the file: addresses are then offsets in it.
	return start - file_offset;
}

bool space_add_mapping(struct space *space, const struct mapping *mapping)
{
	size_t index;

	if (mapping->start >= mapping->end)
		return true;
	if (!array_reserve((void **)&space->mappings, &space->capacity,
			   space->count + 2, sizeof(*space->mappings)))
		return false;
	if (mapping->module)
		module_ref(mapping->module);
	index = make_hole(space, mapping->start, mapping->end);
	insert_at(space, index, mapping);
	space->last = index;
	space->generation++;
	return true;
}

bool space_add(struct space *space, uint64_t start, uint64_t end,
	       uint64_t file_offset, enum mapping_kind kind,
	       struct module *module)
{
	return space_add_mapping(space, &(struct mapping){
		.start = start, .end = end, .file_offset = file_offset,
		.kind = kind, .module = module,
		.bias = bias_of(module, start, file_offset),
	});
}

static bool holds(const struct space *space, size_t index, uint64_t pc)
{
	return index < space->count && space->mappings[index].start <= pc &&
	       pc < space->mappings[index].end;
}

const struct mapping *space_find(struct space *space, uint64_t pc)
{
	size_t index = space->last;

	if (!holds(space, index, pc)) {
		index = first_ending_above(space, pc);
		if (!holds(space, index, pc))
			return NULL;
		space->last = index;
	}
	return &space->mappings[index];
}

/** An executable and the libpython it loads may both look like CPython; one of
 *  a version that we can read is preferred. */
static size_t look_for_python(const struct space *space)
{
	size_t unsupported = 0;

	for (size_t i = 0; i < space->count; i++) {
		struct module *module = space->mappings[i].module;
		const struct python_binary *python =
			module ? module_python(module) : NULL;

		if (python && python->layout)
			return i + 1;
		if (python && !unsupported)
			unsupported = i + 1;
	}
	return unsupported;
}

static struct space_pythons look_at_all(const struct space *space)
{
	const struct mapping *first = NULL;
	struct space_pythons found = { 0 };

	for (size_t i = 0; i < space->count; i++) {
		const struct mapping *mapping = &space->mappings[i];

		if (!mapping->module)
			continue;
		if (!module_python(mapping->module)) {
			found.unread |= module_is_unread(mapping->module);
			continue;
		}
		if (!first)
			first = mapping;
		found.count = mapping->module == first->module &&
					      mapping->bias == first->bias &&
					      found.count < 2 ?
				      1 :
				      2;
	}
	return found;
}

struct space_pythons space_survey(struct space *space)
{
	if (space->pythons_generation != space->generation + 1) {
		space->pythons = look_at_all(space);
		space->pythons_generation = space->generation + 1;
	}
	return space->pythons;
}

// Caches know a space by its generation.
void space_read_again(struct space *space)
{
	for (size_t i = 0; i < space->count; i++)
		if (space->mappings[i].module)
			module_read_again(space->mappings[i].module);
	space->generation++;
}

// Asked for each sample, and some programs have hundreds of mappings.
const struct mapping *space_find_python(struct space *space)
{
	if (space->python_generation != space->generation + 1) {
		space->python = look_for_python(space);
		space->python_generation = space->generation + 1;
	}
	return space->python ? &space->mappings[space->python - 1] : NULL;
}
