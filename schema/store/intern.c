// SPDX-License-Identifier: Apache-2.0
#include "schema/store/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { FIRST_SLOT_COUNT = 64 };

void intern_deinit(struct intern *intern)
{
	free(intern->keys);
	free(intern->slots);
	*intern = (struct intern){ .window = intern->window };
}

void intern_clear(struct intern *intern)
{
	if (intern->count)
		memset(intern->slots, 0,
		       intern->slot_count * sizeof(*intern->slots));
	intern->count = 0;
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

static struct intern_key *key_of(const struct intern *intern, uint32_t id)
{
	size_t index = id - 1;

	return &intern->keys[intern->window ? index & (intern->window - 1) :
					      index];
}

// The slot that holds @key, or the free one where it belongs.
static size_t find_slot(const struct intern *intern, struct intern_key key)
{
	size_t slot = first_slot(intern, key);
	uint32_t id;

	while ((id = intern->slots[slot]) != 0) {
		if (key_equal(*key_of(intern, id), key))
			break;
		slot = (slot + 1) & (intern->slot_count - 1);
	}
	return slot;
}

uint32_t intern_find(const struct intern *intern, struct intern_key key)
{
	return intern->slot_count ? intern->slots[find_slot(intern, key)] : 0;
}

static bool grow_slots(struct intern *intern, size_t slot_count)
{
	struct intern grown = *intern;

	grown.slot_count = slot_count;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < grown.count; i++)
		grown.slots[find_slot(&grown, grown.keys[i])] = (uint32_t)i + 1;
	free(intern->slots);
	*intern = grown;
	return true;
}

// Half full at most, so that a free slot is always near. A full window has had
// its room since it was filled.
static bool make_room(struct intern *intern)
{
	if (intern->count + 1 <= intern->slot_count / 2 ||
	    (intern->window && intern->count >= intern->window))
		return true;
	return grow_slots(intern, intern->slot_count ? intern->slot_count * 2 :
						       FIRST_SLOT_COUNT);
}

bool intern_prepare(struct intern *intern, size_t count)
{
	size_t slots = intern->slot_count ? intern->slot_count :
					    FIRST_SLOT_COUNT;

	if (intern->window && count > intern->window)
		count = intern->window;
	while (slots / 2 < count)
		slots *= 2;
	if (!array_prepare((void **)&intern->keys, &intern->capacity, count,
			   sizeof(*intern->keys)) ||
	    (slots > intern->slot_count && !grow_slots(intern, slots)))
		return false;
	memory_take(intern->slots, slots * sizeof(*intern->slots));
	return true;
}

// Frees @slot, and moves up those that were put behind it for want of it
// (Knuth 6.4, algorithm R).
static void free_slot(struct intern *intern, size_t slot)
{
	size_t mask = intern->slot_count - 1, at = slot;
	uint32_t id;

	intern->slots[slot] = 0;
	while ((id = intern->slots[at = (at + 1) & mask]) != 0) {
		size_t first = first_slot(intern, *key_of(intern, id));

		if (((at - first) & mask) < ((at - slot) & mask))
			continue;
		intern->slots[slot] = id;
		intern->slots[at] = 0;
		slot = at;
	}
}

// The one that leaves the window gives its place to the next.
static bool make_key_room(struct intern *intern)
{
	uint32_t oldest;

	if (!intern->window || intern->count < intern->window)
		return array_reserve_one(intern->keys, intern->count,
					 intern->capacity);
	oldest = (uint32_t)(intern->count - intern->window) + 1;
	free_slot(intern, find_slot(intern, *key_of(intern, oldest)));
	return true;
}

uint32_t intern_add(struct intern *intern, struct intern_key key)
{
	uint32_t id = (uint32_t)intern->count + 1;

	if (id == 0 || !make_room(intern) || !make_key_room(intern))
		return 0;
	*key_of(intern, id) = key;
	intern->slots[find_slot(intern, key)] = id;
	intern->count++;
	return id;
}

void intern_undo(struct intern *intern)
{
	struct intern_key key = *key_of(intern, (uint32_t)intern->count);

	free_slot(intern, find_slot(intern, key));
	intern->count--;
}
