/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads from a living process through its /proc/PID/mem descriptor. The
 * descriptor keeps naming the address space it was opened on: after an exec or
 * a PID reuse it reads nothing instead of another program's bytes.
 *
 * A function pointer rather than a descriptor, so that tests and fuzz targets
 * read from an image in memory.
 */
#ifndef BRINDLE_UNWIND_LIVE_MEMORY_H
#define BRINDLE_UNWIND_LIVE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** As pread(2): bytes read, which may be fewer, or -1; 0 where the address space
 *  is no more (Linux fs/proc/base.c, mem_rw()). Async-signal-safe. */
typedef ssize_t (*live_memory_read_fn)(void *context, uint64_t vaddr, void *ret,
				       size_t size);

struct live_memory {
	live_memory_read_fn read;
	void *context; /* borrowed */
};

/** A reader over descriptor @fd of /proc/PID/mem; @fd stays the caller's. */
struct live_memory live_memory_of_fd(int fd);

/** All of @size bytes or false. */
static inline bool live_memory_read(const struct live_memory *memory,
				    uint64_t vaddr, void *ret, size_t size)
{
	return memory->read(memory->context, vaddr, ret, size) ==
	       (ssize_t)size;
}

static inline bool live_memory_read_u64(const struct live_memory *memory,
					uint64_t vaddr, uint64_t *ret)
{
	return live_memory_read(memory, vaddr, ret, sizeof(*ret));
}

#endif
