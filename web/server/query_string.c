// SPDX-License-Identifier: Apache-2.0
#include "web/server/query_string.h"

#include "base/text.h"

#include <string.h>

static int digit_value(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return -1;
}

// In place, with a NUL behind. The text gets shorter only.
static struct error *decode(char *text, size_t size)
{
	char *end = text;

	for (size_t i = 0; i < size; i++) {
		int high = -1, low = -1;

		if (text[i] != '%') {
			*end++ = text[i] == '+' ? ' ' : text[i];
			continue;
		}
		if (i + 2 < size) {
			high = digit_value(text[i + 1]);
			low = digit_value(text[i + 2]);
		}
		if (high < 0 || low < 0)
			return error_create(ERROR_USAGE, "a '%%' in the "
					    "address is not followed by two "
					    "hexadecimal digits");
		*end++ = (char)(high * 16 + low);
		i += 2;
	}
	size = (size_t)(end - text);
	*end = 0;
	if (memchr(text, 0, size) || !text_is_utf8(text, size))
		return error_create(ERROR_USAGE, "a parameter is not UTF-8 "
				    "text");
	return NULL;
}

static bool is_known(const char *name, const char *const *known)
{
	if (!known)
		return true;
	for (; *known; known++)
		if (!strcmp(*known, name))
			return true;
	return false;
}

static struct error *check_name(const struct query_string *query,
				const char *name, const char *const *known)
{
	if (!is_known(name, known))
		return error_create(ERROR_USAGE, "there is no parameter "
				    "'%.60s' here", name);
	for (size_t i = 0; i < query->count; i++)
		if (!strcmp(query->params[i].name, name))
			return error_create(ERROR_USAGE, "parameter '%s' is "
					    "given twice", name);
	if (query->count == QUERY_STRING_PARAMS_MAX)
		return error_create(ERROR_USAGE, "too many parameters");
	return NULL;
}

// "name=value", NUL behind it.
static struct error *take_pair(struct query_string *query, char *pair,
			       const char *const *known)
{
	char *value = strchr(pair, '=');
	struct error *error;

	if (!*pair)
		return NULL;
	if (value)
		*value++ = 0;
	else
		value = pair + strlen(pair);
	error = decode(pair, strlen(pair));
	if (!error && *value)
		error = decode(value, strlen(value));
	if (!error)
		error = check_name(query, pair, known);
	if (!error)
		query->params[query->count++] = (struct api_param){ pair,
								    value };
	return error;
}

struct error *query_string_parse(struct span span, const char *const *known,
				 struct query_string *ret)
{
	struct query_string query = { .count = 0 };
	struct error *error = NULL;
	char *next;

	query.text = strndup(span.at ? span.at : "", span.size);
	if (!query.text)
		return &error_nomem;
	for (char *pair = query.text; pair && !error; pair = next) {
		next = strchr(pair, '&');
		if (next)
			*next++ = 0;
		error = take_pair(&query, pair, known);
	}
	if (error)
		query_string_deinit(&query);
	else
		*ret = query;
	return error;
}

void query_string_deinit(struct query_string *query)
{
	free(query->text);
	query->text = NULL;
}
