// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree_adopt.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "schema/read/call_tree_view.h"

/* A table of texts of a tree, and what each text of the old one is in it. */
struct texts {
	char ***texts;
	size_t *count;
	uint32_t *numbers; /* owned; and 1; 0: not there yet */
};

struct adopting {
	struct call_tree *tree;		  /* borrowed */
	const struct call_tree *sources[2]; /* borrowed */
	struct texts files[2], modules[2];
	size_t file_capacity, module_capacity;
};

// @texts of one source; the table of the tree is shared by both.
static bool adopt_text(struct texts *texts, size_t *capacity,
		       char *const *old, uint32_t *index)
{
	uint32_t *number;
	char *copy;

	if (*index == CALL_TREE_NONE)
		return true;
	number = &texts->numbers[*index];
	if (!*number) {
		copy = strdup(old[*index]);
		if (!copy || !array_reserve((void **)texts->texts, capacity,
					    *texts->count + 1,
					    sizeof(**texts->texts))) {
			free(copy);
			return false;
		}
		(*texts->texts)[(*texts->count)++] = copy;
		*number = (uint32_t)*texts->count;
	}
	*index = *number - 1;
	return true;
}

// The number that function @id has now; CALL_TREE_NONE: no memory.
static uint32_t adopt_function(struct adopting *adopting, uint32_t id)
{
	struct call_tree *tree = adopting->tree;
	size_t side = id >= adopting->sources[0]->function_count;
	const struct call_tree *source = adopting->sources[side];
	struct call_function function;

	if (side)
		id -= (uint32_t)adopting->sources[0]->function_count;
	function = source->functions[id];
	if (!adopt_text(&adopting->files[side], &adopting->file_capacity,
			source->files, &function.file) ||
	    !adopt_text(&adopting->modules[side], &adopting->module_capacity,
			source->modules, &function.module) ||
	    !array_reserve_one(tree->functions, tree->function_count,
			       tree->function_capacity))
		return CALL_TREE_NONE;
	function.name = strdup(function.name);
	if (!function.name)
		return CALL_TREE_NONE;
	tree->functions[tree->function_count++] = function;
	return (uint32_t)tree->function_count - 1;
}

static bool adopt_all(struct adopting *adopting, uint32_t *numbers)
{
	struct call_tree *tree = adopting->tree;

	for (size_t i = 0; i < tree->node_count; i++) {
		uint32_t *number = &numbers[tree->nodes[i].function];

		if (!*number) {
			uint32_t index = adopt_function(
				adopting, tree->nodes[i].function);

			if (index == CALL_TREE_NONE)
				return false;
			*number = index + 1;
		}
		tree->nodes[i].function = *number - 1;
	}
	return true;
}

static bool init_texts(struct adopting *adopting, size_t side)
{
	struct call_tree *tree = adopting->tree;
	const struct call_tree *source = adopting->sources[side];

	adopting->files[side] = (struct texts){
		.texts = &tree->files,
		.count = &tree->file_count,
		.numbers = calloc(source->file_count + 1, sizeof(uint32_t)),
	};
	adopting->modules[side] = (struct texts){
		.texts = &tree->modules,
		.count = &tree->module_count,
		.numbers = calloc(source->module_count + 1, sizeof(uint32_t)),
	};
	return adopting->files[side].numbers && adopting->modules[side].numbers;
}

struct error *call_tree_adopt(struct call_tree *tree,
			      const struct call_tree *first,
			      const struct call_tree *second)
{
	struct adopting adopting = { .tree = tree, .sources = { first, second } };
	size_t count = first->function_count +
		       (second ? second->function_count : 0);
	_cleanup_free_ uint32_t *numbers = calloc(count, sizeof(*numbers));
	bool good = numbers && init_texts(&adopting, 0) &&
		    (!second || init_texts(&adopting, 1)) &&
		    adopt_all(&adopting, numbers);

	for (size_t i = 0; i < 2; i++) {
		free(adopting.files[i].numbers);
		free(adopting.modules[i].numbers);
	}
	return good ? NULL : &error_nomem;
}

struct error *call_tree_compact(struct call_tree *tree)
{
	struct call_tree old = {
		.files = tree->files,
		.modules = tree->modules,
		.file_count = tree->file_count,
		.module_count = tree->module_count,
		.functions = tree->functions,
		.function_count = tree->function_count,
	};
	struct error *error;

	tree->files = tree->modules = NULL;
	tree->functions = NULL;
	tree->file_count = tree->module_count = 0;
	tree->function_count = tree->function_capacity = 0;
	error = call_tree_adopt(tree, &old, NULL);
	call_tree_deinit(&old);
	return error;
}
