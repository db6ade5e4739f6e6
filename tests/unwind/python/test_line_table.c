// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/line_table.h"

#include "tests/cmocka.h"

#include "base/cleanup.h"
#include "tests/unwind/python/interpreter.h"

#include <string.h>

// One record of dump_line_tables.py.
struct dumped {
	uint32_t first_line, table_size, units;
};

struct totals {
	size_t codes, offsets, without_line, wrong;
};

// In a table of 3.11 or newer.
static uint32_t find(const uint8_t *table, size_t size, uint32_t first_line,
		     uint32_t offset)
{
	return line_table_find(PYTHON_LINES_LOCATIONS, table, size, first_line,
			       offset);
}

static void compare_code(FILE *file, const struct dumped *dumped,
			 enum python_lines format, struct totals *totals)
{
	_cleanup_free_ uint8_t *table = malloc(dumped->table_size + 1);
	_cleanup_free_ int32_t *lines = calloc(dumped->units, sizeof(*lines));

	assert_non_null(table);
	assert_non_null(lines);
	assert_int_equal(fread(table, 1, dumped->table_size, file),
			 dumped->table_size);
	assert_int_equal(fread(lines, sizeof(*lines), dumped->units, file),
			 dumped->units);
	totals->codes++;
	for (uint32_t unit = 0; unit < dumped->units; unit++) {
		uint32_t line = line_table_find(format, table, dumped->table_size,
						dumped->first_line, unit * 2);

		totals->offsets++;
		totals->without_line += lines[unit] == 0;
		totals->wrong += line != (uint32_t)lines[unit];
	}
	// lnotab does not say where the code ends.
	if (format != PYTHON_LINES_LNOTAB)
		assert_int_equal(line_table_find(format, table,
						 dumped->table_size,
						 dumped->first_line,
						 dumped->units * 2),
				 0);
}

// "/.../python3.10"
static enum python_lines format_of(const char *path)
{
	const char *minor = strrchr(path, '.');
	int number;

	assert_non_null(minor);
	number = atoi(minor + 1);
	if (number > 10)
		return PYTHON_LINES_LOCATIONS;
	return number == 10 ? PYTHON_LINES_PAIRS : PYTHON_LINES_LNOTAB;
}

static void compare_all(FILE *file, const char *name,
			enum python_lines format)
{
	struct totals totals = { 0 };
	struct dumped dumped;

	while (fread(&dumped, sizeof(dumped), 1, file) == 1)
		compare_code(file, &dumped, format, &totals);
	print_message("%s: %zu code objects, %zu offsets (%zu without line), "
		      "%zu wrong\n",
		      name, totals.codes, totals.offsets, totals.without_line,
		      totals.wrong);
	assert_true(totals.offsets > 300);
	assert_int_equal(totals.wrong, 0);
}

static void agrees_with_the_interpreters(void **state)
{
	struct interpreters interpreters;

	(void)state;
	interpreters_init(&interpreters);
	for (size_t i = 0; i < interpreters.found.gl_pathc; i++) {
		const char *path = interpreters.found.gl_pathv[i];
		struct interpreter python;

		interpreter_start(&python, path, "dump_line_tables.py");
		compare_all(python.output, path, format_of(path));
		interpreter_stop(&python);
	}
	if (!interpreters.found.gl_pathc)
		print_message("no interpreter of a supported version here\n");
	interpreters_deinit(&interpreters);
}

static void agrees_with_what_was_recorded(void **state)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[4096];

	(void)state;
	interpreter_file("line_tables.bin", path, sizeof(path));
	file = fopen(path, "r");
	assert_non_null(file);
	compare_all(file, "recorded", PYTHON_LINES_LOCATIONS);
}

static void reads_each_kind(void **state)
{
	static const uint8_t table[] = {
		0x80 | 3 << 3 | 1,  0x25,		  // short form: 2 units
		0x80 | 12 << 3 | 0, 1,	      2,	  // two lines on
		0x80 | 13 << 3 | 0, 0x07,		  // three lines back
		0x80 | 14 << 3 | 0, 0x40 | 0, 1, 0, 1, 1, // 32 lines on
		0x80 | 15 << 3 | 2,			  // no line: 3 units
		0x80 | 10 << 3 | 0, 0,	      0,	  // the line before
	};

	(void)state;
	assert_int_equal(find(table, sizeof(table), 10, 0), 10);
	assert_int_equal(find(table, sizeof(table), 10, 3), 10);
	assert_int_equal(find(table, sizeof(table), 10, 4), 12);
	assert_int_equal(find(table, sizeof(table), 10, 6), 9);
	assert_int_equal(find(table, sizeof(table), 10, 8), 41);
	assert_int_equal(find(table, sizeof(table), 10, 10), 0);
	assert_int_equal(find(table, sizeof(table), 10, 15), 0);
	assert_int_equal(find(table, sizeof(table), 10, 16), 41);
	assert_int_equal(find(table, sizeof(table), 10, 18), 0);
}

static void rejects_broken_tables(void **state)
{
	static const uint8_t no_mark[] = { 0x18, 0x25 };
	static const uint8_t cut[] = { 0x80 | 14 << 3, 1, 1 };
	static const uint8_t endless[] = { 0x80 | 13 << 3, 0x7f, 0x7f, 0x7f,
					   0x7f,	   0x7f, 0x7f, 0x7f };
	static const uint8_t before_one[] = { 0x80 | 13 << 3, 0x3f };

	(void)state;
	assert_int_equal(find(NULL, 0, 1, 0), 0);
	assert_int_equal(find(no_mark, sizeof(no_mark), 1, 0), 0);
	assert_int_equal(find(cut, sizeof(cut), 1, 0), 0);
	assert_int_equal(find(endless, sizeof(endless), 1, 0), 0);
	assert_int_equal(find(before_one, sizeof(before_one), 1, 0),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_kind),
		cmocka_unit_test(rejects_broken_tables),
		cmocka_unit_test(agrees_with_what_was_recorded),
		cmocka_unit_test(agrees_with_the_interpreters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
