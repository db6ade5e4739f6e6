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
	FREEZER_AHEAD_MAX = 8,	  /* pages of one read, guessed */
	FREEZER_KNOWN_MAX = 16,	  /* and known to be needed */
	FREEZER_OBJECT_MAX = 256, /* a frame, a code head */
	FREEZER_CHUNK_MAX = 1024,
	/* The default limit of a stack; further out another one is meant. */
	FREEZER_STACK_MAX = 8 << 20,
	/*
	 * How long a thread may be held up: pages and reads, which cost about
	 * the same, 2 to 3.5 us on a busy virtual machine. Enough for the
	 * largest stack and something on the heap.
	 */
	FREEZER_WORK_MAX = 2560,
	/*
	 * And looks at pieces in search of what has been read already, about a
	 * nanosecond each: so many, and one for each FREEZER_LOOK_BYTES of room.
	 * Few are needed where frames lie as CPython has them; but a chain may
	 * be made to lead to and fro among all pieces.
	 */
	FREEZER_LOOKS_MIN = 1 << 17,
	FREEZER_LOOK_BYTES = 4,
	FREEZER_LOOK_COST = 16, /* of what is found at once */
};

/** What is read along with the page of an object. */
enum freezer_along {
	FREEZER_ALONG_NOTHING,
	FREEZER_ALONG_KNOWN, /* where the chain went the last time */
	FREEZER_ALONG_GUESSED, /* and where it may go on, if that is new */
};

struct freezer {
	struct python_target *target;
	const struct python_layout *layout;
	const struct memory *stack;
	struct snapshot *ret;
	size_t capacity;
	size_t state_count;	/* the first pieces are thread states */
	uint64_t state_vaddr;	/* of the state that is being followed */
	const uint8_t *state;	/* the same, in bytes[] */
	size_t chunk_first, chunk_end; /* pieces that are chunks */
	size_t hit;	      /* piece that held the last address */
	/* The chunk that held the last address in one: a chain stays there for
	   long. */
	struct memory_segment near;
	uint64_t stack_start; /* of the copy, 0: none */
	uint64_t stack_end;   /* of the copy and what was read beyond it */
	unsigned int new_codes, codes_again;
	unsigned int work; /* done, of FREEZER_WORK_MAX */
	size_t looks;	   /* left; see FREEZER_LOOKS_MIN */
	bool stack_cut;	   /* the stack goes on beyond what may be read */
	bool young;    /* the program may be starting */
	bool search_cut; /* the thread may have a state that was not met */
	bool entering; /* the eval loop's entry: its record is half written */
	/* Small objects lie together on the heap: one read serves several. */
	uint64_t page_vaddr[FREEZER_PAGES]; /* 0: empty */
	unsigned int next_page;
	/* A chain of objects mostly goes from page to page in one direction,
	   or through the pages where it went the last time: the pages in which
	   it will go on are read along. */
	enum freezer_along along;
	uint32_t page_unused; /* a bit for each slot: read along, so far in vain */
	uint64_t block;	      /* that the last page read is of */
	uint32_t block_read;  /* its pages that have been read */
	unsigned int run; /* pages of the last read */
	unsigned int row; /* reads that went on where the one before ended */
	uint64_t run_start, run_end;
	uint8_t page[FREEZER_PAGES][FREEZER_PAGE_BYTES];
};

void freezer_init(struct freezer *freezer, struct python_target *target,
		  const struct memory *stack, struct snapshot *ret,
		  size_t capacity);

/** Drops what has been read. */
void freezer_restart(struct freezer *freezer);

/** Keeps the first reason why the snapshot is not whole. */
void freezer_fail(struct freezer *freezer, enum snapshot_status status);

/** From here on the chain of this thread state is followed. */
void freezer_select_state(struct freezer *freezer, size_t index);

/** The same, of that which snapshot.thread_state names. */
void freezer_select_running(struct freezer *freezer);

/** One read, counted. Bytes read, or -1. */
ssize_t freezer_read(struct freezer *freezer, uint64_t vaddr, void *ret,
		     size_t size);

/** Room left for bytes. */
size_t freezer_room(const struct freezer *freezer);

/** Of that, what may still be read in one go. */
size_t freezer_readable(const struct freezer *freezer);

/** Where the next piece's bytes go. */
uint8_t *freezer_end(struct freezer *freezer);

/** Makes the @size bytes at freezer_end() a piece. False: no room. */
bool freezer_add(struct freezer *freezer, enum snapshot_piece_kind kind,
		 uint64_t vaddr, size_t size);

/** Counts @count more looks. False: these were too many, and all has an end. */
bool freezer_look(struct freezer *freezer, size_t count);

/** As freezer_at(), anywhere. */
const void *freezer_look_up(struct freezer *freezer, uint64_t vaddr,
			    size_t size);

/** @size bytes at @vaddr if they have been read already, or NULL. */
static inline const void *freezer_at(struct freezer *freezer, uint64_t vaddr,
				     size_t size)
{
	uint64_t offset = vaddr - freezer->near.vaddr;

	if (offset >= freezer->near.size ||
	    size > freezer->near.size - offset ||
	    freezer->looks < FREEZER_LOOK_COST)
		return freezer_look_up(freezer, vaddr, size);
	freezer->looks -= FREEZER_LOOK_COST;
	return freezer->near.bytes + offset;
}

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

/** Of the objects of a chain, until it is nothing again. */
void freezer_read_along(struct freezer *freezer, enum freezer_along along);

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
 * Where the stack that the thread is on begins, of whose pthread_self() a state
 * says that it is @self; 0: not known.
 */
uint64_t freezer_stack_bottom(const struct freezer *freezer, uint64_t self);

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

/** In the low bits of the address in a thread's slot; see freeze_thread.c. */
enum {
	FREEZER_HINT_ABSENT = 1,
	FREEZER_HINT_RESUME = 2,
	FREEZER_HINT_AMONG = 4, /* one of several states with frames */
	FREEZER_HINT_BITS = 7,
};

/** Whether a state has frames, whose innermost frame or record is at @top. Where
 *  all frames have ended is a part of the state at @vaddr itself. */
static inline bool freezer_has_frames(const struct python_layout *layout,
				      uint64_t vaddr, uint64_t top)
{
	return top && top - vaddr >= layout->thread.size;
}

/** The innermost record of @state, or frame where there are no records. */
static inline uint64_t freezer_top(const struct python_layout *layout,
				   const uint8_t *state)
{
	return freezer_u64(state, layout->thread.cframe != PYTHON_NO_OFFSET ?
					  layout->thread.cframe :
					  layout->thread.current_frame);
}

/** Reads the thread state at @vaddr to freezer_end(). NULL: unreadable. */
const uint8_t *freezer_read_state(struct freezer *freezer, uint64_t vaddr);

/** Makes that the only state. False: no room. */
bool freezer_accept_state(struct freezer *freezer, uint64_t vaddr,
			  uint64_t found_ns);

/** The kernel's id of the thread whose state is @state; 0: it has none yet. */
uint64_t freezer_state_tid(struct freezer *freezer, const uint8_t *state);

/** The parts of a freeze, in their order. */
bool freeze_thread(struct freezer *freezer, uint32_t tid, uint64_t now_ns);
/**
 * True: the process has just got a second interpreter, and the thread may run a
 * state of that. Everything is to be read anew. After freeze_gil().
 */
bool freeze_thread_missed(struct freezer *freezer, uint64_t now_ns);
bool freeze_states(struct freezer *freezer, uint32_t tid, uint64_t now_ns,
		   uint64_t interpreter);
void freeze_chunks(struct freezer *freezer);
void freeze_chain(struct freezer *freezer);
void freeze_gil(struct freezer *freezer);
void freeze_text(struct freezer *freezer);

#endif
