// SPDX-License-Identifier: Apache-2.0
/*
 * The page and the data of a perf ring, and the memory order between us and
 * the kernel: data_head is read with acquire before the records it covers,
 * data_tail is written with release after the last look at them.
 *
 * Authority: kernel/events/ring_buffer.c, comment at perf_output_put_handle().
 */
#include "daemon/perf/perf_ring.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RING_BYTES_MIN = 64 << 10 };

static void *ring_map(int fd, size_t bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	// Writable, for only then the kernel respects data_tail.
	return mmap(NULL, page_bytes + bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
}

// EPERM: over the locked-memory limit. ENOMEM: no pages. EINVAL: not a power
// of two pages, which halving also cures when the page is larger than thought.
static bool ring_may_shrink(int errnum)
{
	return errnum == EPERM || errnum == ENOMEM || errnum == EINVAL;
}

static struct error *ring_map_ladder(int fd, size_t *bytes, void **ret)
{
	for (;;) {
		void *page = ring_map(fd, *bytes);

		if (page != MAP_FAILED) {
			*ret = page;
			return NULL;
		}
		if (!ring_may_shrink(errno) || *bytes / 2 < RING_BYTES_MIN)
			break;
		*bytes /= 2;
	}
	return error_from_errno(errno, "map a perf ring of %zu KiB "
				"(limits: kernel.perf_event_mlock_kb, "
				"ulimit -l)", *bytes >> 10);
}

struct error *perf_ring_create(int fd, size_t bytes, struct perf_ring **ret)
{
	_cleanup_free_ struct perf_ring *ring = calloc(1, sizeof(*ring));
	struct error *error;
	void *page = NULL;

	if (!ring)
		return &error_nomem;
	if (bytes < RING_BYTES_MIN)
		bytes = RING_BYTES_MIN;
	error = ring_map_ladder(fd, &bytes, &page);
	if (error)
		return error;
	ring->page = page;
	ring->data = (const uint8_t *)page + sysconf(_SC_PAGESIZE);
	ring->size = bytes;
	ring->fd = fd;
	*ret = take_ptr(ring);
	return NULL;
}

void perf_ring_destroy(struct perf_ring *ring)
{
	if (!ring)
		return;
	if (ring->page)
		munmap(ring->page, (size_t)sysconf(_SC_PAGESIZE) + ring->size);
	free(ring);
}

uint64_t perf_ring_head(const struct perf_ring *ring)
{
	return __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
}

uint64_t perf_ring_scanned(const struct perf_ring *ring)
{
	return __atomic_load_n(&ring->scanned, __ATOMIC_ACQUIRE);
}

void perf_ring_set_scanned(struct perf_ring *ring, uint64_t position)
{
	__atomic_store_n(&ring->scanned, position, __ATOMIC_RELEASE);
}

uint64_t perf_ring_tail(const struct perf_ring *ring)
{
	return __atomic_load_n(&ring->page->data_tail, __ATOMIC_ACQUIRE);
}

void perf_ring_set_tail(struct perf_ring *ring, uint64_t position)
{
	__atomic_store_n(&ring->page->data_tail, position, __ATOMIC_RELEASE);
}

bool perf_ring_has_room(const struct perf_ring *ring, uint64_t record_bytes)
{
	uint64_t tail = perf_ring_tail(ring);
	uint64_t used = perf_ring_head(ring) - tail;

	return used <= ring->size && ring->size - used >= record_bytes;
}

// The kernel wakes the ring's reader each time that it has written a half (the
// anchor has no watermark of its own): what is seen filling up then is so at
// most by three quarters.
bool perf_ring_is_filling(const struct perf_ring *ring)
{
	enum { SHARE = 4 };
	uint64_t tail = perf_ring_tail(ring);

	return perf_ring_head(ring) - tail >= ring->size / SHARE;
}

// Were it moved back, the kernel would take room for what is not read yet.
void perf_ring_give_back(struct perf_ring *ring, uint64_t position)
{
	__u64 *at = &ring->page->data_tail;
	__u64 tail = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (tail < position &&
	       !__atomic_compare_exchange_n(at, &tail, position, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		continue;
}

struct perf_event_header perf_ring_header(const struct perf_ring *ring,
					  uint64_t position)
{
	uint64_t word = perf_ring_word(ring, position);
	struct perf_event_header header;

	_Static_assert(sizeof(header) == sizeof(word), "one word");
	memcpy(&header, &word, sizeof(header));
	return header;
}

const void *perf_ring_bytes(const struct perf_ring *ring, uint64_t position,
			    size_t size, void *scratch)
{
	uint64_t offset = position & (ring->size - 1);
	size_t first = (size_t)(ring->size - offset);

	if (size <= first)
		return ring->data + offset;
	// No record is larger than the ring; a claim to be is cut.
	if (size > ring->size)
		size = (size_t)ring->size;
	memcpy(scratch, ring->data + offset, first);
	memcpy((uint8_t *)scratch + first, ring->data, size - first);
	return scratch;
}

uint64_t perf_ring_word(const struct perf_ring *ring, uint64_t position)
{
	// Rounded down, so that the word never crosses the end of the ring.
	uint64_t offset = position & (ring->size - 1) & ~UINT64_C(7);
	uint64_t word;

	memcpy(&word, ring->data + offset, sizeof(word));
	return word;
}
