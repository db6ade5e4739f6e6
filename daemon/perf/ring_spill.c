// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/ring_spill.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t power_of_two(uint64_t least)
{
	uint64_t power = 1;

	while (power < least)
		power *= 2;
	return power;
}

struct error *ring_spill_init(struct ring_spill *spill,
			      const struct perf_ring *ring, uint64_t bytes,
			      uint64_t record_bytes)
{
	uint64_t size = power_of_two(bytes > ring->size ? bytes : ring->size);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return error_from_errno(errno, "reserve room behind a ring");
	*spill = (struct ring_spill){ .bytes = memory,
				      .size = size,
				      .record_bytes = record_bytes };
	return NULL;
}

void ring_spill_deinit(struct ring_spill *spill)
{
	if (spill->bytes)
		munmap(spill->bytes, spill->size);
	*spill = (struct ring_spill){ 0 };
}

static uint64_t load(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

// Both wrap, at different places.
static void copy(struct ring_spill *spill, const struct perf_ring *ring,
		 uint64_t from, uint64_t to)
{
	while (from < to) {
		uint64_t source = from & (ring->size - 1);
		uint64_t target = from & (spill->size - 1);
		uint64_t size = to - from;

		if (size > ring->size - source)
			size = ring->size - source;
		if (size > spill->size - target)
			size = spill->size - target;
		memcpy(spill->bytes + target, ring->data + source, size);
		from += size;
	}
}

// What the reader consumes meanwhile may be overwritten while it is copied; it
// is not asked for any more. That it has moved is known before its room is the
// kernel's.
bool ring_spill_move(struct ring_spill *spill, struct perf_ring *ring)
{
	uint64_t consumed = load(&spill->consumed);
	uint64_t tail = perf_ring_tail(ring);
	uint64_t scanned = perf_ring_scanned(ring);
	uint64_t oldest = consumed < tail ? consumed : tail;

	if (!spill->bytes || scanned - oldest > spill->size || scanned <= tail ||
	    !perf_ring_is_filling(ring))
		return false;
	copy(spill, ring, tail, scanned);
	spill->touched = true;
	__atomic_store_n(&spill->moved_bytes,
			 spill->moved_bytes + scanned - tail, __ATOMIC_RELAXED);
	__atomic_store_n(&spill->moved, scanned, __ATOMIC_RELEASE);
	if (!perf_ring_has_room(ring, spill->record_bytes))
		__atomic_store_n(&spill->full_ns, monotonic_ns(),
				 __ATOMIC_RELEASE);
	perf_ring_give_back(ring, scanned);
	return true;
}

void ring_spill_trim(struct ring_spill *spill)
{
	if (!spill->touched || ring_spill_waiting(spill))
		return;
	madvise(spill->bytes, spill->size, MADV_DONTNEED);
	spill->touched = false;
}

static bool is_believable(const struct perf_event_header *header,
			  uint64_t left)
{
	return header->size >= 16 && header->size % 8 == 0 &&
	       header->size <= left;
}

// In place, for here nothing is overwritten before it is consumed.
static const void *kept_record(const struct ring_spill *spill,
			       uint64_t position, uint64_t limit, void *scratch,
			       struct perf_event_header *ret)
{
	const struct perf_ring kept = { .data = spill->bytes,
					.size = spill->size };

	*ret = perf_ring_header(&kept, position);
	if (!is_believable(ret, limit - position))
		return NULL;
	return perf_ring_bytes(&kept, position, ret->size, scratch);
}

static void copy_out(const struct perf_ring *ring, uint64_t position,
		     size_t size, void *scratch)
{
	const void *bytes = perf_ring_bytes(ring, position, size, scratch);

	if (bytes != scratch)
		memcpy(scratch, bytes, size);
}

// A record is copied, for the mover may move it at any time, and the kernel
// overwrite it. Whatever that spoilt has been moved by the end of the copy.
const void *ring_spill_record(const struct ring_spill *spill,
			      const struct perf_ring *ring, uint64_t position,
			      uint64_t limit, void *scratch,
			      struct perf_event_header *ret)
{
	bool good;

	if (position < load(&spill->moved))
		return kept_record(spill, position, limit, scratch, ret);
	*ret = perf_ring_header(ring, position);
	good = is_believable(ret, limit - position);
	if (!spill->bytes)
		return good ? perf_ring_bytes(ring, position, ret->size,
					      scratch) :
			      NULL;
	if (good)
		copy_out(ring, position, ret->size, scratch);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (position < load(&spill->moved))
		return kept_record(spill, position, limit, scratch, ret);
	return good ? scratch : NULL;
}

void ring_spill_consume(struct ring_spill *spill, struct perf_ring *ring,
			uint64_t position)
{
	uint64_t scanned = perf_ring_scanned(ring);

	__atomic_store_n(&spill->consumed, position, __ATOMIC_RELEASE);
	perf_ring_give_back(ring, position < scanned ? position : scanned);
}

uint64_t ring_spill_waiting(const struct ring_spill *spill)
{
	uint64_t moved = load(&spill->moved);
	uint64_t consumed = load(&spill->consumed);

	return moved > consumed ? moved - consumed : 0;
}
