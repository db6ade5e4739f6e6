// SPDX-License-Identifier: Apache-2.0
#include "unwind/walk_place.h"

#include "unwind/python/binary.h"

#include <stdlib.h>
#include <string.h>

struct walk_cache *walk_cache_create(void)
{
	struct walk_cache *cache = aligned_alloc(CACHE_LINE_BYTES,
						 sizeof(*cache));

	if (cache)
		memset(cache->place, 0, sizeof(cache->place));
	return cache;
}

void walk_cache_destroy(struct walk_cache *cache)
{
	free(cache);
}

// The module of greenlet, which gevent and others use too.
static bool is_greenlet(const struct module *module)
{
	const char *slash = strrchr(module->path, '/');

	return slash && !strncmp(slash, "/_greenlet.", strlen("/_greenlet."));
}

static uint8_t expressions_of(const struct cfi_row *row)
{
	uint8_t count = row->cfa_kind == CFI_CFA_EXPRESSION;

	for (unsigned int i = 0; i < row->rule_count; i++)
		count += row->rules[i].kind == CFI_EXPRESSION ||
			 row->rules[i].kind == CFI_VAL_EXPRESSION;
	return count;
}

void walk_place_look_up(struct space *space, uint64_t pc,
			struct walk_place *ret)
{
	const struct mapping *mapping = space_find(space, pc);
	const struct python_binary *python;

	*ret = (struct walk_place){ .space = space,
				    .generation = space->generation,
				    .pc = pc,
				    .mapped = mapping != NULL };
	if (!mapping || !mapping->module)
		return;
	ret->module = mapping->module;
	ret->vaddr = pc - mapping->bias;
	ret->greenlet = is_greenlet(mapping->module);
	ret->cfi = module_cfi(mapping->module);
	if (ret->cfi)
		ret->row = cfi_table_find(ret->cfi, ret->vaddr);
	if (ret->row)
		ret->expressions = expressions_of(ret->row);
	python = module_python(mapping->module);
	if (!python)
		return;
	ret->eval = python_binary_in_eval(python, ret->vaddr);
	ret->unsupported = !python->layout;
	ret->entering = python->eval_count &&
			ret->vaddr >= python->eval[0].start &&
			ret->vaddr < python->entry_end;
}
