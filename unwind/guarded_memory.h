/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a living process, less what must not be touched: ranges backed
 * by files whose file system may never answer, so that a read would never end.
 * Whoever reads it (daemon/capture/lifeline.h) fails with EFAULT in such a range,
 * and ends before one, as pread(2) does at the end of what is mapped.
 *
 * Made by slow code, then read by any thread without locks. Async-signal-safe.
 */
#ifndef BRINDLE_UNWIND_GUARDED_MEMORY_H
#define BRINDLE_UNWIND_GUARDED_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum { GUARDED_RANGES = 32 };

struct guarded_range {
	uint64_t start, end;
};

struct guarded_ranges {
	struct guarded_range range[GUARDED_RANGES]; /* ascending, apart */
	uint32_t count;
};

/**
 * They come in ascending order. Where there are too many the last one grows
 * over what lies between.
 */
void guarded_ranges_add(struct guarded_ranges *ranges, uint64_t start,
			uint64_t end);

/** One range over everything: not a byte is read from here on. */
void guarded_ranges_close(struct guarded_ranges *ranges);

/** Of @size bytes from @vaddr, those that come before any range. */
size_t guarded_ranges_readable(const struct guarded_ranges *ranges,
			       uint64_t vaddr, size_t size);

struct guarded_memory {
	int fd; /* borrowed; of /proc/PID/mem */
	struct guarded_ranges ranges;
};

#endif
