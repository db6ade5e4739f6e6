// SPDX-License-Identifier: Apache-2.0
#include "unwind/page_cache.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 4096, PAGE_SLOTS = 64 /* power of two */ };

struct page {
	const void *owner;
	uint64_t vaddr;
	uint64_t time; // of the cache, when it was read; 0: never
	uint8_t bytes[PAGE_BYTES];
};

struct page_cache {
	uint64_t time; // how often all was forgotten, and one
	struct page page[PAGE_SLOTS];
};

struct page_cache *page_cache_create(void)
{
	struct page_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		cache->time = 1;
	return cache;
}

void page_cache_destroy(struct page_cache *cache)
{
	free(cache);
}

void page_cache_forget(struct page_cache *cache)
{
	cache->time++;
}

static struct page *slot_of(const struct page_reader *reader, uint64_t vaddr)
{
	uint64_t key = (vaddr / PAGE_BYTES) ^ (uint64_t)(uintptr_t)reader->owner;

	key *= UINT64_C(0x9e3779b97f4a7c15);
	return &reader->cache->page[key >> 32 & (PAGE_SLOTS - 1)];
}

// NULL: unreadable.
static const uint8_t *page_at(const struct page_reader *reader, uint64_t vaddr)
{
	struct page *page = slot_of(reader, vaddr);

	if (page->time == reader->cache->time && page->vaddr == vaddr &&
	    page->owner == reader->owner)
		return page->bytes;
	page->time = 0;
	if (!live_memory_read(&reader->memory, vaddr, page->bytes, PAGE_BYTES))
		return NULL;
	page->owner = reader->owner;
	page->vaddr = vaddr;
	page->time = reader->cache->time;
	return page->bytes;
}

static ssize_t read_pages(void *context, uint64_t vaddr, void *ret, size_t size)
{
	const struct page_reader *reader = context;
	size_t done = 0;

	while (done < size) {
		size_t offset = (vaddr + done) & (PAGE_BYTES - 1);
		size_t part = PAGE_BYTES - offset;
		const uint8_t *page = page_at(reader, vaddr + done - offset);

		if (!page)
			break;
		if (part > size - done)
			part = size - done;
		memcpy((uint8_t *)ret + done, page + offset, part);
		done += part;
	}
	return done || !size ? (ssize_t)done : -1;
}

struct live_memory page_cache_memory(const struct page_reader *reader)
{
	return (struct live_memory){ .read = read_pages,
				     .context = (void *)reader };
}
