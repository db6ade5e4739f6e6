/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of living processes, kept for a moment: who looks at many small things
 * that lie together, within a time in which it does not matter when exactly,
 * makes one system call for several of them. The user says how long that is, by
 * forgetting.
 *
 * For one thread. Its owner is whatever tells processes apart; an address means
 * nothing without it.
 */
#ifndef BRINDLE_UNWIND_PAGE_CACHE_H
#define BRINDLE_UNWIND_PAGE_CACHE_H

#include "unwind/live_memory.h"

struct page_cache;

/** NULL: no memory. */
struct page_cache *page_cache_create(void);
void page_cache_destroy(struct page_cache *cache);

/** What is read from here on was not there before. */
void page_cache_forget(struct page_cache *cache);

/** One process, as seen through the cache. All borrowed. */
struct page_reader {
	struct page_cache *cache;
	const void *owner;
	struct live_memory memory;
};

/** A reader over @reader, which outlives it. A page that cannot be read as a
 *  whole is not read at all. */
struct live_memory page_cache_memory(const struct page_reader *reader);

#endif
