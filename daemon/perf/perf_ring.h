/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A perf ring buffer with two readers. The capture thread scans each new record
 * once, right after the kernel wrote it, and copies nothing; the worker
 * consumes the same records later, and only then gives the space back to the
 * kernel, unless they were moved out of its way (ring_spill.h). Positions count
 * bytes since the start and never wrap.
 *
 *     tail (consumed) <= scanned <= head (written by the kernel)
 */
#ifndef BRINDLE_DAEMON_PERF_PERF_RING_H
#define BRINDLE_DAEMON_PERF_PERF_RING_H

#include "base/error.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_ring {
	struct perf_event_mmap_page *page;
	const uint8_t *data;
	uint64_t size; /* power of two */
	int fd;	       /* of the event that made it; borrowed */
	uint64_t scanned; /* atomic: written by the scanning thread alone */
};

/** Maps the ring of @fd, halving @bytes down to 64 KiB while the locked-memory
 *  limit refuses. */
struct error *perf_ring_create(int fd, size_t bytes, struct perf_ring **ret);
void perf_ring_destroy(struct perf_ring *ring);

uint64_t perf_ring_head(const struct perf_ring *ring);	  /* acquire */
uint64_t perf_ring_scanned(const struct perf_ring *ring); /* acquire */
void perf_ring_set_scanned(struct perf_ring *ring, uint64_t position);
uint64_t perf_ring_tail(const struct perf_ring *ring);	  /* acquire */
void perf_ring_set_tail(struct perf_ring *ring, uint64_t position);

/** Moves the tail forward to @position; several threads may. */
void perf_ring_give_back(struct perf_ring *ring, uint64_t position);

/**
 * Whether there is room for the largest record. Room only shrinks until it is
 * given back, so that where this holds right before, no record was refused.
 */
bool perf_ring_has_room(const struct perf_ring *ring, uint64_t record_bytes);

/** Whether a quarter of it is taken, so that somebody should make room. Any
 *  thread. */
bool perf_ring_is_filling(const struct perf_ring *ring);

/** The header at @position; a record never crosses the ring's end with its
 *  8-byte header, for records are 8-byte aligned. */
struct perf_event_header perf_ring_header(const struct perf_ring *ring,
					  uint64_t position);

/**
 * @size bytes at @position: a pointer into the ring when they are contiguous,
 * else a copy in @scratch (room for @size). Never allocates.
 */
const void *perf_ring_bytes(const struct perf_ring *ring, uint64_t position,
			    size_t size, void *scratch);

/** The 8-byte word at @position (8-byte aligned). */
uint64_t perf_ring_word(const struct perf_ring *ring, uint64_t position);

#endif
