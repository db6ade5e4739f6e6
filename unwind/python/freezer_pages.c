// SPDX-License-Identifier: Apache-2.0
/*
 * Small objects of the frozen thread, through whole pages. The frame objects of
 * a chain (up to 3.10) come from the allocator's free lists, and lie in the same
 * pages from one call to the next: 60 of them in 11 to 14 pages, which are 5 to 8
 * rows of neighbours, a thousand in 105 to 114, or 9 to 20 rows (3.6.15 to
 * 3.10.13). A row is read in one go. Where they are is known from the last time;
 * the first time it is guessed. So do the frames of generators and coroutines,
 * of which there are fewer: those are not guessed.
 */
#include "unwind/python/freezer.h"

enum {
	// What the chain of frame objects may pass over and go on.
	RUN_GAP_PAGES = 4,
	// What is read along between pages that are known to be needed: it costs
	// about half as much as one more read.
	KNOWN_GAP_PAGES = 1,
	ROW_MIN = 8, // reads, until more than a page is read
};

// Pages to be read in one go.
struct page_run {
	uint64_t start;
	unsigned int count;
};

// As the chain went until now.
static struct page_run guess_run(struct freezer *freezer, uint64_t start)
{
	const uint64_t near = (uint64_t)RUN_GAP_PAGES * FREEZER_PAGE_BYTES;
	struct page_run run = { start, 1 };
	bool up = start - freezer->run_end <= near;
	bool down = freezer->run_start - start - 1 <= near;

	freezer->row = up || down ? freezer->row + 1 : 0;
	// What is not used costs most where a stack ends soon.
	if (freezer->row < ROW_MIN)
		return run;
	run.count = freezer->run * 2;
	if (run.count > FREEZER_AHEAD_MAX)
		run.count = FREEZER_AHEAD_MAX;
	if (down)
		run.start -= (uint64_t)(run.count - 1) * FREEZER_PAGE_BYTES;
	return run;
}

static uint64_t block_of(uint64_t start)
{
	return start & ~((uint64_t)PYTHON_BLOCK_PAGES * FREEZER_PAGE_BYTES - 1);
}

static uint32_t bit_of(uint64_t start)
{
	return 1u << (start / FREEZER_PAGE_BYTES % PYTHON_BLOCK_PAGES);
}

// Whether it has been read, and perhaps made room for others since.
static bool was_read(const struct freezer *freezer, uint64_t start)
{
	if (freezer->block == block_of(start) &&
	    freezer->block_read & bit_of(start))
		return true;
	for (unsigned int i = 0; i < FREEZER_PAGES; i++)
		if (freezer->page_vaddr[i] == start)
			return true;
	return false;
}

static void note_read(struct freezer *freezer, uint64_t start)
{
	if (freezer->block != block_of(start)) {
		freezer->block = block_of(start);
		freezer->block_read = 0;
	}
	freezer->block_read |= bit_of(start);
}

// The last one in a row of needed pages of a block, from @at on in steps of @step.
static int end_of_row(const struct freezer *freezer, uint64_t block,
		      uint32_t pages, int at, int step)
{
	int end = at;

	for (at += step; at >= 0 && at < PYTHON_BLOCK_PAGES; at += step) {
		if (step * (at - end) > KNOWN_GAP_PAGES + 1 ||
		    was_read(freezer,
			     block + (uint64_t)at * FREEZER_PAGE_BYTES))
			break;
		if (pages >> at & 1)
			end = at;
	}
	return end;
}

// As the chain went through this block the last time. @pages: where.
static struct page_run known_run(const struct freezer *freezer, uint64_t start,
				 uint32_t pages)
{
	uint64_t block = block_of(start);
	int at = (int)((start - block) / FREEZER_PAGE_BYTES);
	int first = end_of_row(freezer, block, pages, at, -1);
	int last = end_of_row(freezer, block, pages, at, 1);

	// The page that is needed now stays among them.
	if (last - first >= FREEZER_KNOWN_MAX)
		first = last - at < FREEZER_KNOWN_MAX ?
				last - FREEZER_KNOWN_MAX + 1 : at;
	if (last - first >= FREEZER_KNOWN_MAX)
		last = first + FREEZER_KNOWN_MAX - 1;
	return (struct page_run){
		block + (uint64_t)first * FREEZER_PAGE_BYTES,
		(unsigned int)(last - first) + 1,
	};
}

// What is met for the first time is guessed, also beside what is known.
static struct page_run run_for(struct freezer *freezer, uint64_t start)
{
	struct page_run guessed = { start, 1 };
	uint32_t pages;

	if (freezer->along == FREEZER_ALONG_NOTHING)
		return guessed;
	if (freezer->along == FREEZER_ALONG_GUESSED)
		guessed = guess_run(freezer, start);
	pages = python_target_find_pages(freezer->target, freezer->state_vaddr,
					 start);
	return pages & bit_of(start) ? known_run(freezer, start, pages) :
				       guessed;
}

static void forget_unused(struct freezer *freezer, unsigned int slot)
{
	if (freezer->page_unused >> slot & 1)
		python_target_learn_page(freezer->target, freezer->state_vaddr,
					 freezer->page_vaddr[slot], false);
	freezer->page_unused &= ~(1u << slot);
}

// A run's pages into as many slots, the oldest ones. The first of these, or -1:
// not all of them can be read.
static int read_pages(struct freezer *freezer, const struct page_run *run)
{
	size_t size = (size_t)run->count * FREEZER_PAGE_BYTES;
	unsigned int first = freezer->next_page;

	if (first + run->count > FREEZER_PAGES)
		first = 0;
	if (run->count > 1 && guarded_ranges_readable(&freezer->target->hanging,
						      run->start, size) != size)
		return -1;
	for (unsigned int i = 0; i < run->count; i++) {
		forget_unused(freezer, first + i);
		freezer->page_vaddr[first + i] = 0;
	}
	freezer->next_page = (first + run->count) % FREEZER_PAGES;
	if (freezer_read(freezer, run->start, freezer->page[first], size) !=
	    (ssize_t)size)
		return -1;
	for (unsigned int i = 0; i < run->count; i++) {
		freezer->page_vaddr[first + i] =
			run->start + (uint64_t)i * FREEZER_PAGE_BYTES;
		freezer->page_unused |= 1u << (first + i);
		note_read(freezer, freezer->page_vaddr[first + i]);
	}
	freezer->run = run->count;
	freezer->run_start = run->start;
	freezer->run_end = run->start + size;
	return (int)first;
}

static const uint8_t *use_page(struct freezer *freezer, unsigned int slot)
{
	if (freezer->page_unused >> slot & 1 &&
	    freezer->along != FREEZER_ALONG_NOTHING)
		python_target_learn_page(freezer->target, freezer->state_vaddr,
					 freezer->page_vaddr[slot], true);
	freezer->page_unused &= ~(1u << slot);
	return freezer->page[slot];
}

// The page at @start. The oldest ones make room for it. NULL: unreadable.
static const uint8_t *page_at(struct freezer *freezer, uint64_t start)
{
	struct page_run run;
	int slot;

	for (unsigned int i = 0; i < FREEZER_PAGES; i++) {
		if (freezer->page_vaddr[i] == start)
			return use_page(freezer, i);
	}
	run = run_for(freezer, start);
	slot = read_pages(freezer, &run);
	if (slot < 0 && run.count > 1) {
		run = (struct page_run){ start, 1 };
		slot = read_pages(freezer, &run);
	}
	if (slot < 0)
		return NULL;
	return use_page(freezer, (unsigned int)slot +
					 (unsigned int)((start - run.start) /
							FREEZER_PAGE_BYTES));
}

void freezer_read_along(struct freezer *freezer, enum freezer_along along)
{
	for (unsigned int i = 0; i < FREEZER_PAGES; i++)
		if (along == FREEZER_ALONG_NOTHING)
			forget_unused(freezer, i);
	freezer->along = along;
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
