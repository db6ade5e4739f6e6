// SPDX-License-Identifier: Apache-2.0
#include "web/sql/query_result.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "schema/show/csv.h"
#include "schema/show/json.h"

enum { COLUMNS_MAX = 2000 };
#define DOUBLE_INTEGER_MAX (INT64_C(1) << 53)

struct result {
	sqlite3_stmt *statement; /* borrowed */
	FILE *out;		 /* borrowed */
	struct json json;
	int column_count;
	/* Of each column which of SQLite's types were there, as bits. */
	unsigned int types[COLUMNS_MAX];
	uint64_t rows;
	bool no_memory;
};

static char *hex_text(const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * size + 1), *end = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		*end++ = digits[bytes[i] >> 4];
		*end++ = digits[bytes[i] & 15];
	}
	*end = '\0';
	return text;
}

// Well-formed UTF-8, blobs in hexadecimal. Owned by the caller. NULL: no memory.
static char *cell_text(struct result *result, int column)
{
	sqlite3_stmt *statement = result->statement;
	const uint8_t *bytes = sqlite3_column_blob(statement, column);
	size_t size = (size_t)sqlite3_column_bytes(statement, column);

	if (sqlite3_column_type(statement, column) != SQLITE_BLOB)
		return text_repair(bytes ? (const char *)bytes : "", size);
	return hex_text(bytes, size);
}

static void write_json_integer(struct json *json, int64_t value)
{
	char text[32];

	if (value > -DOUBLE_INTEGER_MAX && value < DOUBLE_INTEGER_MAX) {
		json_integer(json, NULL, value);
		return;
	}
	snprintf(text, sizeof(text), "%" PRId64, value);
	json_text(json, NULL, text);
}

// RFC 8259 has no infinities; SQLite has no NaN.
static void write_json_real(struct json *json, double value)
{
	if (!isfinite(value)) {
		json_text(json, NULL, NULL);
		return;
	}
	fprintf(json->out, "%s%.15g", json->comma ? ",\n" : "", value);
	json->comma = true;
}

static void write_json_cell(struct result *result, int column)
{
	sqlite3_stmt *statement = result->statement;
	_cleanup_free_ char *text = NULL;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		json_text(&result->json, NULL, NULL);
		return;
	case SQLITE_INTEGER:
		write_json_integer(&result->json,
				   sqlite3_column_int64(statement, column));
		return;
	case SQLITE_FLOAT:
		write_json_real(&result->json,
				sqlite3_column_double(statement, column));
		return;
	}
	text = cell_text(result, column);
	result->no_memory |= !text;
	json_text(&result->json, NULL, text);
}

static void write_csv_cell(struct result *result, int column)
{
	int type = sqlite3_column_type(result->statement, column);
	_cleanup_free_ char *text = NULL;

	if (column > 0)
		putc(',', result->out);
	if (type == SQLITE_NULL)
		return;
	text = cell_text(result, column);
	result->no_memory |= !text;
	if (!text)
		return;
	if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
		fputs(text, result->out);
	else
		csv_text(text, result->out);
}

// False: the row would not fit. Values are looked at before they are written,
// for one may be as large as all of the result.
static bool write_row(struct result *result, enum query_answer_format format)
{
	long position = ftell(result->out);

	if (format == QUERY_ANSWER_JSON)
		json_open(&result->json, NULL, '[');
	for (int i = 0; i < result->column_count; i++) {
		position += sqlite3_column_bytes(result->statement, i);
		if (position > QUERY_RESULT_BYTES_MAX)
			return false;
		if (format == QUERY_ANSWER_JSON)
			write_json_cell(result, i);
		else
			write_csv_cell(result, i);
		result->types[i] |=
			1u << sqlite3_column_type(result->statement, i);
	}
	if (format == QUERY_ANSWER_JSON)
		json_close(&result->json, ']');
	else
		fputs("\r\n", result->out);
	return ftell(result->out) <= QUERY_RESULT_BYTES_MAX;
}

// Back to where the row began.
static void forget_row(struct result *result, long begin, bool comma)
{
	fseek(result->out, begin, SEEK_SET);
	if (ftruncate(fileno(result->out), begin) != 0)
		result->no_memory = true;
	result->json.comma = comma;
}

static int write_rows(struct result *result, enum query_answer_format format,
		      uint32_t max_rows)
{
	int step;

	while ((step = sqlite3_step(result->statement)) == SQLITE_ROW) {
		long begin = ftell(result->out);
		bool comma = result->json.comma;

		if (result->rows == max_rows)
			return step;
		if (!write_row(result, format)) {
			forget_row(result, begin, comma);
			return step;
		}
		result->rows++;
	}
	return step;
}

static const char *type_name(unsigned int types)
{
	types &= ~(1u << SQLITE_NULL);
	switch (types) {
	case 0:
		return "null";
	case 1u << SQLITE_INTEGER:
		return "integer";
	case 1u << SQLITE_FLOAT:
	case 1u << SQLITE_FLOAT | 1u << SQLITE_INTEGER:
		return "real";
	case 1u << SQLITE_TEXT:
		return "text";
	case 1u << SQLITE_BLOB:
		return "blob";
	}
	return "mixed";
}

static void write_columns(struct result *result)
{
	json_open(&result->json, "columns", '[');
	for (int i = 0; i < result->column_count; i++) {
		json_open(&result->json, NULL, '{');
		json_text(&result->json, "name",
			  sqlite3_column_name(result->statement, i));
		json_text(&result->json, "type", type_name(result->types[i]));
		json_close(&result->json, '}');
	}
	json_close(&result->json, ']');
}

static int write_json(struct result *result, uint32_t max_rows,
		      uint64_t begin_ns)
{
	struct json *json = &result->json;
	int step;

	json_open(json, NULL, '{');
	json_open(json, "rows", '[');
	step = write_rows(result, QUERY_ANSWER_JSON, max_rows);
	json_close(json, ']');
	write_columns(result);
	json_integer(json, "row_count", (int64_t)result->rows);
	json_bool(json, "truncated", step == SQLITE_ROW);
	json_real(json, "elapsed_ms",
		  (double)(monotonic_ns() - begin_ns) / 1e6);
	json_close(json, '}');
	putc('\n', result->out);
	return step;
}

static int write_csv(struct result *result, uint32_t max_rows)
{
	for (int i = 0; i < result->column_count; i++) {
		const char *name = sqlite3_column_name(result->statement, i);

		if (i)
			putc(',', result->out);
		csv_text(name ? name : "", result->out);
	}
	fputs("\r\n", result->out);
	return write_rows(result, QUERY_ANSWER_CSV, max_rows);
}

int query_result_write(sqlite3_stmt *statement, enum query_answer_format format,
		       uint32_t max_rows, uint64_t begin_ns, FILE *out)
{
	struct result result = {
		.statement = statement,
		.out = out,
		.json = { .out = out },
		.column_count = sqlite3_column_count(statement),
	};
	int step;

	if (result.column_count > COLUMNS_MAX)
		return SQLITE_TOOBIG;
	step = format == QUERY_ANSWER_JSON ?
		       write_json(&result, max_rows, begin_ns) :
		       write_csv(&result, max_rows);
	return result.no_memory ? SQLITE_NOMEM : step;
}
