// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_page.h"

#include <locale.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/cmocka.h"

static char *printed(struct top_page *page)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	top_page_print(page, out);
	fclose(out);
	top_page_deinit(page);
	return text;
}

static void expect_text(bool unicode, unsigned int columns, enum top_cut cut,
			const char *text, const char *expected)
{
	_cleanup_free_ char *got = NULL;
	struct top_page page;

	top_page_init(&page, 0, unicode);
	assert_non_null(top_page_line(&page));
	top_page_text(&page, TOP_STYLE_PLAIN, columns, cut, text);
	top_page_put(&page, TOP_STYLE_PLAIN, "|\n");
	got = printed(&page);
	// The line feed of ours is escaped as anybody's would be.
	got[strlen(got) - strlen("\\x0a\n")] = '\0';
	assert_string_equal(got, expected);
}

static void test_text(void **state)
{
	(void)state;
	expect_text(true, 0, TOP_CUT_END, "name", "name|");
	expect_text(true, 6, TOP_CUT_END, "name", "name  |");
	expect_text(true, 4, TOP_CUT_END, "name", "name|");
	expect_text(true, 3, TOP_CUT_END, "name", "na…|");
	expect_text(true, 3, TOP_CUT_START, "name", "…me|");
	expect_text(false, 3, TOP_CUT_END, "name", "na~|");
	expect_text(true, 1, TOP_CUT_END, "name", "…|");
	expect_text(true, 3, TOP_CUT_END, "", "   |");
}

static void test_wide_text(void **state)
{
	(void)state;
	expect_text(true, 4, TOP_CUT_END, "日本", "日本|");
	// A wide character is not halved.
	expect_text(true, 4, TOP_CUT_END, "日本語", "日… |");
	expect_text(true, 4, TOP_CUT_START, "日本語", "…語 |");
	expect_text(false, 4, TOP_CUT_END, "日本", "??  |");
	expect_text(false, 0, TOP_CUT_END, "é", "?|");
}

// Names are of others' making: no byte of them drives the terminal.
static void test_hostile_text(void **state)
{
	(void)state;
	expect_text(true, 0, TOP_CUT_END, "\033[2Jx", "\\x1b[2Jx|");
	expect_text(false, 0, TOP_CUT_END, "a\nb\r\x9b", "a\\x0ab\\x0d\\x9b|");
	expect_text(true, 0, TOP_CUT_END, "\xe2\x80\xae", "\\u{202e}|");
	expect_text(true, 5, TOP_CUT_END, "\033\033\033", "\\x1b…|");
}

static void expect_bars(bool unicode, const char *expected)
{
	static const uint64_t values[] = { 0, 1, 50, 100, 700 };
	_cleanup_free_ char *got = NULL;
	struct top_page page;

	top_page_init(&page, 0, unicode);
	assert_non_null(top_page_line(&page));
	top_page_put(&page, TOP_STYLE_PLAIN, "[");
	top_page_bars(&page, TOP_STYLE_TREND, values, 5, 100);
	top_page_put(&page, TOP_STYLE_PLAIN, "]");
	got = printed(&page);
	assert_string_equal(got, expected);
}

static void test_bars(void **state)
{
	(void)state;
	expect_bars(true, "[ ▁▄██]\n");
	expect_bars(false, "[ .-##]\n");
}

// A line is never wider than the page, and text has no tail of spaces.
static void test_width(void **state)
{
	_cleanup_free_ char *got = NULL;
	struct top_page page;

	(void)state;
	top_page_init(&page, 10, true);
	assert_non_null(top_page_line(&page));
	top_page_put(&page, TOP_STYLE_BOLD, "1234567");
	assert_int_equal(top_page_left(&page), 3);
	top_page_text(&page, TOP_STYLE_PLAIN, 20, TOP_CUT_END, "abcdef");
	top_page_put(&page, TOP_STYLE_PLAIN, "more");
	assert_int_equal(page.lines[0].columns, 10);
	assert_non_null(top_page_line(&page));
	top_page_text(&page, TOP_STYLE_PLAIN, 9, TOP_CUT_END, "x");
	got = printed(&page);
	assert_string_equal(got, "1234567ab…\nx\n");
}

static void test_many_spans(void **state)
{
	struct top_page page;

	(void)state;
	top_page_init(&page, 0, true);
	assert_non_null(top_page_line(&page));
	for (int i = 0; i < 2 * TOP_SPANS; i++)
		top_page_put(&page, TOP_STYLE_PLAIN, "x");
	assert_int_equal(page.lines[0].span_count, TOP_SPANS);
	assert_int_equal(page.lines[0].columns, TOP_SPANS);
	top_page_deinit(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_wide_text),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_many_spans),
	};

	// Widths of characters are the locale's; C.UTF-8 is everywhere.
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
