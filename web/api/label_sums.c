// SPDX-License-Identifier: Apache-2.0
#include "web/api/label_sums.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/clock.h"

void label_sums_deinit(struct label_sums *sums)
{
	for (size_t i = 0; i < sums->count; i++)
		free(sums->labels[i].value);
	free(sums->labels);
	intern_deinit(&sums->values);
	*sums = (struct label_sums){ 0 };
}

// Nobody who names processes knows which names would collide.
static struct intern_key key_of(struct label_sums *sums, const char *value)
{
	XXH128_hash_t hash;

	if (!sums->seed)
		sums->seed = monotonic_ns();
	hash = XXH3_128bits_withSeed(value, strlen(value), sums->seed);
	return (struct intern_key){ hash.low64, hash.high64 };
}

// Its number, as of an interned key. 0: no memory.
static uint32_t add_label(struct label_sums *sums, const char *value,
			  struct intern_key key)
{
	uint32_t number;
	char *copy;

	if (!array_reserve_one(sums->labels, sums->count, sums->capacity))
		return 0;
	copy = strdup(value);
	if (!copy)
		return 0;
	number = intern_add(&sums->values, key);
	if (!number) {
		free(copy);
		return 0;
	}
	sums->labels[sums->count++] = (struct label){ .value = copy };
	return number;
}

bool label_sums_add(struct label_sums *sums, const char *value,
		    const struct call_weight *weight)
{
	struct intern_key key = key_of(sums, value);
	uint32_t number = intern_find(&sums->values, key);
	struct label *label;

	if (!number)
		number = add_label(sums, value, key);
	if (!number)
		return false;
	label = &sums->labels[number - 1];
	label->weight.samples += weight->samples;
	label->weight.weight += weight->weight;
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct label *a = left, *b = right;

	if (a->weight.weight != b->weight.weight)
		return a->weight.weight > b->weight.weight ? -1 : 1;
	return strcmp(a->value, b->value);
}

void label_sums_sort(struct label_sums *sums)
{
	if (sums->count)
		qsort(sums->labels, sums->count, sizeof(*sums->labels),
		      compare);
}
