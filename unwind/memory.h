/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of another process that a sample holds: the kernel's copy of the
 * user stack and what was read while the thread was frozen, as a few segments
 * with virtual addresses. Answers "what was at this address then?", and "not
 * known" for everything else. Borrowed bytes, never written, never refetched.
 */
#ifndef BRINDLE_UNWIND_MEMORY_H
#define BRINDLE_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MEMORY_SEGMENT_MAX = 520 }; /* a stack copy and any snapshot */

struct memory_segment {
	uint64_t vaddr;
	uint64_t size;
	const uint8_t *bytes; /* borrowed */
};

/**
 * Segments in order of preference: the first that holds a whole range answers
 * for it. The stack copy comes first, for it dates from the sample itself.
 */
struct memory {
	struct memory_segment segment[MEMORY_SEGMENT_MAX];
	size_t segment_count;
};

/** False when the table is full; the segment is then left out. */
bool memory_add(struct memory *memory, uint64_t vaddr, const void *bytes,
		uint64_t size);

/** The @size bytes at @vaddr, or NULL when segment @index has not all. */
static inline const void *memory_in(const struct memory *memory, size_t index,
				    uint64_t vaddr, uint64_t size)
{
	const struct memory_segment *s = &memory->segment[index];
	uint64_t offset = vaddr - s->vaddr;

	return offset < s->size && size <= s->size - offset ?
		       s->bytes + offset : NULL;
}

/** The @size bytes at @vaddr, or NULL when no segment holds them all. */
static inline const void *memory_at(const struct memory *memory,
				    uint64_t vaddr, uint64_t size)
{
	for (size_t i = 0; i < memory->segment_count; i++) {
		const void *bytes = memory_in(memory, i, vaddr, size);

		if (bytes)
			return bytes;
	}
	return NULL;
}

static inline bool memory_read(const struct memory *memory, uint64_t vaddr,
			       void *ret, uint64_t size)
{
	const void *bytes = memory_at(memory, vaddr, size);

	if (!bytes)
		return false;
	memcpy(ret, bytes, size);
	return true;
}

static inline bool memory_read_u64(const struct memory *memory,
				   uint64_t vaddr, uint64_t *ret)
{
	return memory_read(memory, vaddr, ret, sizeof(*ret));
}

#endif
