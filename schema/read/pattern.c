// SPDX-License-Identifier: Apache-2.0
#include "schema/read/pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT_MAX = 50 };

void pattern_deinit(struct pattern *pattern)
{
	if (pattern->is_regex)
		regfree(&pattern->regex);
	free(pattern->text);
	*pattern = (struct pattern){ 0 };
}

// glibc copies what is repeated: "((a{50}){50}){50}" are 125,000 of them. So
// one repetition by number, and a small one. A reference to a group ("\1", its
// own extension) takes exponential time.
static const char *find_excess(const char *regex)
{
	unsigned int repetitions = 0;

	for (const char *at = regex; *at; at++) {
		if (*at == '\\' && isdigit((unsigned char)at[1]))
			return "a reference to a group is not for searching";
		if (*at == '\\' && at[1])
			at++;
		else if (*at == '{' && ++repetitions > 1)
			return "one repetition in braces is the most";
		else if (isdigit((unsigned char)*at) && repetitions &&
			 strtoul(at, NULL, 10) > REPEAT_MAX)
			return "it repeats more than 50 times";
	}
	return NULL;
}

static struct error *compile(struct pattern *pattern)
{
	// Between the slashes; the last one need not be there.
	char *regex = pattern->text + 1;
	size_t length = strlen(regex);
	const char *excess;
	char message[128];
	int result;

	if (length && regex[length - 1] == '/')
		regex[length - 1] = '\0';
	excess = find_excess(regex);
	if (excess)
		return error_create(ERROR_USAGE, "'/%s/': %s", regex, excess);
	result = regcomp(&pattern->regex, regex,
			 REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (result == REG_ESPACE)
		return &error_nomem;
	if (result != 0) {
		regerror(result, &pattern->regex, message, sizeof(message));
		return error_create(ERROR_USAGE, "'/%s/': %s", regex, message);
	}
	pattern->is_regex = true;
	return NULL;
}

struct error *pattern_init(struct pattern *pattern, const char *text)
{
	struct error *error = NULL;

	*pattern = (struct pattern){ 0 };
	if (!text || !*text)
		return NULL;
	if (strlen(text) > PATTERN_BYTES_MAX)
		return error_create(ERROR_USAGE,
				    "a text of at most %d bytes was expected",
				    PATTERN_BYTES_MAX);
	pattern->text = strdup(text);
	if (!pattern->text)
		return &error_nomem;
	if (*text == '/' && text[1])
		error = compile(pattern);
	if (error)
		pattern_deinit(pattern);
	return error;
}

bool pattern_matches(const struct pattern *pattern, const char *name)
{
	if (pattern->is_regex)
		return regexec(&pattern->regex, name, 0, NULL, 0) == 0;
	return strcasestr(name, pattern->text) != NULL;
}
