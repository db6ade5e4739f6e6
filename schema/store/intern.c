// SPDX-License-Identifier: Apache-2.0
#include "schema/store/intern.h"

#include <stdlib.h>

#include "base/array.h"

enum { FIRST_SLOT_COUNT = 64 };

void intern_deinit(struct intern *intern)
{
	free(intern->keys);
	free(intern->slots);
	*intern = (struct intern){ 0 };
}

static bool key_equal(struct intern_key a, struct intern_key b)
{
	return a.low == b.low && a.high == b.high;
}

// Multiplicative hashing (Knuth 6.4): the high bits are the good ones.
static size_t first_slot(const struct intern *intern, struct intern_key key)
{
	uint64_t mixed = (key.low ^ key.high) * UINT64_C(0x9e3779b97f4a7c15);

	return (mixed >> 32) & (intern->slot_count - 1);
}

// The slot that holds @key, or the free one where it belongs.
static size_t find_slot(const struct intern *intern, struct intern_key key)
{
	size_t slot = first_slot(intern, key);
	uint32_t id;

	while ((id = intern->slots[slot]) != 0) {
		if (key_equal(intern->keys[id - 1], key))
			break;
		slot = (slot + 1) & (intern->slot_count - 1);
	}
	return slot;
}

uint32_t intern_find(const struct intern *intern, struct intern_key key)
{
	return intern->slot_count ? intern->slots[find_slot(intern, key)] : 0;
}

// Half full at most, so that a free slot is always near.
static bool make_room(struct intern *intern)
{
	struct intern grown = *intern;

	if (intern->count + 1 <= intern->slot_count / 2)
		return true;
	grown.slot_count = intern->slot_count ? intern->slot_count * 2 :
						FIRST_SLOT_COUNT;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < grown.count; i++)
		grown.slots[find_slot(&grown, grown.keys[i])] = (uint32_t)i + 1;
	free(intern->slots);
	*intern = grown;
	return true;
}

uint32_t intern_add(struct intern *intern, struct intern_key key)
{
	uint32_t id = (uint32_t)intern->count + 1;

	if (id == 0 || !make_room(intern) ||
	    !array_reserve_one(intern->keys, intern->count, intern->capacity))
		return 0;
	intern->slots[find_slot(intern, key)] = id;
	intern->keys[intern->count++] = key;
	return id;
}

// Nothing was added since, so no probe sequence leads over this slot.
void intern_undo(struct intern *intern)
{
	struct intern_key key = intern->keys[intern->count - 1];

	intern->slots[find_slot(intern, key)] = 0;
	intern->count--;
}
