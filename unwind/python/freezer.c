// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/freezer.h"

enum {
	// A structure may lie across the end of the copy.
	STACK_OVERLAP = 256,
	STACK_STEP_FIRST = 16 << 10,
	// The bottom of the stack lies not far beyond the last record.
	STACK_MARGIN = 4 << 10,
	// psABI x86-64 3.2.2: bytes below the stack pointer that are kept.
	RED_ZONE = 128,
	// A bottom further away than this belongs to another stack.
	STACK_SIZE_MAX = 1 << 30,
};

void freezer_init(struct freezer *freezer, struct python_target *target,
		  const struct memory *stack, struct snapshot *ret,
		  size_t capacity)
{
	freezer->target = target;
	freezer->layout = target->layout;
	freezer->stack = stack;
	freezer->ret = ret;
	freezer->capacity =
		capacity < SNAPSHOT_BYTES_MAX ? capacity : SNAPSHOT_BYTES_MAX;
	freezer->chunk_first = freezer->chunk_end = 0;
	freezer->hit = 0;
	freezer->stack_start = freezer->stack_end = 0;
	freezer->next_page = 0;
	freezer->new_codes = freezer->codes_again = 0;
	for (unsigned int i = 0; i < FREEZER_PAGES; i++)
		freezer->page_vaddr[i] = 0;
	for (size_t i = 0; i < stack->segment_count; i++) {
		const struct memory_segment *s = &stack->segment[i];

		if (!i)
			freezer->stack_start = freezer->stack_end = s->vaddr;
		if (s->vaddr == freezer->stack_end)
			freezer->stack_end += s->size;
	}
	ret->status = SNAPSHOT_OK;
	ret->reads = 0;
	ret->thread_state = 0;
	ret->thread_found_ns = 0;
	ret->piece_count = 0;
	ret->byte_count = 0;
}

void freezer_fail(struct freezer *freezer, enum snapshot_status status)
{
	if (freezer->ret->status == SNAPSHOT_OK)
		freezer->ret->status = status;
}

ssize_t freezer_read(struct freezer *freezer, uint64_t vaddr, void *ret,
		     size_t size)
{
	const struct live_memory *memory = &freezer->target->memory;
	size_t readable = guarded_ranges_readable(&freezer->target->hanging,
						  vaddr, size);

	if (size && !readable) {
		freezer_fail(freezer, SNAPSHOT_MAY_HANG);
		return -1;
	}
	freezer->ret->reads++;
	return memory->read(memory->context, vaddr, ret, readable);
}

size_t freezer_room(const struct freezer *freezer)
{
	if (freezer->ret->byte_count > freezer->capacity)
		return 0;
	return freezer->capacity - freezer->ret->byte_count;
}

uint8_t *freezer_end(struct freezer *freezer)
{
	return freezer->ret->bytes + freezer->ret->byte_count;
}

bool freezer_add(struct freezer *freezer, enum snapshot_piece_kind kind,
		 uint64_t vaddr, size_t size)
{
	struct snapshot *ret = freezer->ret;

	if (ret->piece_count >= SNAPSHOT_PIECE_MAX ||
	    size > freezer_room(freezer))
		return false;
	ret->piece[ret->piece_count++] = (struct snapshot_piece){
		.vaddr = vaddr,
		.size = (uint32_t)size,
		.kind = kind,
		.offset = ret->byte_count,
	};
	ret->byte_count += (uint32_t)((size + 7) & ~(size_t)7);
	return true;
}

static const void *piece_at(const struct freezer *freezer, size_t index,
			    uint64_t vaddr, size_t size)
{
	const struct snapshot_piece *piece = &freezer->ret->piece[index];
	uint64_t offset = vaddr - piece->vaddr;

	if (offset >= piece->size || size > piece->size - offset)
		return NULL;
	return freezer->ret->bytes + piece->offset + offset;
}

const void *freezer_at(struct freezer *freezer, uint64_t vaddr, size_t size)
{
	size_t count = freezer->ret->piece_count;
	const void *bytes;

	if (freezer->hit < count) {
		bytes = piece_at(freezer, freezer->hit, vaddr, size);
		if (bytes)
			return bytes;
	}
	bytes = memory_at(freezer->stack, vaddr, size);
	for (size_t i = 0; !bytes && i < count; i++) {
		bytes = piece_at(freezer, i, vaddr, size);
		if (bytes)
			freezer->hit = i;
	}
	return bytes;
}

// The page at @start. The oldest one makes room for it. NULL: unreadable.
static const uint8_t *page_at(struct freezer *freezer, uint64_t start)
{
	unsigned int i;

	for (i = 0; i < FREEZER_PAGES; i++) {
		if (freezer->page_vaddr[i] == start)
			return freezer->page[i];
	}
	i = freezer->next_page++ % FREEZER_PAGES;
	freezer->page_vaddr[i] = 0;
	if (freezer_read(freezer, start, freezer->page[i],
			 FREEZER_PAGE_BYTES) != FREEZER_PAGE_BYTES)
		return NULL;
	freezer->page_vaddr[i] = start;
	return freezer->page[i];
}

size_t freezer_copy(struct freezer *freezer, uint64_t vaddr, void *ret,
		    size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t offset = (vaddr + done) & (FREEZER_PAGE_BYTES - 1);
		size_t part = FREEZER_PAGE_BYTES - offset;
		const uint8_t *page = page_at(freezer, vaddr + done - offset);

		if (!page)
			break;
		if (part > size - done)
			part = size - done;
		memcpy((uint8_t *)ret + done, page + offset, part);
		done += part;
	}
	return done;
}

const void *freezer_object(struct freezer *freezer,
			   enum snapshot_piece_kind kind, uint64_t vaddr,
			   size_t size)
{
	void *bytes = freezer_end(freezer);

	if (freezer->ret->piece_count >= SNAPSHOT_PIECE_MAX ||
	    size > freezer_room(freezer)) {
		freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
		return NULL;
	}
	if (freezer_copy(freezer, vaddr, bytes, size) != size) {
		freezer_fail(freezer, SNAPSHOT_UNREADABLE);
		return NULL;
	}
	freezer_add(freezer, kind, vaddr, size);
	return bytes;
}

// Where to read on from. Without a copy, for its first page was not there yet:
// that it is being made is what the thread stopped at.
static uint64_t extension_start(const struct freezer *freezer)
{
	if (freezer->stack_end - freezer->stack_start >= STACK_OVERLAP)
		return freezer->stack_end - STACK_OVERLAP;
	return freezer->stack_start;
}

bool freezer_extend_stack(struct freezer *freezer, uint64_t vaddr, size_t size)
{
	uint64_t start = extension_start(freezer);
	uint64_t want;
	ssize_t got;

	if (!freezer->stack_start || vaddr < start ||
	    vaddr - start >= SNAPSHOT_BYTES_MAX)
		return false;
	want = vaddr - start + size + STACK_MARGIN;
	// Doubling what is there keeps the number of reads logarithmic.
	if (want < freezer->stack_end - freezer->stack_start)
		want = freezer->stack_end - freezer->stack_start;
	if (want < STACK_STEP_FIRST)
		want = STACK_STEP_FIRST;
	if (want > freezer_room(freezer))
		want = freezer_room(freezer);
	if (freezer->ret->piece_count >= SNAPSHOT_PIECE_MAX)
		return false;
	got = freezer_read(freezer, start, freezer_end(freezer), want);
	if (got <= 0 || start + (uint64_t)got <= freezer->stack_end ||
	    !freezer_add(freezer, SNAPSHOT_FRAME, start, (size_t)got))
		return false;
	freezer->stack_end = start + (uint64_t)got;
	return vaddr + size <= freezer->stack_end;
}

void freezer_add_red_zone(struct freezer *freezer, uint64_t fp)
{
	uint64_t start = freezer->stack_start - RED_ZONE;

	if (!freezer->stack_start || fp - start >= RED_ZONE ||
	    freezer_room(freezer) < RED_ZONE)
		return;
	if (freezer_read(freezer, start, freezer_end(freezer), RED_ZONE) ==
	    RED_ZONE)
		freezer_add(freezer, SNAPSHOT_FRAME, start, RED_ZONE);
}

// glibc and musl keep a thread's descriptor, which pthread_self() is the
// address of, at the bottom of its stack. The first thread's lies elsewhere.
static uint64_t stack_bottom(const struct freezer *freezer)
{
	const uint8_t *state = freezer->ret->bytes;
	uint64_t start = freezer->stack_start;
	uint64_t self = freezer_u64(state, freezer->layout->thread.thread_id);

	if (self - start < STACK_SIZE_MAX)
		return self;
	if (freezer->target->main_stack - start < STACK_SIZE_MAX)
		return freezer->target->main_stack;
	return 0;
}

void freezer_complete_stack(struct freezer *freezer)
{
	uint64_t bottom = stack_bottom(freezer);

	if (bottom > freezer->stack_end)
		freezer_extend_stack(freezer, bottom - 1, 1);
}
