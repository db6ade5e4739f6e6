// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_intern.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

enum {
	ALIGNMENT = 8,
	// A browser with 2 million rows has 20,000 different ones of 60 bytes.
	ITEM_MAX = 1 << 20,
	POOL_BYTES_MAX = 64 << 20,
	// At half load an honest probe ends within a few steps. A forged
	// collision costs this much and then only loses the sharing.
	PROBE_MAX = 16,
	SLOTS_FIRST = 1024,
};

void cfi_intern_init(struct cfi_intern *intern)
{
	memset(intern, 0, sizeof(*intern));
}

void cfi_intern_deinit(struct cfi_intern *intern)
{
	free(intern->pool);
	free(intern->items);
	free(intern->slots);
	cfi_intern_init(intern);
}

static uint64_t hash_bytes(const uint8_t *bytes, size_t size)
{
	uint64_t hash = size, word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		bytes += sizeof(word);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	word = 0;
	if (size)
		memcpy(&word, bytes, size);
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static void put_slot(uint32_t *slots, size_t slot_count, uint64_t hash,
		     uint32_t id)
{
	for (size_t probe = 0; probe < PROBE_MAX; probe++) {
		uint32_t *slot = &slots[(hash + probe) & (slot_count - 1)];

		if (!*slot) {
			*slot = id + 1;
			return;
		}
	}
}

static bool grow_slots(struct cfi_intern *intern)
{
	size_t count = intern->slot_count ? intern->slot_count * 2 :
					    SLOTS_FIRST;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return false;
	for (uint32_t id = 0; id < intern->count; id++)
		put_slot(slots, count,
			 hash_bytes(cfi_intern_bytes(intern, id),
				    intern->items[id].size), id);
	free(intern->slots);
	intern->slots = slots;
	intern->slot_count = count;
	return true;
}

static bool find(const struct cfi_intern *intern, const void *bytes,
		 size_t size, uint64_t hash, uint32_t *ret_id)
{
	for (size_t probe = 0; probe < PROBE_MAX; probe++) {
		uint32_t slot = intern->slots[(hash + probe) &
					      (intern->slot_count - 1)];

		if (!slot)
			return false;
		if (intern->items[slot - 1].size == size &&
		    !memcmp(cfi_intern_bytes(intern, slot - 1), bytes, size)) {
			*ret_id = slot - 1;
			return true;
		}
	}
	return false;
}

static bool append(struct cfi_intern *intern, const void *bytes, size_t size)
{
	size_t room = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	size_t offset = intern->pool_size;

	if (intern->count == ITEM_MAX || room > POOL_BYTES_MAX - offset ||
	    !array_reserve_one(intern->items, intern->count,
			       intern->capacity) ||
	    !array_reserve((void **)&intern->pool, &intern->pool_capacity,
			   offset + room, 1))
		return false;
	memcpy(intern->pool + offset, bytes, size);
	memset(intern->pool + offset + size, 0, room - size);
	intern->pool_size = offset + room;
	intern->items[intern->count++] = (struct cfi_intern_item){
		(uint32_t)offset, (uint32_t)size
	};
	return true;
}

bool cfi_intern_add(struct cfi_intern *intern, const void *bytes, size_t size,
		    uint32_t *ret_id)
{
	uint64_t hash = hash_bytes(bytes, size);

	if (size > POOL_BYTES_MAX ||
	    (intern->count * 2 >= intern->slot_count && !grow_slots(intern)))
		return false;
	if (find(intern, bytes, size, hash, ret_id))
		return true;
	if (!append(intern, bytes, size))
		return false;
	*ret_id = (uint32_t)intern->count - 1;
	put_slot(intern->slots, intern->slot_count, hash, *ret_id);
	return true;
}

static void shrink(void **items, size_t *capacity, size_t count, size_t size)
{
	void *smaller = count ? reallocarray(*items, count, size) : NULL;

	if (smaller) {
		*items = smaller;
		*capacity = count;
	}
}

void cfi_intern_freeze(struct cfi_intern *intern)
{
	free(intern->slots);
	intern->slots = NULL;
	intern->slot_count = 0;
	shrink((void **)&intern->items, &intern->capacity, intern->count,
	       sizeof(*intern->items));
	shrink((void **)&intern->pool, &intern->pool_capacity,
	       intern->pool_size, 1);
}
