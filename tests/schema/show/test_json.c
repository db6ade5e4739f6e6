// SPDX-License-Identifier: Apache-2.0
#include "schema/show/json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"

struct writing {
	struct json json;
	char *text;
	size_t size;
};

static void begin(struct writing *writing)
{
	*writing = (struct writing){ 0 };
	writing->json.out = open_memstream(&writing->text, &writing->size);
	assert_non_null(writing->json.out);
}

static void expect(struct writing *writing, const char *expected)
{
	fclose(writing->json.out);
	assert_string_equal(writing->text, expected);
	free(writing->text);
}

static void test_containers(void **state)
{
	struct writing writing;
	struct json *json = &writing.json;

	(void)state;
	begin(&writing);
	json_open(json, NULL, '{');
	json_integer(json, "a", -5);
	json_open(json, "b", '[');
	json_text(json, NULL, "x");
	json_text(json, NULL, NULL);
	json_open(json, NULL, '{');
	json_close(json, '}');
	json_close(json, ']');
	json_bool(json, "c", true);
	json_real(json, "d", 0.25);
	json_close(json, '}');
	expect(&writing, "{\"a\":-5,\n\"b\":[\"x\",\nnull,\n{}],\n"
			 "\"c\":true,\n\"d\":0.250000}");
}

static void expect_text(const char *text, const char *expected)
{
	struct writing writing;

	begin(&writing);
	json_text(&writing.json, NULL, text);
	expect(&writing, expected);
}

static void test_text(void **state)
{
	(void)state;
	expect_text("a\"b\\c", "\"a\\\"b\\\\c\"");
	expect_text("a\nb\tc\x1b", "\"a\\u000ab\\u0009c\\u001b\"");
	expect_text("</script>", "\"\\u003c/script>\"");
	expect_text("\xd7\xa9\xf0\x9f\x94\xa5", "\"\xd7\xa9\xf0\x9f\x94\xa5\"");
	// U+202E reorders, U+E0041 is a tag: not seen, so written out.
	expect_text("\xe2\x80\xae", "\"\\u202e\"");
	expect_text("\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"");
	expect_text("a\xffz\xc3", "\"a\xef\xbf\xbdz\xef\xbf\xbd\"");
	expect_text("", "\"\"");
}

static void expect_column(const uint64_t *values, size_t count,
			  const char *expected)
{
	struct json_column column;
	struct writing writing;

	begin(&writing);
	json_column_open(&column, &writing.json, NULL);
	for (size_t i = 0; i < count; i++)
		json_column_add(&column, values[i]);
	json_column_close(&column);
	expect(&writing, expected);
}

// Expected: printf '\x00\x7f' | base64, and so on.
static void test_columns(void **state)
{
	static const uint64_t values[] = { 0, 127, 128, 300, UINT64_MAX };

	(void)state;
	expect_column(values, 0, "\"\"");
	expect_column(values, 1, "\"AA==\"");
	expect_column(values, 2, "\"AH8=\"");
	expect_column(values, 3, "\"AH+AAQ==\"");
	expect_column(values, 4, "\"AH+AAawC\"");
	expect_column(values, 5, "\"AH+AAawC////////////AQ==\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
