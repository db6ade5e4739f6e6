// SPDX-License-Identifier: Apache-2.0
#include "schema/read/id_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { PAGE_IDS = 64 };

void id_map_deinit(struct id_map *map)
{
	intern_deinit(&map->pages);
	free(map->numbers);
	*map = (struct id_map){ 0 };
}

// Its place, and 1. 0: no memory.
static uint32_t find_or_add_page(struct id_map *map, int64_t page)
{
	const struct intern_key key = { (uint64_t)page, 0 };
	uint32_t at = intern_find(&map->pages, key);

	if (at)
		return at;
	if (!array_reserve((void **)&map->numbers, &map->capacity,
			   map->pages.count + 1,
			   PAGE_IDS * sizeof(*map->numbers)))
		return 0;
	at = intern_add(&map->pages, key);
	if (at)
		memset(&map->numbers[(size_t)(at - 1) * PAGE_IDS], 0,
		       PAGE_IDS * sizeof(*map->numbers));
	return at;
}

uint32_t *id_map_at(struct id_map *map, int64_t id)
{
	int64_t page = id / PAGE_IDS;

	if (!map->latest_at || map->latest != page) {
		map->latest_at = find_or_add_page(map, page);
		map->latest = page;
	}
	if (!map->latest_at)
		return NULL;
	return &map->numbers[(size_t)(map->latest_at - 1) * PAGE_IDS +
			     (size_t)(id % PAGE_IDS)];
}
