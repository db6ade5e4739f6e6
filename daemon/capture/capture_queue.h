/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue from one capture thread to the worker: what was read while a
 * thread was frozen, next to the position of its sample in the perf ring. One
 * producer, one consumer, no lock, no allocation, no system call; an entry is
 * built in place. When the consumer has fallen behind, reserving fails and the
 * sample goes on without its interpreter: counted, and never waited for.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_CAPTURE_QUEUE_H
#define BRINDLE_DAEMON_CAPTURE_CAPTURE_QUEUE_H

#include "base/error.h"
#include "unwind/python/snapshot.h"

#include <stdint.h>

/** One capture. The snapshot's bytes follow it. */
struct capture {
	uint64_t size;		/* of the entry, a multiple of 16 */
	uint64_t ring_position; /* of the sample's record */
	uint64_t sample_ns;	/* the sample's time, as the kernel gave it */
	uint64_t end_ns;	/* after the last read */
	uint64_t target_epoch;	/* of the target that was read; 0: none */
	uint32_t switches;	/* of the capture thread while it read: (b) */
	uint32_t capacity;	/* bytes that the snapshot could have */
	struct snapshot snapshot;
};

struct capture_queue {
	uint8_t *bytes; /* owned */
	uint64_t size;	/* power of two */
	uint64_t early; /* begun again when so much is free at its front */
	uint64_t head;	/* atomic; bytes produced, never wraps */
	uint64_t tail;	/* atomic; bytes consumed */
	/*
	 * Atomic, the producer's: nothing before this position is left. An
	 * empty queue starts over at the front of the buffer, which keeps the
	 * touched part of it small, and with it cache misses and RSS.
	 */
	uint64_t restart;
	uint64_t limit;	  /* atomic; of the buffer, what is not given back */
	uint64_t touched; /* the consumer's: as far as entries have been */
};

/* Only as much of it is touched as waits at one time, and a quarter; or a half
   where much waits. What more has been touched can be given back. */
enum {
	CAPTURE_QUEUE_BYTES = 64 << 20,
	CAPTURE_EARLY_BYTES = 16 << 20,
	CAPTURE_KEPT_BYTES = 40 << 20,
};

/** Room for a snapshot of SNAPSHOT_BYTES_MAX. */
#define CAPTURE_BYTES_MAX (sizeof(struct capture) + SNAPSHOT_BYTES_MAX)

/*
 * A capture may have all that it asks for while next to nothing waits, then
 * what a thousand frames take, and this at last. So a process of deep stacks,
 * each of which keeps the consumer busy for milliseconds, has one of them at a
 * time: the consumer is soon back at the rings, and there is room for others.
 */
enum { CAPTURE_SNAPSHOT_MIN = 64 << 10 };

struct error *capture_queue_init(struct capture_queue *queue);
void capture_queue_deinit(struct capture_queue *queue);

/** Producer: an entry with room for a snapshot of capture->capacity bytes, at
 *  least CAPTURE_SNAPSHOT_MIN, or NULL. */
struct capture *capture_queue_reserve(struct capture_queue *queue);
/** Producer: publishes the reserved entry; its size comes from its snapshot. */
void capture_queue_push(struct capture_queue *queue, struct capture *capture);

/** Bytes that wait for the consumer; any thread. */
uint64_t capture_queue_waiting(const struct capture_queue *queue);

/** Consumer: the oldest entry or NULL. Borrowed until popped. */
const struct capture *capture_queue_peek(struct capture_queue *queue);
void capture_queue_pop(struct capture_queue *queue);

/** Consumer: gives memory back that was needed while it was behind. Nothing is
 *  done when that is in use; captures find the queue full for a moment. */
void capture_queue_trim(struct capture_queue *queue);

#endif
