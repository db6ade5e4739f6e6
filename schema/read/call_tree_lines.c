// SPDX-License-Identifier: Apache-2.0
// "fib" at line 12 and at line 14 becomes "fib:12" and "fib:14". What has no
// line, as native code without debug information, stays whole.
#include "schema/read/call_tree_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "schema/store/intern.h"

static bool add_line(struct call_tree *tree, uint32_t index, uint32_t line)
{
	struct call_function function = tree->functions[index];
	char *name;

	if (tree->function_count >= CALL_TREE_NONE - 1 ||
	    asprintf(&name, "%s:%" PRIu32, function.name, line) < 0)
		return false;
	function.name = name;
	function.first_line = line;
	if (!array_reserve_one(tree->functions, tree->function_count,
			       tree->function_capacity)) {
		free(name);
		return false;
	}
	tree->functions[tree->function_count++] = function;
	return true;
}

bool call_rows_split_lines(struct call_rows *rows, struct call_tree *tree)
{
	struct intern lines = { .window = 0 };
	uint32_t whole = (uint32_t)tree->function_count;
	bool good = true;

	for (size_t i = 0; good && i < rows->frames.count; i++) {
		struct call_place *place = &rows->places[i];
		const struct intern_key key = { place->function, place->line };
		uint32_t number;

		if (place->function == CALL_TREE_NONE || !place->line ||
		    tree->functions[place->function].unresolved)
			continue;
		number = intern_find(&lines, key);
		if (!number) {
			good = add_line(tree, place->function, place->line);
			number = good ? intern_add(&lines, key) : 0;
		}
		good = number != 0;
		place->function = whole + number - 1;
	}
	intern_deinit(&lines);
	return good;
}
