/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A perf record under construction, in words of 8 bytes as the kernel writes it.
 */
#ifndef BRINDLE_TESTS_DAEMON_PERF_RECORD_DRAFT_H
#define BRINDLE_TESTS_DAEMON_PERF_RECORD_DRAFT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DRAFT_WORDS = 1024 };

struct draft {
	uint64_t words[DRAFT_WORDS];
	size_t count;
};

static inline uint64_t draft_pair(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

static inline void draft_add(struct draft *draft, uint64_t word)
{
	draft->words[draft->count++] = word;
}

static inline void draft_add_pair(struct draft *draft, uint32_t low,
				  uint32_t high)
{
	draft_add(draft, draft_pair(low, high));
}

static inline void draft_add_text(struct draft *draft, const char *text)
{
	size_t bytes = strlen(text) + 1;

	memset(&draft->words[draft->count], 0, (bytes + 7) / 8 * 8);
	memcpy(&draft->words[draft->count], text, bytes);
	draft->count += (bytes + 7) / 8;
}

static inline void draft_begin(struct draft *draft, uint32_t type,
			       uint16_t misc)
{
	draft->count = 0;
	draft_add_pair(draft, type, misc);
}

/** Its size in bytes, which its header has from here on. */
static inline size_t draft_end(struct draft *draft)
{
	size_t bytes = draft->count * 8;

	draft->words[0] |= (uint64_t)bytes << 48;
	return bytes;
}

#endif
