// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/proc_maps.h"

#include "tests/cmocka.h"

#include <string.h>

static enum proc_maps_result parse(const char *line, struct proc_mapping *ret)
{
	struct reader text;

	reader_init(&text, line, strlen(line));
	return proc_maps_next(&text, ret);
}

static void reads_a_file_mapping(void **state)
{
	struct proc_mapping m;

	(void)state;
	assert_int_equal(
		parse("7f2c1a400000-7f2c1a5c5000 r-xp 00028000 08:01 4327 "
		      "                   /usr/lib/libc.so.6\n", &m),
		PROC_MAPS_MAPPING);
	assert_int_equal(m.start, 0x7f2c1a400000);
	assert_int_equal(m.end, 0x7f2c1a5c5000);
	assert_int_equal(m.offset, 0x28000);
	assert_int_equal(m.dev_major, 8);
	assert_int_equal(m.dev_minor, 1);
	assert_int_equal(m.inode, 4327);
	assert_true(m.readable && m.executable);
	assert_false(m.writable || m.shared);
	assert_string_equal(m.path, "/usr/lib/libc.so.6");
}

static void reads_what_has_no_path(void **state)
{
	struct proc_mapping m;

	(void)state;
	assert_int_equal(parse("1000-2000 rw-s 00000000 00:00 0 \n", &m),
			 PROC_MAPS_MAPPING);
	assert_string_equal(m.path, "");
	assert_true(m.shared && m.writable);
	assert_int_equal(parse("1000-2000 ---p 00000000 00:00 0", &m),
			 PROC_MAPS_MAPPING);
	assert_int_equal(
		parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 "
		      "                 [vsyscall]\n", &m),
		PROC_MAPS_MAPPING);
	assert_string_equal(m.path, "[vsyscall]");
}

static void names_are_left_as_they_are(void **state)
{
	struct proc_mapping m;

	(void)state;
	assert_int_equal(parse("1000-2000 r-xp 0 fe:00 9 /a b\\012c (deleted)"
			       "\n", &m), PROC_MAPS_MAPPING);
	assert_string_equal(m.path, "/a b\\012c (deleted)");
	assert_int_equal(parse("1000-2000 r-xp 0 fe:00 9 /\x1b[31m\xff\n", &m),
			 PROC_MAPS_MAPPING);
	assert_string_equal(m.path, "/\x1b[31m\xff");
}

static void malformed_lines_are_skipped(void **state)
{
	static const char *const lines[] = {
		"\n", "x\n", "1000\n", "1000-\n", "1000-2000\n",
		"1000-2000 r-xp\n", "2000-1000 r-xp 0 0:0 0\n",
		"1000-1000 r-xp 0 0:0 0\n", "1001-2000 r-xp 0 0:0 0\n",
		"1000-2000 rwzp 0 0:0 0\n", "1000-2000 r-xp 0 100000000:0 0\n",
		"1000-2000 r-xp 0 0:0 99999999999999999999\n",
		"11111111111111111-22222222222222222 r-xp 0 0:0 0\n",
		"1000-2000 r-xp 0 0:0 12x\n", "1000-2000 r-xp -1 0:0 0\n",
	};
	struct proc_mapping m;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(parse(lines[i], &m), PROC_MAPS_MALFORMED);
}

static void a_path_beyond_the_limit_is_malformed(void **state)
{
	static const char start[] = "1000-2000 r-xp 0 0:0 5 /";
	char line[20000];
	struct proc_mapping m;

	(void)state;
	memset(line, 'p', sizeof(line));
	memcpy(line, start, strlen(start));
	strcpy(line + strlen(start) + 4094, "\n");
	assert_int_equal(parse(line, &m), PROC_MAPS_MAPPING);
	assert_int_equal(strlen(m.path), 4095);
	strcpy(line + strlen(start) + 4094, "p\n");
	assert_int_equal(parse(line, &m), PROC_MAPS_MALFORMED);
	line[strlen(line)] = 'p';
	strcpy(line + sizeof(line) - 2, "\n");
	assert_int_equal(parse(line, &m), PROC_MAPS_MALFORMED);
}

static void goes_on_after_a_bad_line(void **state)
{
	static const char lines[] = "1000-2000 r-xp 0 0:0 0\nbad\n"
				    "3000-4000 r-xp 0 0:0 0";
	struct proc_mapping m;
	struct reader text;

	(void)state;
	reader_init(&text, lines, strlen(lines));
	assert_int_equal(proc_maps_next(&text, &m), PROC_MAPS_MAPPING);
	assert_int_equal(proc_maps_next(&text, &m), PROC_MAPS_MALFORMED);
	assert_int_equal(proc_maps_next(&text, &m), PROC_MAPS_MAPPING);
	assert_int_equal(m.start, 0x3000);
	assert_int_equal(proc_maps_next(&text, &m), PROC_MAPS_END);
	assert_int_equal(proc_maps_next(&text, &m), PROC_MAPS_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_file_mapping),
		cmocka_unit_test(reads_what_has_no_path),
		cmocka_unit_test(names_are_left_as_they_are),
		cmocka_unit_test(malformed_lines_are_skipped),
		cmocka_unit_test(a_path_beyond_the_limit_is_malformed),
		cmocka_unit_test(goes_on_after_a_bad_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
