// SPDX-License-Identifier: Apache-2.0
#include "schema/read/schema_comment.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static const char *line_end(const char *at)
{
	return at + strcspn(at, "\n");
}

static bool is_comment(const char *line)
{
	return strncmp(skip_blanks(line), "--", 2) == 0;
}

// What stands behind "--", up to the line's end.
static void add_comment(FILE *out, const char *dashes, bool more)
{
	const char *text = skip_blanks(dashes + 2), *end = line_end(text);

	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	if (more)
		putc(' ', out);
	fwrite(text, 1, (size_t)(end - text), out);
}

// The lines of a comment from @line on; NULL: none.
static char *join_comments(const char *line)
{
	char *text = NULL;
	size_t size;
	bool more = false;
	FILE *out;

	if (!is_comment(line))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (; is_comment(line); more = true) {
		add_comment(out, skip_blanks(line), more);
		line = line_end(line);
		if (!*line++)
			break;
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

// The comment is on the lines right behind the first.
char *schema_comment_of_table(const char *sql)
{
	const char *end = line_end(sql);

	return *end ? join_comments(end + 1) : NULL;
}

// Behind what may be quoted.
static const char *find_dashes(const char *line)
{
	const char *end = line_end(line);
	char quote = '\0';

	for (; line < end; line++) {
		if (quote) {
			if (*line == quote)
				quote = '\0';
		} else if (*line == '\'' || *line == '"') {
			quote = *line;
		} else if (line[0] == '-' && line[1] == '-') {
			return line;
		}
	}
	return NULL;
}

char *schema_comment_of_column(const char *sql, const char *column)
{
	size_t size = strlen(column);

	for (const char *line = line_end(sql); *line; line = line_end(line)) {
		const char *at = skip_blanks(++line), *dashes;
		char *text = NULL;
		size_t ignored;
		FILE *out;

		if (strncmp(at, column, size) != 0 ||
		    !strchr(" \t,\n", at[size]))
			continue;
		dashes = find_dashes(at);
		if (!dashes)
			return NULL;
		out = open_memstream(&text, &ignored);
		if (!out)
			return NULL;
		add_comment(out, dashes, false);
		fclose(out);
		return text;
	}
	return NULL;
}
