// SPDX-License-Identifier: Apache-2.0
#include "schema/read/query_print.h"

#include <math.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"
#include "base/text.h"

// Rows looked at for the widths of columns before the first is printed.
enum { TABLE_LOOKAHEAD = 4096, TABLE_WIDTH_MAX = 100 };

struct cell {
	char *text; /* owned; NULL: no value */
	size_t width;
	bool number;
};

struct table {
	int columns;
	struct cell *cells; /* owned; row by row, the names first */
	size_t count, capacity;
	size_t *widths; /* owned */
};

// Columns on a terminal: one for each character is right for all but East
// Asian and combining ones, and these do not depend on a locale.
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static char *hex_of_blob(sqlite3_stmt *statement, int column)
{
	const uint8_t *bytes = sqlite3_column_blob(statement, column);
	size_t size = (size_t)sqlite3_column_bytes(statement, column);
	char *hex = malloc(2 * size + 1);

	if (!hex)
		return NULL;
	for (size_t i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	hex[2 * size] = '\0';
	return hex;
}

// Well-formed UTF-8, owned by the caller; the value is not NULL. NULL: no
// memory.
static char *value_text(sqlite3_stmt *statement, int column)
{
	const char *text;

	if (sqlite3_column_type(statement, column) == SQLITE_BLOB)
		return hex_of_blob(statement, column);
	text = (const char *)sqlite3_column_text(statement, column);
	if (!text)
		return NULL;
	return text_repair(text,
			   (size_t)sqlite3_column_bytes(statement, column));
}

static bool is_number(sqlite3_stmt *statement, int column)
{
	int type = sqlite3_column_type(statement, column);

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

static bool make_cell(sqlite3_stmt *statement, int column, struct cell *ret)
{
	_cleanup_free_ char *text = NULL;

	*ret = (struct cell){ .number = is_number(statement, column) };
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return true;
	text = value_text(statement, column);
	ret->text = text ? text_escape(text) : NULL;
	if (!ret->text)
		return false;
	ret->width = text_width(ret->text);
	return true;
}

static bool add_cell(struct table *table, struct cell cell)
{
	if (!array_reserve_one(table->cells, table->count, table->capacity)) {
		free(cell.text);
		return false;
	}
	table->cells[table->count++] = cell;
	return true;
}

static bool add_names(struct table *table, sqlite3_stmt *statement)
{
	for (int i = 0; i < table->columns; i++) {
		const char *name = sqlite3_column_name(statement, i);
		struct cell cell = { .text = name ? text_escape(name) : NULL };

		if (!cell.text)
			return false;
		cell.width = text_width(cell.text);
		if (!add_cell(table, cell))
			return false;
	}
	return true;
}

static bool add_row(struct table *table, sqlite3_stmt *statement)
{
	for (int i = 0; i < table->columns; i++) {
		struct cell cell;

		if (!make_cell(statement, i, &cell) || !add_cell(table, cell))
			return false;
	}
	return true;
}

static void measure(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t *width = &table->widths[i % (size_t)table->columns];
		size_t wanted = table->cells[i].width;

		if (wanted > TABLE_WIDTH_MAX)
			wanted = TABLE_WIDTH_MAX;
		if (*width < wanted)
			*width = wanted;
	}
}

static void print_spaces(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

static void print_row(const struct table *table, const struct cell *row,
		      FILE *out)
{
	for (int i = 0; i < table->columns; i++) {
		size_t width = table->widths[i];
		size_t space = row[i].width < width ? width - row[i].width : 0;
		bool last = i + 1 == table->columns;

		if (row[i].number)
			print_spaces(out, space);
		fputs(row[i].text ? row[i].text : "", out);
		if (!row[i].number && !last)
			print_spaces(out, space);
		fputs(last ? "\n" : "  ", out);
	}
}

static void print_rule(const struct table *table, FILE *out)
{
	for (int i = 0; i < table->columns; i++) {
		for (size_t n = 0; n < table->widths[i]; n++)
			putc('-', out);
		fputs(i + 1 == table->columns ? "\n" : "  ", out);
	}
}

// The name of a column of numbers stands over their last digits.
static void print_rows(struct table *table, bool with_names, FILE *out)
{
	size_t columns = (size_t)table->columns;

	for (size_t i = 0; with_names && i < columns; i++)
		if (table->count > columns)
			table->cells[i].number =
				table->cells[columns + i].number;
	for (size_t i = 0; i < table->count; i += columns) {
		print_row(table, &table->cells[i], out);
		if (i == 0 && with_names)
			print_rule(table, out);
	}
}

static void clear_cells(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	table->count = 0;
}

static int fill_table(struct table *table, sqlite3_stmt *statement)
{
	int result;

	for (size_t rows = 0; rows < TABLE_LOOKAHEAD; rows++) {
		result = sqlite3_step(statement);
		if (result != SQLITE_ROW)
			return result;
		if (!add_row(table, statement))
			return SQLITE_NOMEM;
	}
	return SQLITE_ROW;
}

static int print_table_rows(struct table *table, sqlite3_stmt *statement,
			    FILE *out)
{
	bool with_names = true;
	int result;

	if (!add_names(table, statement))
		return SQLITE_NOMEM;
	do {
		result = fill_table(table, statement);
		measure(table);
		print_rows(table, with_names, out);
		clear_cells(table);
		with_names = false;
	} while (result == SQLITE_ROW);
	return result;
}

static int print_table(sqlite3_stmt *statement, FILE *out)
{
	struct table table = { .columns = sqlite3_column_count(statement) };
	int result = SQLITE_NOMEM;

	table.widths = calloc((size_t)table.columns, sizeof(*table.widths));
	if (table.widths)
		result = print_table_rows(&table, statement, out);
	clear_cells(&table);
	free(table.cells);
	free(table.widths);
	return result;
}

// RFC 8259 section 7. DEL and what reorders text is escaped too, since JSON
// is looked at on terminals.
static void print_json_text(const char *text, FILE *out)
{
	size_t size = strlen(text), length;
	uint32_t character;

	putc('"', out);
	for (size_t i = 0; i < size; i += length) {
		length = text_decode(text + i, size - i, &character);
		if (length == 0)
			length = 1;
		else if (character == '"' || character == '\\')
			fprintf(out, "\\%c", (char)character);
		else if (character == '\n')
			fputs("\\n", out);
		else if (character < 0x10000 && text_is_unprintable(character))
			fprintf(out, "\\u%04x", character);
		else
			fwrite(text + i, 1, length, out);
	}
	putc('"', out);
}

static bool print_json_value(sqlite3_stmt *statement, int column, FILE *out)
{
	_cleanup_free_ char *text = NULL;
	int type = sqlite3_column_type(statement, column);

	// JSON has no infinities.
	if (type == SQLITE_NULL ||
	    (type == SQLITE_FLOAT &&
	     !isfinite(sqlite3_column_double(statement, column)))) {
		fputs("null", out);
		return true;
	}
	text = value_text(statement, column);
	if (!text)
		return false;
	if (is_number(statement, column))
		fputs(text, out);
	else
		print_json_text(text, out);
	return true;
}

static bool print_json_row(sqlite3_stmt *statement, FILE *out)
{
	int columns = sqlite3_column_count(statement);

	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (!name)
			return false;
		fputs(i ? "," : "{", out);
		print_json_text(name, out);
		putc(':', out);
		if (!print_json_value(statement, i, out))
			return false;
	}
	putc('}', out);
	return true;
}

static int print_json(sqlite3_stmt *statement, FILE *out)
{
	const char *separator = "[";
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		fputs(separator, out);
		if (!print_json_row(statement, out))
			return SQLITE_NOMEM;
		separator = ",\n";
	}
	if (result == SQLITE_DONE)
		fputs(*separator == '[' ? "[]\n" : "]\n", out);
	return result;
}

// RFC 4180 rules 5 to 7.
static void print_csv_field(const char *text, FILE *out)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static bool print_csv_row(sqlite3_stmt *statement, FILE *out)
{
	int columns = sqlite3_column_count(statement);

	for (int i = 0; i < columns; i++) {
		_cleanup_free_ char *text = NULL;

		if (i)
			putc(',', out);
		if (sqlite3_column_type(statement, i) == SQLITE_NULL)
			continue;
		text = value_text(statement, i);
		if (!text)
			return false;
		print_csv_field(text, out);
	}
	fputs("\r\n", out);
	return true;
}

static int print_csv(sqlite3_stmt *statement, FILE *out)
{
	int columns = sqlite3_column_count(statement);
	int result;

	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (!name)
			return SQLITE_NOMEM;
		if (i)
			putc(',', out);
		print_csv_field(name, out);
	}
	fputs("\r\n", out);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		if (!print_csv_row(statement, out))
			return SQLITE_NOMEM;
	return result;
}

int query_print(sqlite3_stmt *statement, enum query_format format, FILE *out)
{
	switch (format) {
	case QUERY_TABLE:
		return print_table(statement, out);
	case QUERY_JSON:
		return print_json(statement, out);
	case QUERY_CSV:
		return print_csv(statement, out);
	}
	return SQLITE_MISUSE;
}
