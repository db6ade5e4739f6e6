// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/log.h"

#include "tests/cmocka.h"

#include "base/clock.h"

#include <string.h>

struct sink {
	char text[8192];
	struct log log;
};

static void open_sink(struct sink *sink)
{
	memset(sink, 0, sizeof(*sink));
	log_init(&sink->log);
	sink->log.out = fmemopen(sink->text, sizeof(sink->text), "w");
	assert_non_null(sink->log.out);
}

static unsigned int lines(const struct sink *sink)
{
	unsigned int count = 0;

	for (const char *at = sink->text; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

static void limits_each_reason(void **state)
{
	struct sink sink;

	(void)state;
	open_sink(&sink);
	for (uint64_t i = 0; i < 1000; i++)
		log_say_at(&sink.log, i * NS_PER_MS, LOG_WARNING, "one", "a");
	assert_int_equal(lines(&sink), 10);
	log_say_at(&sink.log, NS_PER_SEC, LOG_WARNING, "two", "b");
	assert_int_equal(lines(&sink), 11);
	log_tick(&sink.log, 59 * NS_PER_SEC);
	assert_int_equal(lines(&sink), 11);
	log_tick(&sink.log, 62 * NS_PER_SEC);
	assert_int_equal(lines(&sink), 12);
	assert_non_null(strstr(sink.text, "(990 more lines about 'one' were "
					  "left out)"));
	log_say_at(&sink.log, 63 * NS_PER_SEC, LOG_WARNING, "one", "again");
	assert_non_null(strstr(sink.text, "brindle: again\n"));
	fclose(sink.log.out);
}

static void has_room_for_any_number_of_reasons(void **state)
{
	static char words[100][8];
	struct sink sink;

	(void)state;
	open_sink(&sink);
	for (size_t i = 0; i < 100; i++) {
		snprintf(words[i], sizeof(words[i]), "%zu", i);
		log_say_at(&sink.log, i, LOG_WARNING, words[i], words[i]);
	}
	assert_int_equal(lines(&sink), 100);
	fclose(sink.log.out);
}

static void leaves_out_debugging(void **state)
{
	struct sink sink;

	(void)state;
	open_sink(&sink);
	log_say(&sink.log, LOG_DEBUG, "x", "%d", 1);
	assert_int_equal(lines(&sink), 0);
	sink.log.most = LOG_DEBUG;
	log_say(&sink.log, LOG_DEBUG, "x", "%d", 2);
	assert_string_equal(sink.text, "brindle: 2\n");
	fclose(sink.log.out);
}

static void escapes_and_marks(void **state)
{
	struct sink sink;

	(void)state;
	open_sink(&sink);
	sink.log.journal = true;
	log_say(&sink.log, LOG_ERROR, "x", "name '%s'", "a\n<0>b\033[2J");
	assert_string_equal(sink.text, "<3>name 'a\\x0a<0>b\\x1b[2J'\n");
	fclose(sink.log.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_each_reason),
		cmocka_unit_test(has_room_for_any_number_of_reasons),
		cmocka_unit_test(leaves_out_debugging),
		cmocka_unit_test(escapes_and_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
