// SPDX-License-Identifier: Apache-2.0
#include "schema/read/id_set.h"

#include <stdlib.h>

enum {
	CHUNK_WORDS = 512,
	CHUNK_IDS = CHUNK_WORDS * 64,
	/* Stepping over a row costs a tenth of seeking one. */
	RUN_GAP_MAX = 12,
};

#define ID_LIMIT (INT64_C(1) << 36)

void id_set_deinit(struct id_set *set)
{
	for (size_t i = 0; i < set->chunk_count; i++)
		free(set->chunks[i]);
	free(set->chunks);
	*set = (struct id_set){ 0 };
}

static bool is_in_bounds(int64_t id)
{
	return id >= 0 && id < ID_LIMIT;
}

static bool grow(struct id_set *set, size_t count)
{
	size_t wanted = set->chunk_count ? set->chunk_count : 16;
	uint64_t **chunks;

	while (wanted < count)
		wanted *= 2;
	chunks = reallocarray(set->chunks, wanted, sizeof(*chunks));
	if (!chunks)
		return false;
	for (size_t i = set->chunk_count; i < wanted; i++)
		chunks[i] = NULL;
	set->chunks = chunks;
	set->chunk_count = wanted;
	return true;
}

bool id_set_add(struct id_set *set, int64_t id)
{
	size_t chunk = (size_t)(id / CHUNK_IDS);
	uint64_t *word, bit;

	if (!is_in_bounds(id))
		return true;
	if (chunk >= set->chunk_count && !grow(set, chunk + 1))
		return false;
	if (!set->chunks[chunk])
		set->chunks[chunk] = calloc(CHUNK_WORDS, sizeof(uint64_t));
	if (!set->chunks[chunk])
		return false;
	word = &set->chunks[chunk][id % CHUNK_IDS / 64];
	bit = UINT64_C(1) << (id % 64);
	set->count += !(*word & bit);
	*word |= bit;
	return true;
}

// The 64 ids that @id is one of.
static uint64_t word_of(const struct id_set *set, int64_t id)
{
	size_t chunk = (size_t)(id / CHUNK_IDS);

	if (chunk >= set->chunk_count || !set->chunks[chunk])
		return 0;
	return set->chunks[chunk][id % CHUNK_IDS / 64];
}

bool id_set_has(const struct id_set *set, int64_t id)
{
	return is_in_bounds(id) && word_of(set, id) >> (id % 64) & 1;
}

static bool is_empty_chunk(const struct id_set *set, int64_t id)
{
	return !set->chunks[id / CHUNK_IDS];
}

// The first member from @at on, or -1.
static int64_t next_member(const struct id_set *set, int64_t at)
{
	int64_t end = (int64_t)set->chunk_count * CHUNK_IDS;

	if (at < 0)
		at = 0;
	while (at < end) {
		uint64_t word = word_of(set, at) >> (at % 64);

		if (word)
			return at + __builtin_ctzll(word);
		if (is_empty_chunk(set, at))
			at = (at / CHUNK_IDS + 1) * CHUNK_IDS;
		else
			at = (at / 64 + 1) * 64;
	}
	return -1;
}

// The last member up to @at, or -1.
static int64_t previous_member(const struct id_set *set, int64_t at)
{
	int64_t end = (int64_t)set->chunk_count * CHUNK_IDS;

	if (at >= end)
		at = end - 1;
	while (at >= 0) {
		uint64_t word = word_of(set, at) << (63 - at % 64);

		if (word)
			return at - __builtin_clzll(word);
		if (is_empty_chunk(set, at))
			at = at / CHUNK_IDS * CHUNK_IDS - 1;
		else
			at = at / 64 * 64 - 1;
	}
	return -1;
}

bool id_set_next_run(const struct id_set *set, int64_t at, struct id_run *ret)
{
	int64_t member = next_member(set, at);

	if (member < 0)
		return false;
	ret->from = member;
	do {
		ret->until = member;
		member = next_member(set, member + 1);
	} while (member >= 0 && member - ret->until <= RUN_GAP_MAX);
	return true;
}

bool id_set_previous_run(const struct id_set *set, int64_t at,
			 struct id_run *ret)
{
	int64_t member = previous_member(set, at);

	if (member < 0)
		return false;
	ret->until = member;
	do {
		ret->from = member;
		member = previous_member(set, member - 1);
	} while (member >= 0 && ret->from - member <= RUN_GAP_MAX);
	return true;
}
