/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A freeze in progress: the snapshot being filled, and the memory of the frozen
 * thread as far as it has been read. Answers "what is at this address?" from
 * what is there already, and with one more read otherwise, so that the number
 * of system calls stays small and counted.
 *
 * Lives on the stack of the capture thread. Internal to freeze*.c.
 */
#ifndef BRINDLE_UNWIND_PYTHON_FREEZER_H
#define BRINDLE_UNWIND_PYTHON_FREEZER_H

#include "unwind/memory.h"
#include "unwind/python/snapshot.h"
#include "unwind/python/target.h"

enum {
	FREEZER_PAGE_BYTES = 4096,
	FREEZER_PAGES = 24,
	FREEZER_OBJECT_MAX = 256, /* a frame, a code head */
	FREEZER_CHUNK_MAX = 96,
};

struct freezer {
	struct python_target *target;
	const struct python_layout *layout;
	const struct memory *stack;
	struct snapshot *ret;
	size_t capacity;
	size_t chunk_first, chunk_end; /* pieces that are chunks */
	size_t hit;	      /* piece that held the last address */
	uint64_t stack_start; /* of the copy, 0: none */
	uint64_t stack_end;   /* of the copy and what was read beyond it */
	unsigned int new_codes, codes_again;
	bool young;    /* the program may be starting */
	bool entering; /* the eval loop's entry: its record is half written */
	/* Small objects lie together on the heap: one read serves several. */
	uint64_t page_vaddr[FREEZER_PAGES]; /* 0: empty */
	unsigned int next_page;
	uint8_t page[FREEZER_PAGES][FREEZER_PAGE_BYTES];
};

void freezer_init(struct freezer *freezer, struct python_target *target,
		  const struct memory *stack, struct snapshot *ret,
		  size_t capacity);

/** Keeps the first reason why the snapshot is not whole. */
void freezer_fail(struct freezer *freezer, enum snapshot_status status);

/** One read, counted. Bytes read, or -1. */
ssize_t freezer_read(struct freezer *freezer, uint64_t vaddr, void *ret,
		     size_t size);

/** Room left for bytes. */
size_t freezer_room(const struct freezer *freezer);

/** Where the next piece's bytes go. */
uint8_t *freezer_end(struct freezer *freezer);

/** Makes the @size bytes at freezer_end() a piece. False: no room. */
bool freezer_add(struct freezer *freezer, enum snapshot_piece_kind kind,
		 uint64_t vaddr, size_t size);

/** @size bytes at @vaddr if they have been read already, or NULL. */
const void *freezer_at(struct freezer *freezer, uint64_t vaddr, size_t size);

/**
 * A small object (up to FREEZER_OBJECT_MAX) that is read through a page and
 * kept as a piece. NULL: unreadable, or no room (the status says which).
 */
const void *freezer_object(struct freezer *freezer,
			   enum snapshot_piece_kind kind, uint64_t vaddr,
			   size_t size);

/**
 * Copies the @size bytes at @vaddr, by whole pages that are read now or were
 * before. Bytes copied before a page that is unreadable.
 */
size_t freezer_copy(struct freezer *freezer, uint64_t vaddr, void *ret,
		    size_t size);

/**
 * Reads the live stack from where the copy ends up to beyond @vaddr + @size.
 * False: that is not near, or the room does not allow it.
 */
bool freezer_extend_stack(struct freezer *freezer, uint64_t vaddr, size_t size);

/**
 * When the frame pointer lies below the stack pointer: reads what is there, for
 * somebody has moved the stack pointer over what he still needs.
 */
void freezer_add_red_zone(struct freezer *freezer, uint64_t fp);

/**
 * When the kernel's copy does not reach the bottom of the thread's stack: reads
 * the rest, in one go, so that every native frame can be stepped through.
 */
void freezer_complete_stack(struct freezer *freezer);

static inline uint64_t freezer_u64(const void *bytes, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)bytes + offset, sizeof(value));
	return value;
}

/** An address that a pointer to an object of the target can have. */
static inline bool freezer_is_pointer(uint64_t vaddr)
{
	return vaddr >= 4096 && !(vaddr & 7) && vaddr < UINT64_C(1) << 56;
}

/** Notices a chain that runs in a circle, at one comparison a step (Brent). */
struct chain_guard {
	uint64_t mark;
	uint32_t steps, power;
};

static inline bool chain_guard_repeats(struct chain_guard *guard,
				       uint64_t vaddr)
{
	if (guard->steps && vaddr == guard->mark)
		return true;
	if (guard->steps++ >= guard->power) {
		guard->mark = vaddr;
		guard->power = guard->steps * 2;
	}
	return false;
}

/** The parts of a freeze, in their order. */
bool freeze_thread(struct freezer *freezer, uint32_t tid, uint64_t now_ns);
void freeze_chunks(struct freezer *freezer);
void freeze_chain(struct freezer *freezer);
void freeze_gil(struct freezer *freezer);
void freeze_text(struct freezer *freezer);

#endif
