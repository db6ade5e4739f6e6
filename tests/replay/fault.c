// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/fault.h"

#include "base/array.h"

#include <errno.h>
#include <string.h>

enum { WORD_BYTES = 8, NEVER = UINT32_MAX / 2, READS_MAX = 80 };

static const char *const kind_names[FAULT_KIND_COUNT] = {
	[FAULT_NONE] = "none",
	[FAULT_BYTES] = "bytes",
	[FAULT_BITS] = "a bit",
	[FAULT_POINTER] = "a pointer, to elsewhere",
	[FAULT_SELF] = "a pointer, to itself",
	[FAULT_NOWHERE] = "a pointer, to nothing",
	[FAULT_SIZE] = "an absurd number",
	[FAULT_HOLE] = "a page is gone",
	[FAULT_EFAULT] = "reads fail",
	[FAULT_SHORT] = "reads are short",
	[FAULT_LATER] = "changes meanwhile",
	[FAULT_STACK] = "bytes of the stack",
	[FAULT_CUT] = "less of the stack",
	[FAULT_REGISTER] = "a register",
};

static const uint64_t absurd[] = {
	0,
	1,
	2,
	7,
	255,
	4095,
	65535,
	INT32_MAX,
	1ull << 31,
	UINT32_MAX,
	1ull << 32,
	1ull << 40,
	1ull << 47,
	1ull << 62,
	INT64_MAX,
	1ull << 63,
	UINT64_MAX,
	UINT64_MAX - 7,
	UINT64_MAX - 4095,
};

const char *fault_kind_name(enum fault_kind kind)
{
	return kind_names[kind];
}

// Marsaglia's xorshift64.
uint64_t fault_random(struct fault_image *fault, uint64_t below)
{
	fault->random ^= fault->random << 13;
	fault->random ^= fault->random >> 7;
	fault->random ^= fault->random << 17;
	return fault->random % below;
}

static uint8_t *bytes_of(const struct fault_image *fault,
			 const struct fault_word *word)
{
	return fault->image->pages[word->page].bytes + word->offset;
}

static bool add_word(struct fault_image *fault, uint32_t page, uint32_t offset)
{
	struct fault_word word = { page, offset };
	uint64_t value;

	memcpy(&value, bytes_of(fault, &word), sizeof(value));
	if (!value)
		return true;
	if (!array_reserve_one(fault->words, fault->word_count,
			       fault->word_capacity))
		return false;
	fault->words[fault->word_count++] = word;
	if (!recorded_image_page(fault->image, value))
		return true;
	if (!array_reserve_one(fault->pointers, fault->pointer_count,
			       fault->pointer_capacity))
		return false;
	fault->pointers[fault->pointer_count++] = word;
	return true;
}

bool fault_image_init(struct fault_image *fault, struct recorded_image *image,
		      uint64_t seed)
{
	const struct kept_sample *sample = &image->sample;

	*fault = (struct fault_image){ .image = image, .random = seed };
	fault->stack = malloc(sample->stack_size);
	if (!fault->stack)
		return false;
	for (uint32_t page = 0; page < image->page_count; page++)
		for (uint32_t at = 0; at < IMAGE_PAGE_BYTES; at += WORD_BYTES)
			if (!add_word(fault, page, at))
				return false;
	fault_undo_all(fault);
	return fault->pointer_count > 0;
}

void fault_image_deinit(struct fault_image *fault)
{
	free(fault->words);
	free(fault->pointers);
	free(fault->stack);
	*fault = (struct fault_image){ 0 };
}

void fault_undo_all(struct fault_image *fault)
{
	const struct kept_sample *sample = &fault->image->sample;

	while (fault->undo_count) {
		const struct fault_undo *undo =
			&fault->undo[--fault->undo_count];

		*undo->at = undo->old;
	}
	if (fault->hole)
		fault->hole->gone = false;
	fault->hole = NULL;
	fault->reads = 0;
	fault->fail_from = fault->short_from = fault->change_at = NEVER;
	memcpy(fault->stack, sample->stack, sample->stack_size);
	memcpy(fault->regs, sample->regs,
	       arch_native()->perf_count * sizeof(fault->regs[0]));
	fault->stack_size = sample->stack_size;
}

static void change(struct fault_image *fault, uint8_t *at, const void *bytes,
		   size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (fault->undo_count == FAULT_UNDO_MAX)
			return;
		fault->undo[fault->undo_count++] =
			(struct fault_undo){ at + i, at[i] };
		at[i] = ((const uint8_t *)bytes)[i];
	}
}

static const struct fault_word *any_word(struct fault_image *fault)
{
	return &fault->words[fault_random(fault, fault->word_count)];
}

static const struct fault_word *any_pointer(struct fault_image *fault)
{
	return &fault->pointers[fault_random(fault, fault->pointer_count)];
}

static void change_word(struct fault_image *fault,
			const struct fault_word *word, uint64_t value)
{
	change(fault, bytes_of(fault, word), &value, sizeof(value));
}

static void change_bytes(struct fault_image *fault)
{
	const struct fault_word *word = any_word(fault);
	uint64_t bytes = fault_random(fault, UINT64_MAX);

	change(fault, bytes_of(fault, word), &bytes,
	       1 + fault_random(fault, sizeof(bytes)));
}

static void change_bit(struct fault_image *fault)
{
	const struct fault_word *word = any_word(fault);
	uint8_t *at = bytes_of(fault, word) + fault_random(fault, WORD_BYTES);
	uint8_t byte = *at ^ (uint8_t)(1u << fault_random(fault, 8));

	change(fault, at, &byte, sizeof(byte));
}

static void change_pointer(struct fault_image *fault)
{
	const struct fault_word *word = any_pointer(fault);
	uint64_t value;

	memcpy(&value, bytes_of(fault, any_pointer(fault)), sizeof(value));
	change_word(fault, word, value);
}

// The object that a pointer is in begins somewhere before it.
static void point_to_self(struct fault_image *fault)
{
	const struct fault_word *word = any_pointer(fault);
	uint64_t vaddr = fault->image->pages[word->page].vaddr + word->offset;

	change_word(fault, word, vaddr - WORD_BYTES * fault_random(fault, 16));
}

static void point_to_nothing(struct fault_image *fault)
{
	change_word(fault, any_pointer(fault),
		    fault_random(fault, UINT64_MAX) >> fault_random(fault, 64));
}

static void change_size(struct fault_image *fault)
{
	const struct fault_word *word = any_word(fault);
	uint64_t value =
		absurd[fault_random(fault, sizeof(absurd) / sizeof(absurd[0]))];
	size_t half = fault_random(fault, 3);

	if (half == 2)
		change_word(fault, word, value);
	else
		change(fault, bytes_of(fault, word) + 4 * half, &value, 4);
}

static void change_stack(struct fault_image *fault)
{
	size_t size = fault->stack_size / WORD_BYTES;
	size_t at = size ? fault_random(fault, size) * WORD_BYTES : 0;
	uint64_t value = fault_random(fault, UINT64_MAX);

	if (!size)
		return;
	if (fault_random(fault, 2))
		memcpy(&value, bytes_of(fault, any_pointer(fault)),
		       sizeof(value));
	memcpy(fault->stack + at, &value, sizeof(value));
}

static void change_register(struct fault_image *fault)
{
	unsigned int count = arch_native()->perf_count;
	uint64_t *at = &fault->regs[fault_random(fault, count)];

	if (fault_random(fault, 2))
		*at = fault->regs[fault_random(fault, count)];
	else
		*at += fault_random(fault, 1 << 16) - (1 << 15);
}

static void make_hole(struct fault_image *fault)
{
	struct recorded_image *image = fault->image;

	if (fault->hole)
		fault->hole->gone = false;
	fault->hole = &image->pages[fault_random(fault, image->page_count)];
	fault->hole->gone = true;
}

void fault_put(struct fault_image *fault, enum fault_kind kind)
{
	switch (kind) {
	case FAULT_BYTES:
		change_bytes(fault);
		break;
	case FAULT_BITS:
		change_bit(fault);
		break;
	case FAULT_POINTER:
		change_pointer(fault);
		break;
	case FAULT_SELF:
		point_to_self(fault);
		break;
	case FAULT_NOWHERE:
		point_to_nothing(fault);
		break;
	case FAULT_SIZE:
		change_size(fault);
		break;
	case FAULT_HOLE:
		make_hole(fault);
		break;
	case FAULT_EFAULT:
		fault->fail_from = (unsigned int)fault_random(fault, READS_MAX);
		break;
	case FAULT_SHORT:
		fault->short_from = (unsigned int)fault_random(fault, READS_MAX);
		break;
	case FAULT_LATER:
		fault->change_at = (unsigned int)fault_random(fault, READS_MAX);
		break;
	case FAULT_STACK:
		change_stack(fault);
		break;
	case FAULT_CUT:
		fault->stack_size = fault_random(fault, fault->stack_size + 1);
		break;
	case FAULT_REGISTER:
		change_register(fault);
		break;
	case FAULT_NONE:
	case FAULT_KIND_COUNT:
		break;
	}
}

static ssize_t read_faulty(void *context, uint64_t vaddr, void *ret, size_t size)
{
	struct fault_image *fault = context;
	unsigned int number = fault->reads++;

	if (number >= fault->change_at &&
	    fault->undo_count + WORD_BYTES < FAULT_UNDO_MAX) {
		change_pointer(fault);
		change_bytes(fault);
	}
	if (number >= fault->fail_from) {
		errno = EFAULT;
		return -1;
	}
	if (number >= fault->short_from && size)
		size = fault_random(fault, size);
	return recorded_image_read(fault->image, vaddr, ret, size);
}

struct live_memory fault_memory(struct fault_image *fault)
{
	return (struct live_memory){ read_faulty, fault };
}
