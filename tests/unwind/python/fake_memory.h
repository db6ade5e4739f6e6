/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a process that does not exist: one range of addresses, written
 * by the test, read through the interface that reads living processes.
 */
#ifndef BRINDLE_TESTS_UNWIND_PYTHON_FAKE_MEMORY_H
#define BRINDLE_TESTS_UNWIND_PYTHON_FAKE_MEMORY_H

#include "unwind/live_memory.h"

#include <string.h>

enum { FAKE_MEMORY_BYTES = 1 << 17 };
#define FAKE_MEMORY_BASE UINT64_C(0x7f0000000000)

struct fake_memory {
	size_t reads;
	void (*on_read)(struct fake_memory *memory, uint64_t vaddr);
	uint8_t bytes[FAKE_MEMORY_BYTES];
};

static inline uint8_t *fake_at(struct fake_memory *memory, uint64_t vaddr)
{
	return memory->bytes + (vaddr - FAKE_MEMORY_BASE);
}

static inline void fake_put(struct fake_memory *memory, uint64_t vaddr,
			    const void *bytes, size_t size)
{
	memcpy(fake_at(memory, vaddr), bytes, size);
}

static inline void fake_put_u64(struct fake_memory *memory, uint64_t vaddr,
				uint64_t value)
{
	fake_put(memory, vaddr, &value, sizeof(value));
}

static inline void fake_put_u32(struct fake_memory *memory, uint64_t vaddr,
				uint32_t value)
{
	fake_put(memory, vaddr, &value, sizeof(value));
}

static inline ssize_t fake_read(void *context, uint64_t vaddr, void *ret,
				size_t size)
{
	struct fake_memory *memory = context;
	uint64_t offset = vaddr - FAKE_MEMORY_BASE;

	memory->reads++;
	if (memory->on_read)
		memory->on_read(memory, vaddr);
	if (offset >= FAKE_MEMORY_BYTES)
		return -1;
	if (size > FAKE_MEMORY_BYTES - offset)
		size = FAKE_MEMORY_BYTES - offset;
	memcpy(ret, memory->bytes + offset, size);
	return (ssize_t)size;
}

static inline struct live_memory fake_live(struct fake_memory *memory)
{
	return (struct live_memory){ .read = fake_read, .context = memory };
}

#endif
