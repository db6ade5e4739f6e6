// SPDX-License-Identifier: Apache-2.0
// What every answer needs: its parameters.
#include "web/api/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *api_param(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, name) == 0)
			return call->params[i].value;
	}
	return NULL;
}

static bool parse_number(const char *text, uint64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !errno && !*end;
}

struct error *api_param_number(const struct api_call *call, const char *name,
			       uint64_t standard, uint64_t least, uint64_t most,
			       uint64_t *ret)
{
	const char *text = api_param(call, name);

	*ret = standard;
	if (!text)
		return NULL;
	if (!parse_number(text, ret) || *ret < least || *ret > most)
		return error_create(ERROR_USAGE,
				    "%s: a number from %" PRIu64 " to %" PRIu64
				    " was expected", name, least, most);
	return NULL;
}

struct error *api_param_word(const struct api_call *call, const char *name,
			     const char *const *words, size_t *ret)
{
	const char *text = api_param(call, name);

	*ret = 0;
	if (!text)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*ret = i;
		return NULL;
	}
	return error_create(ERROR_USAGE, "%s: '%s' or '%s' was expected", name,
			    words[0], words[1]);
}

struct error *api_param_flag(const struct api_call *call, const char *name,
			     bool standard, bool *ret)
{
	uint64_t value;
	struct error *error =
		api_param_number(call, name, standard, 0, 1, &value);

	if (!error)
		*ret = value;
	return error;
}

struct error *api_param_nodes(const struct api_call *call, uint64_t *ret)
{
	return api_param_number(call, "max_nodes", 20000, 1, 1000000, ret);
}

struct error *api_param_needed(const struct api_call *call, const char *name,
			       const char **ret)
{
	*ret = api_param(call, name);
	return *ret && **ret ? NULL :
			       error_create(ERROR_USAGE, "%s: is needed", name);
}

void api_write_weight(struct json *json, const char *key,
		      const struct call_weight *weight)
{
	json_open(json, key, '{');
	json_integer(json, "samples", (int64_t)weight->samples);
	json_integer(json, "weight", (int64_t)weight->weight);
	json_close(json, '}');
}

void api_write_function(struct json *json, const struct call_tree *tree,
			uint32_t index)
{
	const struct call_function *function = &tree->functions[index];

	json_text(json, "name", function->name);
	json_text(json, "kind", call_kind_name(function->kind));
	json_text(json, "file", call_tree_file(tree, function));
	if (function->first_line)
		json_integer(json, "line", function->first_line);
	else
		json_text(json, "line", NULL);
	json_text(json, "module", call_tree_module(tree, function));
	json_bool(json, "unresolved", function->unresolved);
}
