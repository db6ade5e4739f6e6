// SPDX-License-Identifier: Apache-2.0
// JSON is read by SQLite, which is there and as strict as RFC 8259.
#include "web/server/question.h"

#include <errno.h>
#include <string.h>

#include "schema/sql.h"
#include "web/server/query_string.h"

/** A value: of a member of the body, or of a parameter of the address. */
struct value {
	enum query_param_type type;
	int64_t integer;
	double real;
	const char *text;
};

static struct error *keep(struct question *question, const char *text,
			  const char **ret)
{
	char *copy;

	if (question->text_count == QUESTION_TEXTS_MAX)
		return error_create(ERROR_USAGE, "too many parameters");
	copy = strdup(text);
	if (!copy)
		return &error_nomem;
	question->texts[question->text_count++] = copy;
	*ret = copy;
	return NULL;
}

static struct error *take_text(struct question *question, const char *name,
			       const struct value *value, const char **ret)
{
	if (value->type == QUERY_PARAM_NULL)
		return NULL;
	if (value->type != QUERY_PARAM_TEXT)
		return error_create(ERROR_USAGE, "%s: a text was expected",
				    name);
	return keep(question, value->text, ret);
}

static struct error *take_number(const char *name, const struct value *value,
				 uint32_t *ret)
{
	int64_t number = value->integer;
	bool right = value->type == QUERY_PARAM_INTEGER;
	char *end;

	if (value->type == QUERY_PARAM_TEXT) {
		errno = 0;
		number = strtoll(value->text, &end, 10);
		right = *value->text && !*end && !errno;
	}
	if (!right || number < 1 || number > INT32_MAX)
		return error_create(ERROR_USAGE, "%s: a number from 1 on was "
				    "expected", name);
	*ret = (uint32_t)number;
	return NULL;
}

static struct error *take_param(struct question *question, const char *name,
				const struct value *value)
{
	struct query_question *asked = &question->asked;
	struct query_param *param = &question->params[asked->param_count];
	struct error *error = NULL;

	if (asked->param_count == QUERY_PARAMS_MAX)
		return error_create(ERROR_USAGE, "at most %d parameters",
				    QUERY_PARAMS_MAX);
	*param = (struct query_param){ .type = value->type,
				       .integer = value->integer,
				       .real = value->real };
	if (name)
		error = keep(question, name, &param->name);
	if (!error && value->type == QUERY_PARAM_TEXT)
		error = keep(question, value->text, &param->text);
	if (!error)
		asked->param_count++;
	return error;
}

static struct error *take_member(struct question *question, const char *name,
				 const struct value *value)
{
	struct query_question *asked = &question->asked;
	struct selection_options *selection = &asked->selection;
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{ "sql", &asked->sql },
		{ "from", &selection->from },
		{ "to", &selection->until },
		{ "event", &selection->event },
		{ "process", &selection->process },
		{ "thread", &selection->thread },
		{ "user", &selection->user },
		{ "cgroup", &selection->cgroup },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(texts[i].name, name))
			return take_text(question, name, value, texts[i].text);
	if (!strcmp(name, "max_rows"))
		return take_number(name, value, &asked->max_rows);
	if (!strcmp(name, "timeout_ms"))
		return take_number(name, value, &asked->timeout_ms);
	return error_create(ERROR_USAGE, "there is no member '%.60s' here",
			    name);
}

// A row of json_each(): key, type, atom.
static struct error *read_value(sqlite3_stmt *row, struct value *ret)
{
	static const struct {
		const char *name;
		enum query_param_type type;
	} types[] = {
		{ "null", QUERY_PARAM_NULL },	 { "true", QUERY_PARAM_INTEGER },
		{ "false", QUERY_PARAM_INTEGER }, { "integer", QUERY_PARAM_INTEGER },
		{ "real", QUERY_PARAM_REAL },	 { "text", QUERY_PARAM_TEXT },
	};
	const char *name = (const char *)sqlite3_column_text(row, 1);
	size_t size;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!name || strcmp(types[i].name, name) != 0)
			continue;
		*ret = (struct value){
			.type = types[i].type,
			.integer = sqlite3_column_int64(row, 2),
			.real = sqlite3_column_double(row, 2),
			.text = (const char *)sqlite3_column_text(row, 2),
		};
		size = (size_t)sqlite3_column_bytes(row, 2);
		if (ret->type == QUERY_PARAM_TEXT &&
		    (!ret->text || strlen(ret->text) != size))
			break;
		return NULL;
	}
	return error_create(ERROR_USAGE, "a value is neither null, a number, "
			    "nor text without NUL");
}

static struct error *read_params(struct question *question, sqlite3_stmt *rows)
{
	struct error *error = NULL;
	struct value value;

	while (!error && sqlite3_step(rows) == SQLITE_ROW) {
		bool named = sqlite3_column_type(rows, 0) == SQLITE_TEXT;
		const char *name = (const char *)sqlite3_column_text(rows, 0);

		error = read_value(rows, &value);
		if (!error)
			error = take_param(question, named ? name : NULL,
					   &value);
	}
	return error;
}

static struct error *read_members(struct question *question,
				  sqlite3_stmt *rows)
{
	struct error *error = NULL;
	struct value value;

	while (!error && sqlite3_step(rows) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(rows, 0);

		if (!name || sqlite3_column_type(rows, 0) != SQLITE_TEXT)
			return error_create(ERROR_USAGE, "an object was "
					    "expected");
		if (!strcmp(name, "params"))
			continue;
		error = read_value(rows, &value);
		if (!error)
			error = take_member(question, name, &value);
	}
	return error;
}

static struct error *prepare(sqlite3 *database, const char *sql,
			     const char *body, size_t size, sqlite3_stmt **ret)
{
	int result = sqlite3_prepare_v2(database, sql, -1, ret, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_bind_text(*ret, 1, body, (int)size,
					   SQLITE_STATIC);
	return result == SQLITE_OK ? NULL : sql_error(database, result);
}

static struct error *check_json(sqlite3 *database, const char *body,
				size_t size)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = prepare(database, "SELECT json_valid(?1) AND "
				      "json_type(?1) = 'object'", body, size,
				      &row);

	if (error)
		return error;
	if (sqlite3_step(row) != SQLITE_ROW || !sqlite3_column_int(row, 0))
		return error_create(ERROR_USAGE, "the body is no JSON object");
	return NULL;
}

static struct error *check_question(const struct question *question)
{
	if (!question->asked.sql)
		return error_create(ERROR_USAGE, "sql: a statement was "
				    "expected");
	return NULL;
}

static struct error *parse_body(sqlite3 *database, const char *body,
				size_t size, struct question *question)
{
	_cleanup_statement_ sqlite3_stmt *members = NULL, *params = NULL;
	struct error *error = check_json(database, body, size);

	if (!error)
		error = prepare(database, "SELECT key, type, atom "
				"FROM json_each(?1)", body, size, &members);
	if (!error)
		error = prepare(database, "SELECT key, type, atom "
				"FROM json_each(?1, '$.params')", body, size,
				&params);
	if (!error)
		error = read_members(question, members);
	if (!error)
		error = read_params(question, params);
	return error ? error : check_question(question);
}

struct error *question_parse_body(const char *body, size_t size,
				  struct question *ret)
{
	_cleanup_database_ sqlite3 *database = NULL;
	struct error *error;

	*ret = (struct question){ .text_count = 0 };
	ret->asked.params = ret->params;
	if (size > INT32_MAX || sqlite3_open(":memory:", &database))
		return &error_nomem;
	error = parse_body(database, body, size, ret);
	if (error)
		question_deinit(ret);
	return error;
}

static struct error *take_pair(struct question *question,
			       const struct api_param *pair)
{
	struct value value = { .type = QUERY_PARAM_TEXT, .text = pair->value };

	if (*pair->name == ':')
		return take_param(question, pair->name + 1, &value);
	return take_member(question, pair->name, &value);
}

struct error *question_parse_query(struct span query, struct question *ret)
{
	struct query_string pairs;
	struct error *error = query_string_parse(query, NULL, &pairs);

	*ret = (struct question){ .text_count = 0 };
	ret->asked.params = ret->params;
	if (error)
		return error;
	for (size_t i = 0; i < pairs.count && !error; i++)
		error = take_pair(ret, &pairs.params[i]);
	query_string_deinit(&pairs);
	if (!error)
		error = check_question(ret);
	if (error)
		question_deinit(ret);
	return error;
}

void question_deinit(struct question *question)
{
	for (size_t i = 0; i < question->text_count; i++)
		free(question->texts[i]);
	question->text_count = 0;
}
