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
	freezer->state_count = 0;
	freezer->state_vaddr = 0;
	freezer->state = NULL;
	freezer->chunk_first = freezer->chunk_end = 0;
	freezer->hit = 0;
	freezer->near = (struct memory_segment){ 0 };
	freezer->stack_start = freezer->stack_end = 0;
	freezer->next_page = 0;
	freezer->new_codes = freezer->codes_again = 0;
	freezer->work = 0;
	freezer->looks = FREEZER_LOOKS_MIN +
			 freezer->capacity / FREEZER_LOOK_BYTES;
	freezer->stack_cut = false;
	freezer->search_cut = false;
	freezer->along = FREEZER_ALONG_NOTHING;
	freezer->page_unused = 0;
	freezer->block = 0;
	freezer->block_read = 0;
	freezer->run = freezer->row = 0;
	freezer->run_start = freezer->run_end = 0;
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

void freezer_restart(struct freezer *freezer)
{
	struct snapshot *ret = freezer->ret;

	freezer->state_count = 0;
	freezer->hit = 0;
	freezer->near = (struct memory_segment){ 0 };
	ret->thread_state = 0;
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

	unsigned int work = 1 + (unsigned int)(readable / FREEZER_PAGE_BYTES);

	if (size && !readable) {
		freezer_fail(freezer, SNAPSHOT_MAY_HANG);
		return -1;
	}
	if (work > FREEZER_WORK_MAX - freezer->work) {
		freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
		return -1;
	}
	freezer->work += work;
	freezer->ret->reads++;
	return memory->read(memory->context, vaddr, ret, readable);
}

size_t freezer_room(const struct freezer *freezer)
{
	if (freezer->ret->byte_count > freezer->capacity)
		return 0;
	return freezer->capacity - freezer->ret->byte_count;
}

size_t freezer_readable(const struct freezer *freezer)
{
	size_t pages = FREEZER_WORK_MAX - freezer->work;
	size_t most = pages ? (pages - 1) * FREEZER_PAGE_BYTES : 0;
	size_t room = freezer_room(freezer);

	return room < most ? room : most;
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

void freezer_select_state(struct freezer *freezer, size_t index)
{
	const struct snapshot_piece *piece = &freezer->ret->piece[index];

	freezer->state_vaddr = piece->vaddr;
	freezer->state = freezer->ret->bytes + piece->offset;
}

void freezer_select_running(struct freezer *freezer)
{
	const struct snapshot *ret = freezer->ret;

	for (size_t i = 0; i < freezer->state_count; i++) {
		if (ret->piece[i].vaddr == ret->thread_state)
			freezer_select_state(freezer, i);
	}
}

static const void *piece_at(const struct freezer *freezer, size_t index,
			    uint64_t vaddr, size_t size)
{
	const struct snapshot_piece *piece = &freezer->ret->piece[index];
	uint64_t offset = vaddr - piece->vaddr;

	if (offset >= piece->size || size > piece->size - offset ||
	    piece->kind == SNAPSHOT_OBJECTS)
		return NULL;
	return freezer->ret->bytes + piece->offset + offset;
}

bool freezer_look(struct freezer *freezer, size_t count)
{
	if (count > freezer->looks) {
		freezer->looks = 0;
		freezer_fail(freezer, SNAPSHOT_TOO_DEEP);
		return false;
	}
	freezer->looks -= count;
	return true;
}

// Nothing else that is read lies where chunks do.
static void note_near(struct freezer *freezer, size_t index)
{
	const struct snapshot_piece *piece = &freezer->ret->piece[index];

	if (piece->kind == SNAPSHOT_CHUNK)
		freezer->near = (struct memory_segment){
			piece->vaddr, piece->size,
			freezer->ret->bytes + piece->offset,
		};
}

const void *freezer_look_up(struct freezer *freezer, uint64_t vaddr,
			    size_t size)
{
	size_t count = freezer->ret->piece_count, i = 0;
	const void *bytes;

	if (!freezer_look(freezer, FREEZER_LOOK_COST))
		return NULL;
	bytes = memory_at(freezer->stack, vaddr, size);
	if (!bytes && freezer->hit < count)
		bytes = piece_at(freezer, freezer->hit, vaddr, size);
	for (; !bytes && i < count; i++) {
		bytes = piece_at(freezer, i, vaddr, size);
		if (!bytes)
			continue;
		freezer->hit = i;
		note_near(freezer, i);
	}
	return freezer_look(freezer, i) ? bytes : NULL;
}

// Where to read on from: the start of a page, for the kernel copies page by page
// from there, and looks up two for each otherwise (Linux 6.18 fs/proc/base.c,
// mem_rw()). Without a copy, for its first page was not there yet:
// that it is being made is what the thread stopped at.
static uint64_t extension_start(const struct freezer *freezer)
{
	uint64_t start = freezer->stack_start;

	if (freezer->stack_end - start >= STACK_OVERLAP)
		start = (freezer->stack_end - STACK_OVERLAP) &
			~(uint64_t)(FREEZER_PAGE_BYTES - 1);
	return start > freezer->stack_start ? start : freezer->stack_start;
}

bool freezer_extend_stack(struct freezer *freezer, uint64_t vaddr, size_t size)
{
	uint64_t start = extension_start(freezer);
	uint64_t want;
	ssize_t got;

	if (!freezer->stack_start || vaddr < start ||
	    vaddr - start >= FREEZER_STACK_MAX)
		return false;
	want = vaddr - start + size + STACK_MARGIN;
	// Doubling what is there keeps the number of reads logarithmic.
	if (want < freezer->stack_end - freezer->stack_start)
		want = freezer->stack_end - freezer->stack_start;
	if (want < STACK_STEP_FIRST)
		want = STACK_STEP_FIRST;
	if (want > freezer_readable(freezer))
		want = freezer_readable(freezer);
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
uint64_t freezer_stack_bottom(const struct freezer *freezer, uint64_t self)
{
	uint64_t start = freezer->stack_start;

	if (self - start < STACK_SIZE_MAX)
		return self;
	if (freezer->target->main_stack - start < STACK_SIZE_MAX)
		return freezer->target->main_stack;
	return 0;
}

void freezer_complete_stack(struct freezer *freezer)
{
	uint64_t self = freezer_u64(freezer->state,
				    freezer->layout->thread.thread_id);
	uint64_t bottom = freezer_stack_bottom(freezer, self);

	if (bottom <= freezer->stack_end)
		return;
	// A part would take its time and still lead nowhere.
	freezer->stack_cut = bottom - extension_start(freezer) >
				     freezer_readable(freezer) ||
			     !freezer_extend_stack(freezer, bottom - 1, 1);
}
