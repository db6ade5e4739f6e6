// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture_queue.h"

#include <errno.h>
#include <sys/mman.h>

// An entry whose ring position is this only fills the space up to the end.
#define SKIP UINT64_MAX

enum {
	ENTRY_ALIGN = 16,
	EARLY_WAITING = 1 << 20,
	EARLY_DEEP_BYTES = CAPTURE_QUEUE_BYTES / 2,
};

struct error *capture_queue_init(struct capture_queue *queue)
{
	void *bytes = mmap(NULL, CAPTURE_QUEUE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (bytes == MAP_FAILED)
		return error_from_errno(errno, "allocate a capture queue");
	*queue = (struct capture_queue){ .bytes = bytes,
					 .size = CAPTURE_QUEUE_BYTES,
					 .early = CAPTURE_EARLY_BYTES,
					 .limit = CAPTURE_QUEUE_BYTES };
	return NULL;
}

void capture_queue_deinit(struct capture_queue *queue)
{
	if (queue->bytes)
		munmap(queue->bytes, queue->size);
	queue->bytes = NULL;
}

static struct capture *entry_at(struct capture_queue *queue, uint64_t position)
{
	return (struct capture *)(queue->bytes +
				  (position & (queue->size - 1)));
}

// Fills up to the end of the buffer. Only the first two words of an entry are
// touched, for which there is room: sizes are multiples of ENTRY_ALIGN.
static void skip_to_start(struct capture_queue *queue, uint64_t head,
			  uint64_t left)
{
	struct capture *filler = entry_at(queue, head);

	filler->size = left;
	filler->ring_position = SKIP;
	__atomic_store_n(&queue->head, head + left, __ATOMIC_RELEASE);
}

static uint64_t restart_if_empty(struct capture_queue *queue, uint64_t head,
				 uint64_t tail)
{
	uint64_t front = (head + queue->size - 1) & ~(queue->size - 1);

	if (head != tail || head == front)
		return head;
	__atomic_store_n(&queue->restart, front, __ATOMIC_RELEASE);
	__atomic_store_n(&queue->head, front, __ATOMIC_RELEASE);
	return front;
}

// At a high rate something always waits. Then the front of the buffer is taken
// again as soon as enough of it is free: what lies behind is not touched. Among
// captures of deep stacks, which would get less room, enough is more.
static uint64_t restart_early(struct capture_queue *queue, uint64_t head,
			      uint64_t tail)
{
	uint64_t at = head & (queue->size - 1);
	uint64_t oldest = tail & (queue->size - 1);
	uint64_t enough = queue->early;

	if (head - tail > EARLY_WAITING && enough < EARLY_DEEP_BYTES)
		enough = EARLY_DEEP_BYTES;
	if (at < oldest || oldest < enough)
		return head;
	skip_to_start(queue, head, queue->size - at);
	return head + queue->size - at;
}

// Whatever is written for the next entry must lie before what is being given
// back. The look comes after the store of the head, see capture_queue_trim().
static bool is_being_trimmed(const struct capture_queue *queue)
{
	uint64_t limit = __atomic_load_n(&queue->limit, __ATOMIC_SEQ_CST);
	uint64_t at = queue->head & (queue->size - 1);

	return limit < queue->size && at + CAPTURE_BYTES_MAX > limit;
}

// See CAPTURE_SNAPSHOT_MIN.
static uint32_t share_of(uint64_t waiting)
{
	static const struct {
		uint32_t below, bytes;
	} shares[] = {
		{ 2 << 20, SNAPSHOT_BYTES_MAX },
		{ 16 << 20, 512 << 10 },
		{ UINT32_MAX, CAPTURE_SNAPSHOT_MIN },
	};
	size_t i = 0;

	while (waiting >= shares[i].below)
		i++;
	return shares[i].bytes;
}

struct capture *capture_queue_reserve(struct capture_queue *queue)
{
	uint64_t tail = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE);
	struct capture *entry;
	uint64_t head, left, need;
	uint32_t capacity;

	if (is_being_trimmed(queue))
		return NULL;
	if (tail < queue->restart)
		tail = queue->restart;
	head = restart_if_empty(queue, queue->head, tail);
	if (tail < queue->restart)
		tail = queue->restart;
	head = restart_early(queue, head, tail);
	capacity = share_of(head - tail);
	need = sizeof(*entry) + capacity;
	left = queue->size - (head & (queue->size - 1));
	if (left < need) {
		if (queue->size - (head - tail) < left)
			return NULL;
		skip_to_start(queue, head, left);
		head += left;
	}
	if (queue->size - (head - tail) < need)
		return NULL;
	entry = entry_at(queue, head);
	entry->capacity = capacity;
	return entry;
}

void capture_queue_push(struct capture_queue *queue, struct capture *capture)
{
	uint64_t size = sizeof(*capture) + capture->snapshot.byte_count;

	capture->size = (size + ENTRY_ALIGN - 1) &
			~(uint64_t)(ENTRY_ALIGN - 1);
	__atomic_store_n(&queue->head, queue->head + capture->size,
			 __ATOMIC_SEQ_CST);
}

uint64_t capture_queue_waiting(const struct capture_queue *queue)
{
	uint64_t head = __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE);
	uint64_t tail = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE);
	uint64_t restart = __atomic_load_n(&queue->restart, __ATOMIC_ACQUIRE);

	if (tail < restart)
		tail = restart;
	return head > tail ? head - tail : 0;
}

static void note_touched(struct capture_queue *queue,
			 const struct capture *entry)
{
	uint64_t end = (queue->tail & (queue->size - 1)) + entry->size;

	if (end > queue->touched)
		queue->touched = end;
}

const struct capture *capture_queue_peek(struct capture_queue *queue)
{
	uint64_t head = __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE);
	uint64_t restart = __atomic_load_n(&queue->restart, __ATOMIC_ACQUIRE);

	if (queue->tail < restart)
		__atomic_store_n(&queue->tail, restart, __ATOMIC_RELEASE);
	while (queue->tail < head) {
		const struct capture *entry = entry_at(queue, queue->tail);

		if (entry->ring_position != SKIP) {
			note_touched(queue, entry);
			return entry;
		}
		capture_queue_pop(queue);
	}
	return NULL;
}

void capture_queue_pop(struct capture_queue *queue)
{
	uint64_t size = entry_at(queue, queue->tail)->size;

	__atomic_store_n(&queue->tail, queue->tail + size, __ATOMIC_RELEASE);
}

/*
 * The limit is told before the head is looked at, and the producer looks at the
 * limit after it has moved the head: either it sees the limit, or its head is
 * seen here (Dekker). What it is writing at that moment is less than
 * CAPTURE_BYTES_MAX behind the head.
 */
void capture_queue_trim(struct capture_queue *queue)
{
	uint64_t head, at, kept = CAPTURE_KEPT_BYTES;
	uint64_t tail = queue->tail;

	if (queue->touched <= kept)
		return;
	__atomic_store_n(&queue->limit, kept, __ATOMIC_SEQ_CST);
	head = __atomic_load_n(&queue->head, __ATOMIC_SEQ_CST);
	at = head & (queue->size - 1);
	if (tail < __atomic_load_n(&queue->restart, __ATOMIC_ACQUIRE))
		tail = queue->restart;
	if (at + CAPTURE_BYTES_MAX <= kept && head - tail <= at &&
	    !madvise(queue->bytes + kept, queue->size - kept, MADV_DONTNEED))
		queue->touched = 0;
	__atomic_store_n(&queue->limit, queue->size, __ATOMIC_RELEASE);
}
