/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot is what was read of a frozen thread's interpreter: its thread
 * state, its data-stack chunks, generator frames outside of them, and of code
 * objects not met before their heads and the memory where their names are, and
 * its lock, as address-tagged pieces in one flat buffer.
 * It is made by the capture thread (see freeze.h), travels through a queue, is
 * stored in a recording as it is, and is read by python_stack.h.
 *
 * Flat and self-describing, so that a stored one parses as foreign data.
 */
#ifndef BRINDLE_UNWIND_PYTHON_SNAPSHOT_H
#define BRINDLE_UNWIND_PYTHON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/live_memory.h"

/** What became of the reads. Everything but OK prevents proof. */
enum snapshot_status {
	SNAPSHOT_OK,
	SNAPSHOT_NO_RUNTIME,	/* the interpreter is not initialised */
	SNAPSHOT_NO_THREAD,	/* no thread state for this tid */
	SNAPSHOT_UNREADABLE,	/* a read failed: exec, exit, unmapped */
	SNAPSHOT_TOO_DEEP,	/* more data stack than the limit: cut */
	SNAPSHOT_BROKEN,	/* cycle or nonsense in the chain */
	SNAPSHOT_MAY_HANG,	/* a read was left alone: it may never end */
	SNAPSHOT_SEARCH_CUT,	/* not all states were looked at: of those of
				   this thread some may be missing */
};

enum {
	SNAPSHOT_PIECE_MAX = 512,
	/* A C stack of 8 MiB, and 32,768 frames of 128 bytes. */
	SNAPSHOT_BYTES_MAX = 12 << 20,
	SNAPSHOT_FRAME_MAX = 32768,   /* frames followed while frozen */
	SNAPSHOT_CODE_MAX = 96,	      /* new code objects read per capture */
	SNAPSHOT_STATE_MAX = 8,	      /* thread states with frames, of one thread */
};

enum snapshot_piece_kind {
	SNAPSHOT_THREAD,
	SNAPSHOT_CHUNK,
	SNAPSHOT_FRAME,
	SNAPSHOT_CODE, /* from here on: not needed to walk */
	SNAPSHOT_TEXT, /* a name or line table of those */
	SNAPSHOT_GIL,  /* the interpreter's lock; see gil.h */
	SNAPSHOT_OBJECTS, /* frame objects, innermost first; of no address */
	SNAPSHOT_KIND_COUNT,
};

/**
 * Up to 3.10 there is an object for each frame, anywhere on the heap. Piece
 * SNAPSHOT_OBJECTS has those of the whole chain in its order: the address of
 * each (u64) and the first layout->frame.size bytes of it, padded to 8.
 */
static inline size_t snapshot_object_stride(uint32_t frame_size)
{
	return sizeof(uint64_t) + ((frame_size + 7) & ~(size_t)7);
}

struct snapshot_piece {
	uint64_t vaddr;
	uint32_t size;
	uint32_t kind; /* enum snapshot_piece_kind */
	uint32_t offset; /* in bytes[] */
	uint32_t reserved;
};

struct snapshot {
	uint32_t status; /* enum snapshot_status */
	uint32_t reads;	 /* system calls made */
	uint64_t thread_state;	  /* address; 0: none. The one that runs, when
				     there are pieces of several. */
	uint64_t thread_found_ns; /* when that address was found */
	uint32_t piece_count;
	uint32_t byte_count;
	struct snapshot_piece piece[SNAPSHOT_PIECE_MAX];
	uint8_t bytes[]; /* byte_count used, capacity by the maker */
};

const char *snapshot_status_name(enum snapshot_status status);

/** The piece of @kind, the first if there are several; NULL: none. */
const struct snapshot_piece *snapshot_find(const struct snapshot *snapshot,
					   enum snapshot_piece_kind kind);

/**
 * Bytes of SNAPSHOT_TEXT pieces from @vaddr on, as far as they go; -1: none.
 * As pread(2) of the process at the instant of the snapshot. Only for one that
 * snapshot_add_to_memory() accepts.
 */
ssize_t snapshot_read_text(const struct snapshot *snapshot, uint64_t vaddr,
			   void *ret, size_t size);

/** The same as a reader. @snapshot outlives it. */
struct live_memory snapshot_text(const struct snapshot *snapshot);

#endif
