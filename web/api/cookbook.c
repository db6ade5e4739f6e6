// SPDX-License-Identifier: Apache-2.0
// The recipes of schema/README.md.
#include "schema/read/guide.h"
#include "web/api/answers.h"

static bool write_member(struct json *json, const char *key,
			 struct guide_text text)
{
	_cleanup_free_ char *copy = guide_copy(text);

	json_text(json, key, copy);
	return copy != NULL;
}

struct error *answer_cookbook(struct api_call *call)
{
	struct json json = { .out = call->out };
	const char *at = guide_begin();
	struct guide_recipe recipe;
	bool whole = true;

	json_open(&json, NULL, '[');
	while (guide_next_recipe(&at, &recipe)) {
		json_open(&json, NULL, '{');
		whole &= write_member(&json, "title", recipe.title);
		whole &= write_member(&json, "section", recipe.section);
		whole &= write_member(&json, "about", recipe.about);
		whole &= write_member(&json, "sql", recipe.sql);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	call->lasting = true;
	return whole ? NULL : &error_nomem;
}
