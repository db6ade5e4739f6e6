/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the oldest records of a ring wait when the ring fills up before their
 * reader has come to them. The reader unwinds, names and stores what it reads,
 * and may be long about it; the kernel throws away what finds no room. So
 * another thread, the mover, which does nothing else, copies records out of a
 * ring that fills up, in their order, and gives their room back to the kernel.
 * Positions are the ring's, and the reader asks by them alone:
 *
 *     consumed <= position < moved: here    moved <= position < head: in the ring
 *
 * One reader, one mover, no lock: neither waits for the other. The room is
 * reserved at once and touched only when needed. What finds none stays in its
 * ring.
 */
#ifndef BRINDLE_DAEMON_PERF_RING_SPILL_H
#define BRINDLE_DAEMON_PERF_RING_SPILL_H

#include "base/error.h"
#include "daemon/perf/perf_ring.h"

#include <stdbool.h>

struct ring_spill {
	uint8_t *bytes;	   /* owned; NULL: nothing is ever moved */
	uint64_t size;	   /* power of two */
	uint64_t moved;	   /* atomic; written by the mover */
	uint64_t consumed; /* atomic; written by the reader */
	uint64_t full_ns;  /* atomic; see perf_ring_has_room(); 0: never */
	uint64_t moved_bytes; /* atomic; in all */
	uint64_t record_bytes; /* no record is larger */
	bool touched;	   /* the mover's */
};

/** @bytes are rounded up to a power of two, at least the ring's own size.
 *  ERROR_NOMEM etc.: then nothing is moved, and all else works. */
struct error *ring_spill_init(struct ring_spill *spill,
			      const struct perf_ring *ring, uint64_t bytes,
			      uint64_t record_bytes);
void ring_spill_deinit(struct ring_spill *spill);

/**
 * Mover: moves what has been scanned when the ring is filling up; what is left
 * of it is for what comes before the mover looks again.
 * True: it did. The clock is looked at only when the ring was full.
 */
bool ring_spill_move(struct ring_spill *spill, struct perf_ring *ring);

/** Mover: gives the memory back if nothing is kept. */
void ring_spill_trim(struct ring_spill *spill);

/**
 * Reader: the record at @position, whole, below @limit; its header in *ret.
 * NULL: its size is none that a record can have. Borrowed until the next call
 * with @scratch, which has room for any record, or ring_spill_consume().
 */
const void *ring_spill_record(const struct ring_spill *spill,
			      const struct perf_ring *ring, uint64_t position,
			      uint64_t limit, void *scratch,
			      struct perf_event_header *ret);

/** Reader: nothing before @position is asked for again. Room in the ring is
 *  given back as far as its records have been scanned, too. */
void ring_spill_consume(struct ring_spill *spill, struct perf_ring *ring,
			uint64_t position);

/** Bytes that wait here for the reader; any thread. */
uint64_t ring_spill_waiting(const struct ring_spill *spill);

#endif
