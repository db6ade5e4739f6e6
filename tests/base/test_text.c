// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include "tests/cmocka.h"

#include "base/cleanup.h"

#include <string.h>

static void assert_escapes(const char *text, const char *expected)
{
	_cleanup_free_ char *escaped = text_escape(text);

	assert_string_equal(escaped, expected);
}

static void assert_repairs(const char *text, size_t size, const char *expected)
{
	_cleanup_free_ char *repaired = text_repair(text, size);

	assert_string_equal(repaired, expected);
}

static void decodes_each_length(void **state)
{
	uint32_t character;

	(void)state;
	assert_int_equal(text_decode("a", 1, &character), 1);
	assert_int_equal(character, 'a');
	assert_int_equal(text_decode("\xc3\xa9", 2, &character), 2);
	assert_int_equal(character, 0xe9);
	assert_int_equal(text_decode("\xe2\x82\xac", 3, &character), 3);
	assert_int_equal(character, 0x20ac);
	assert_int_equal(text_decode("\xf0\x9f\x90\x84", 4, &character), 4);
	assert_int_equal(character, 0x1f404);
}

static void rejects_what_is_not_utf8(void **state)
{
	static const char *const malformed[] = {
		"\x80",		    // a continuation alone
		"\xc0\xaf",	    // '/' in two bytes
		"\xe0\x80\xaf",	    // and in three
		"\xed\xa0\x80",	    // a surrogate
		"\xf4\x90\x80\x80", // beyond U+10FFFF
		"\xf8\x88\x80\x80\x80",
		"\xff",
		"\xe2\x82", // cut short
		"\xe2\x28\xa1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		assert_false(text_is_utf8(malformed[i], strlen(malformed[i])));
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("gr\xc3\xbc\xc3\x9f", 6));
}

static void repairs_byte_by_byte(void **state)
{
	(void)state;
	assert_repairs("plain", 5, "plain");
	assert_repairs("a\xff"
		       "b",
		       3,
		       "a\xef\xbf\xbd"
		       "b");
	assert_repairs("\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_repairs("a\0b", 3,
		       "a\xef\xbf\xbd"
		       "b");
	assert_repairs("", 0, "");
}

static void assert_fits(const char *text, size_t most, const char *expected)
{
	_cleanup_free_ char *fitted = text_fit(text, most);

	assert_string_equal(fitted, expected);
}

static void fits_with_an_ellipsis(void **state)
{
	(void)state;
	assert_fits("plain", 5, "plain");
	assert_fits("plainer", 5, "pl\xe2\x80\xa6");
	// Not through the second of two characters of three bytes.
	assert_fits("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", 8,
		    "\xe4\xb8\xad\xe2\x80\xa6");
	assert_fits("ab", 1, "\xe2\x80\xa6");
	assert_fits("", 0, "");
}

static void escapes_what_drives_a_terminal(void **state)
{
	(void)state;
	assert_escapes("plain caf\xc3\xa9", "plain caf\xc3\xa9");
	assert_escapes("\x1b[2J", "\\x1b[2J");
	assert_escapes("a\nb\r\t\x7f", "a\\x0ab\\x0d\\x09\\x7f");
	assert_escapes("\xc2\x9b", "\\x9b");
	assert_escapes("\xff", "\\xff");
}

static void escapes_what_reorders_or_hides(void **state)
{
	(void)state;
	assert_escapes("\xe2\x80\xae", "\\u{202e}");
	assert_escapes("\xe2\x81\xa6x", "\\u{2066}x");
	assert_escapes("\xe2\x80\x8b", "\\u{200b}");
	assert_escapes("\xf3\xa0\x80\x81", "\\u{e0001}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_each_length),
		cmocka_unit_test(rejects_what_is_not_utf8),
		cmocka_unit_test(repairs_byte_by_byte),
		cmocka_unit_test(fits_with_an_ellipsis),
		cmocka_unit_test(escapes_what_drives_a_terminal),
		cmocka_unit_test(escapes_what_reorders_or_hides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
