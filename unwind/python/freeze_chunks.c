// SPDX-License-Identifier: Apache-2.0
/*
 * The data stack of a frozen thread: a list of chunks, each {previous, size,
 * top, data...}, 16 KiB unless a frame needs more. The thread state has the
 * current chunk and the first free word in it; `top` of the older ones is how
 * many words of data they hold (CPython 3.11-3.13 Python/pystate.c,
 * push_chunk(); `top` of the current chunk is stale).
 *
 * They come from mmap, so that most lie right above the one that followed them,
 * in runs. A run is read in one go. How long it is is known from the last time;
 * the first time it is guessed, and the guess doubled. A page too much costs
 * about as much as one more system call.
 */
#include "unwind/python/freezer.h"

enum {
	SPAN_FIRST = 32 << 10,
	SPAN_MAX = 128 << 10,
	RUN_GAP_MAX = 8 << 10,
	CHUNK_WORD = 8,
	GAP_MAX = 1024, // what the last frame left of a chunk
};

// Bytes read in one go, which hold as many older chunks as happen to lie there.
// They stand at the end of bytes[], beyond what has been kept.
struct chunk_span {
	uint64_t vaddr;
	uint8_t *bytes;
	size_t size;
	size_t want; // bytes of the next read, if nothing better is known
	uint64_t run_start, run_end; // chunks met one behind the other
};

static const uint8_t *span_at(const struct chunk_span *span, uint64_t vaddr,
			      uint64_t size)
{
	uint64_t offset = vaddr - span->vaddr;

	if (offset > span->size || size > span->size - offset)
		return NULL;
	return span->bytes + offset;
}

// At least @need bytes at @vaddr. False: unreadable, or no room for them.
static bool span_read(struct freezer *freezer, struct chunk_span *span,
		      uint64_t vaddr, uint64_t need)
{
	size_t want = python_target_find_run(freezer->target, vaddr);
	size_t room = freezer_readable(freezer);
	ssize_t got;

	if (need > room) {
		freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
		return false;
	}
	if (!want)
		want = span->want;
	if (want < need)
		want = need;
	if (want > room)
		want = room;
	if (span->want < SPAN_MAX)
		span->want *= 2;
	span->vaddr = vaddr;
	span->bytes = freezer_end(freezer);
	got = freezer_read(freezer, vaddr, span->bytes, want);
	span->size = got > 0 ? (size_t)got : 0;
	if (span->size < need) {
		freezer_fail(freezer, SNAPSHOT_UNREADABLE);
		return false;
	}
	return true;
}

static void end_run(struct freezer *freezer, const struct chunk_span *span)
{
	if (span->run_end)
		python_target_learn_run(freezer->target, span->run_start,
					span->run_end - span->run_start);
}

static void extend_run(struct freezer *freezer, struct chunk_span *span,
		       uint64_t vaddr, uint64_t size)
{
	if (!span->run_end || vaddr - span->run_end > RUN_GAP_MAX) {
		end_run(freezer, span);
		span->run_start = vaddr;
	}
	span->run_end = vaddr + size;
}

// Whether @vaddr, read to @bytes, continues the last piece as it does in memory.
static bool continues_last(const struct snapshot *ret, uint64_t vaddr,
			   const uint8_t *bytes)
{
	const struct snapshot_piece *last;

	if (!ret->piece_count)
		return false;
	last = &ret->piece[ret->piece_count - 1];
	return last->kind == SNAPSHOT_CHUNK && vaddr > last->vaddr &&
	       vaddr - last->vaddr ==
		       (uint64_t)(bytes - (ret->bytes + last->offset));
}

// Keeps [@vaddr, +@size) of the span. A chunk that follows the one before stays
// where it was read; chunks of other threads in between are squeezed out.
static bool span_keep(struct freezer *freezer, const struct chunk_span *span,
		      uint64_t vaddr, size_t size)
{
	const uint8_t *bytes = span_at(span, vaddr, size);
	uint8_t *end = freezer_end(freezer);
	struct snapshot *ret = freezer->ret;
	uint32_t byte_count = ret->byte_count;

	if (bytes - end <= GAP_MAX && continues_last(ret, vaddr, bytes)) {
		struct snapshot_piece *last = &ret->piece[ret->piece_count - 1];

		last->size = (uint32_t)(vaddr - last->vaddr + size);
		ret->byte_count = last->offset + ((last->size + 7) & ~7u);
		return true;
	}
	if (bytes - end > GAP_MAX)
		memmove(end, bytes, size);
	else
		ret->byte_count += (uint32_t)(bytes - end);
	if (freezer_add(freezer, SNAPSHOT_CHUNK, vaddr, size))
		return true;
	ret->byte_count = byte_count;
	freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
	return false;
}

// The bytes of an older chunk that are in use; false when that is nonsense.
static bool chunk_used(const struct python_layout *layout,
		       const uint8_t *header, uint64_t *ret)
{
	uint64_t size = freezer_u64(header, layout->chunk.size);
	uint64_t top = freezer_u64(header, layout->chunk.top);

	return top <= size / CHUNK_WORD &&
	       !__builtin_add_overflow(top * CHUNK_WORD,
				       (uint64_t)layout->chunk.data, ret);
}

// Adds the older chunk at @vaddr and tells which one is older still.
static bool add_older(struct freezer *freezer, struct chunk_span *span,
		      uint64_t vaddr, uint64_t *ret_previous)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *header;
	uint64_t used;

	header = span_at(span, vaddr, layout->chunk.data);
	if (!header || header < freezer_end(freezer)) {
		if (!span_read(freezer, span, vaddr, layout->chunk.data))
			return false;
		header = span->bytes;
	}
	if (!chunk_used(layout, header, &used)) {
		freezer_fail(freezer, SNAPSHOT_BROKEN);
		return false;
	}
	*ret_previous = freezer_u64(header, layout->chunk.previous);
	if (!span_at(span, vaddr, used) &&
	    !span_read(freezer, span, vaddr, used))
		return false;
	extend_run(freezer, span, vaddr, used);
	return span_keep(freezer, span, vaddr, used);
}

// The current chunk up to the thread's top. When it alone is too large, its
// newest part is kept.
static bool add_current(struct freezer *freezer, uint64_t chunk, uint64_t top,
			uint64_t *ret_previous)
{
	const struct python_layout *layout = freezer->layout;
	uint64_t size = top - chunk;
	bool cut = size > freezer_readable(freezer);

	if (!freezer_is_pointer(chunk) || !freezer_is_pointer(top) ||
	    top <= chunk || size < layout->chunk.data) {
		freezer_fail(freezer, SNAPSHOT_BROKEN);
		return false;
	}
	if (cut)
		size = freezer_readable(freezer) & ~(uint64_t)7;
	if (size < layout->chunk.data) {
		freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
		return false;
	}
	if (freezer_read(freezer, top - size, freezer_end(freezer), size) !=
	    (ssize_t)size) {
		freezer_fail(freezer, SNAPSHOT_UNREADABLE);
		return false;
	}
	*ret_previous = freezer_u64(freezer_end(freezer),
				    layout->chunk.previous);
	if (!freezer_add(freezer, SNAPSHOT_CHUNK, top - size, size) || cut) {
		freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
		return false;
	}
	return true;
}

static void add_all_older(struct freezer *freezer, struct chunk_span *span,
			  uint64_t chunk, uint64_t previous)
{
	struct chain_guard guard = { 0 };

	chain_guard_repeats(&guard, chunk);
	for (unsigned int i = 1; previous; i++) {
		if (!freezer_is_pointer(previous) ||
		    chain_guard_repeats(&guard, previous)) {
			freezer_fail(freezer, SNAPSHOT_BROKEN);
			return;
		}
		if (i >= FREEZER_CHUNK_MAX) {
			freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
			return;
		}
		if (!add_older(freezer, span, previous, &previous))
			return;
	}
}

void freeze_chunks(struct freezer *freezer)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *state = freezer->state;
	uint64_t chunk = freezer_u64(state, layout->thread.chunk);
	uint64_t top = freezer_u64(state, layout->thread.chunk_top);
	struct chunk_span span = { .want = SPAN_FIRST };
	uint64_t previous;

	// None until the first Python call of a thread.
	if (!chunk || !add_current(freezer, chunk, top, &previous))
		return;
	add_all_older(freezer, &span, chunk, previous);
	end_run(freezer, &span);
}
