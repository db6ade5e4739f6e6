// SPDX-License-Identifier: Apache-2.0
#include "schema/read/query_functions.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/sql.h"

enum { PATTERN_BYTES_MAX = 200, FRAMES_MAX = 65536 };

const struct query_function query_functions[] = {
	{ "regexp", "function REGEXP '^_Py'",
	  "whether a text matches a POSIX extended regular expression" },
	{ "fmt_dur", "fmt_dur(weight_ns)", "nanoseconds for people: '1.50 s'" },
	{ "stack_text", "stack_text(callsite_id, ';')",
	  "a stack's functions, from the root on" },
	{ 0 },
};

static void destroy_regex(void *regex)
{
	regfree(regex);
	free(regex);
}

// Compiled once for a statement, mostly: the pattern is a constant.
static regex_t *compile(sqlite3_context *context, const char *pattern)
{
	regex_t *regex;

	if (strlen(pattern) > PATTERN_BYTES_MAX) {
		sqlite3_result_error(context,
				     "regexp: the pattern is too long", -1);
		return NULL;
	}
	regex = calloc(1, sizeof(*regex));
	if (!regex) {
		sqlite3_result_error_nomem(context);
		return NULL;
	}
	if (regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
		sqlite3_result_error(context, "regexp: the pattern is no "
				     "POSIX extended regular expression", -1);
		free(regex);
		return NULL;
	}
	return regex;
}

static void regexp(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *pattern = (const char *)sqlite3_value_text(values[0]);
	const char *text = (const char *)sqlite3_value_text(values[1]);
	regex_t *regex = sqlite3_get_auxdata(context, 0), *made = NULL;

	(void)count;
	if (!pattern || !text)
		return;
	if (!regex)
		regex = made = compile(context, pattern);
	if (!regex)
		return;
	sqlite3_result_int(context, regexec(regex, text, 0, NULL, 0) == 0);
	// SQLite may free it at once.
	if (made)
		sqlite3_set_auxdata(context, 0, made, destroy_regex);
}

static void fmt_dur(sqlite3_context *context, int count, sqlite3_value **values)
{
	static const struct {
		double least_ns, unit_ns;
		const char *format;
	} units[] = {
		{ 3600e9, 3600e9, "%.2f h" }, { 60e9, 60e9, "%.2f min" },
		{ 1e9, 1e9, "%.2f s" },	      { 1e6, 1e6, "%.2f ms" },
		{ 1e3, 1e3, "%.2f us" },      { 0, 1, "%.0f ns" },
	};
	double value = sqlite3_value_double(values[0]);
	double size = value < 0 ? -value : value;
	char text[64];
	size_t i = 0;

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	while (size < units[i].least_ns)
		i++;
	snprintf(text, sizeof(text), units[i].format, value / units[i].unit_ns);
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

// A parent's id is smaller, in any file, or the climb ends.
static const char climb_sql[] =
	"WITH RECURSIVE up(id, parent_id, frame_id) AS ("
	"SELECT id, parent_id, frame_id FROM callsite WHERE id = ?1 "
	"UNION ALL SELECT c.id, c.parent_id, c.frame_id "
	"FROM up JOIN callsite AS c ON c.id = up.parent_id AND c.id < up.id) "
	"SELECT function.name FROM up JOIN frame ON frame.id = up.frame_id "
	"JOIN function ON function.id = frame.function_id";

/* Text that grows towards its beginning: a climb meets the leaf first. */
struct stack_text {
	char *bytes; /* owned */
	size_t size, capacity, most;
};

static bool put_before(struct stack_text *stack, const char *text, size_t size)
{
	size_t wanted = stack->size + size;

	if (wanted > stack->most)
		return false;
	if (wanted > stack->capacity) {
		size_t capacity = 2 * wanted;
		char *bytes = malloc(capacity);

		if (!bytes)
			return false;
		if (stack->size)
			memcpy(bytes + capacity - stack->size,
			       stack->bytes + stack->capacity - stack->size,
			       stack->size);
		free(stack->bytes);
		stack->bytes = bytes;
		stack->capacity = capacity;
	}
	stack->size = wanted;
	memcpy(stack->bytes + stack->capacity - wanted, text, size);
	return true;
}

static int climb(sqlite3_stmt *statement, struct stack_text *stack,
		 const char *separator)
{
	int result;

	for (int frames = 0; frames < FRAMES_MAX; frames++) {
		const char *name;

		result = sqlite3_step(statement);
		if (result != SQLITE_ROW)
			return result;
		name = (const char *)sqlite3_column_text(statement, 0);
		if (frames &&
		    !put_before(stack, separator, strlen(separator)))
			return SQLITE_TOOBIG;
		if (name && !put_before(stack, name, strlen(name)))
			return SQLITE_TOOBIG;
	}
	return SQLITE_DONE;
}

static void stack_text(sqlite3_context *context, int count,
		       sqlite3_value **values)
{
	sqlite3 *database = sqlite3_context_db_handle(context);
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *separator = ";";
	struct stack_text stack = {
		.most = (size_t)sqlite3_limit(database, SQLITE_LIMIT_LENGTH,
					      -1),
	};
	int result;

	if (count > 1)
		separator = (const char *)sqlite3_value_text(values[1]);
	if (sqlite3_value_type(values[0]) == SQLITE_NULL || !separator)
		return;
	result = sqlite3_prepare_v2(database, climb_sql, -1, &statement, NULL);
	if (result == SQLITE_OK) {
		sqlite3_bind_value(statement, 1, values[0]);
		result = climb(statement, &stack, separator);
	}
	if (result != SQLITE_DONE)
		sqlite3_result_error_code(context, result);
	else if (stack.size)
		sqlite3_result_text(context,
				    stack.bytes + stack.capacity - stack.size,
				    (int)stack.size, SQLITE_TRANSIENT);
	free(stack.bytes);
}

struct error *query_functions_add(sqlite3 *database)
{
	static const struct {
		const char *name;
		int arguments;
		int flags;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{ "regexp", 2, SQLITE_DETERMINISTIC, regexp },
		{ "fmt_dur", 1, SQLITE_DETERMINISTIC, fmt_dur },
		{ "stack_text", 1, 0, stack_text },
		{ "stack_text", 2, 0, stack_text },
	};
	int result = SQLITE_OK;

	for (size_t i = 0; result == SQLITE_OK &&
			   i < sizeof(functions) / sizeof(*functions); i++)
		result = sqlite3_create_function(
			database, functions[i].name, functions[i].arguments,
			SQLITE_UTF8 | SQLITE_DIRECTONLY | functions[i].flags,
			NULL, functions[i].call, NULL, NULL);
	return result == SQLITE_OK ? NULL : sql_error(database, result);
}
