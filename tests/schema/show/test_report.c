// SPDX-License-Identifier: Apache-2.0
#include "schema/read/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static char *report(const char *path, const struct report_options *options)
{
	struct profile *profile = fixture_open_profile(path);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(profile_report(profile, options, out));
	fclose(out);
	profile_close(profile);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in\n%s", part, text);
}

static const struct report_options plain = {
	.function_count = 20,
	.stack_count = 5,
};

static void test_head(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_make("a.db");
	text = report("a.db", &plain);
	expect(text, "python3 app.py\nhost, Linux 6.1 x86_64, 2 CPUs\n");
	expect(text, "1.1 s, cpu-clock at 100 Hz\n");
	expect(text, "Samples  11, for 0.11 s of CPU time\nLost     0\n");
	expect(text, "█ proven            7   63.64 %\n");
	expect(text, "▒ unproven          2   18.18 %\n"
		     "                             2  it ran meanwhile\n");
	expect(text, "░ native            2   18.18 %\n");
	expect(text, "Note     22.2 % of the Python samples are unproven");
}

// Samples and other records are lost in the same rings, and told apart.
static void test_lost(void **state)
{
	struct store *store = fixture_open_store("a.db");
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_fill(store);
	store_set_health(store, "lost", 44576, "");
	store_set_health(store, "lost_samples", 1, "");
	fixture_succeed(store_close(store, FIXTURE_START_NS + NS_PER_SEC));
	text = report("a.db", &plain);
	expect(text, "Lost     1, and 44,575 records that are no samples\n");
	expect(text, "Note     1 samples were lost (8.33 %)");
}

static void test_functions(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_make("a.db");
	text = report("a.db", &plain);
	expect(text,
	       "Functions by self time\n"
	       "  self %     samples   total %   kind      function\n"
	       "   45.45           5     45.45   python    fib               "
	       "/app.py:10\n"
	       "   36.36           4     36.36   kernel    do_syscall_64\n");
	expect(text, "    9.09           1      9.09   native   ?start_thread"
		     "      libc.so.6\n");
	expect(text, "Functions by total time\n");
	expect(text, "    0.00           0     81.82   native    main_c");
	expect(text, "? at least half of its samples");
}

static void test_stacks(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_make("a.db");
	text = report("a.db", &plain);
	expect(text, "\n   36.36 %  4 samples\n"
		     "    native   main_c            app\n"
		     "    python   run               /app.py:6\n"
		     "    native   qsort             libc.so.6\n"
		     "    kernel   do_syscall_64\n");
	expect(text, "    python   fib               /app.py:11\n"
		     "    python   fib               /app.py:12\n");
}

static void test_limits(void **state)
{
	struct report_options options = plain;
	_cleanup_free_ char *text = NULL;

	(void)state;
	options.function_count = 1;
	options.stack_count = 0;
	fixture_make("a.db");
	text = report("a.db", &options);
	expect(text, "6 more (-n)\n");
	assert_null(strstr(text, "Heaviest"));
}

static int64_t push(struct store *store, int64_t parent, const char *name,
		    const char *file)
{
	int64_t function = store_function(store, STORE_PYTHON, name, file, 1, 0);

	return store_callsite(store, 0, parent,
			      store_frame(store, function, STORE_PROVEN, 1, 0));
}

static void add_sample(struct store *store, int64_t callsite)
{
	const struct store_sample sample = {
		.time_ns = FIXTURE_START_NS,
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = store_thread(store, store_process(store, 1, 0, "p"),
					  1, 0, "t"),
		.callsite_id = callsite,
		.trust = STORE_TRUST_PROVEN,
		.walk_end = "root",
	};

	store_add_sample(store, &sample);
}

// No line is wider than the terminal, however long a name or a path is.
static void expect_narrow(const char *text, unsigned int width)
{
	unsigned int columns = 0;

	for (; *text; text++) {
		columns += (*text & 0xc0) != 0x80;
		if (*text == '\n')
			columns = 0;
		if (columns > width)
			fail_msg("wider than %u: %s", width, text - width);
	}
}

static void test_width(void **state)
{
	struct report_options options = plain;
	struct store *store = fixture_open_store("a.db");
	char name[200], path[400];
	int64_t callsite = 0;

	(void)state;
	memset(name, 'n', sizeof(name));
	memset(path, 'p', sizeof(path));
	name[sizeof(name) - 1] = path[sizeof(path) - 1] = '\0';
	for (int i = 0; i < 300; i++) {
		name[0] = (char)('a' + i % 26);
		callsite = push(store, callsite, name, path);
	}
	add_sample(store, callsite);
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	for (options.width = 76; options.width < 200; options.width += 7) {
		_cleanup_free_ char *text = report("a.db", &options);

		expect_narrow(text, options.width);
		expect(text, "… 280 more frames …\n");
		expect(text, "nnn…");
		expect(text, "…ppp");
	}
}

// What a name could do to the terminal, and what it is shown as.
static void test_hostile(void **state)
{
	struct store *store = fixture_open_store("a.db");
	struct report_options options = plain;
	_cleanup_free_ char *text = NULL, *json = NULL;

	(void)state;
	add_sample(store, push(store, 0,
			       "\x1b]0;owned\a\xe2\x80\xae"
			       "x",
			       "/a\nb"));
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	text = report("a.db", &options);
	expect(text, "\\x1b]0;owned\\x07\\u{202e}x");
	expect(text, "/a\\x0ab:1");
	assert_null(strchr(text, '\x1b'));
	options.json = true;
	json = report("a.db", &options);
	expect(json, "\"\\u001b]0;owned\\u0007\\u202ex\"");
}

static void test_recursion(void **state)
{
	struct store *store = fixture_open_store("a.db");
	_cleanup_free_ char *text = NULL;
	int64_t callsite = 0;

	(void)state;
	for (int i = 0; i < 500; i++)
		callsite = push(store, callsite, "down", "/app.py");
	add_sample(store, push(store, callsite, "leaf", "/app.py"));
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	text = report("a.db", &plain);
	expect(text, "down              /app.py:1\n"
		     "             ↑ 500 times in a row\n"
		     "    python   leaf ");
}

static void test_color(void **state)
{
	struct report_options options = plain;
	_cleanup_free_ char *text = NULL;

	(void)state;
	options.color = true;
	fixture_make("a.db");
	text = report("a.db", &options);
	expect(text, "\033[94mfib\033[0m");
	expect(text, "\033[32mdo_syscall_64\033[0m");
	expect(text, "\033[33mqsort\033[0m");
}

static void test_json(void **state)
{
	struct report_options options = plain;
	_cleanup_free_ char *text = NULL;

	(void)state;
	options.json = true;
	fixture_make("a.db");
	text = report("a.db", &options);
	expect(text, "\"host\":\"host\"");
	expect(text, "\"samples\":11,\n\"lost\":0");
	expect(text, "\"function\":\"fib\",\n\"file\":\"/app.py\",\n"
		     "\"line\":10,\n\"module\":null,\n\"kind\":\"python\",\n"
		     "\"status\":\"proven\",\n\"doubtful_samples\":0,\n"
		     "\"self_samples\":5,\n\"total_samples\":5");
	expect(text, "\"status\":\"guessed\"");
	expect(text, "\"stacks\":[{\"samples\":4");
	expect(text, "]}\n");
}

static void test_empty(void **state)
{
	struct store *store = fixture_open_store("a.db");
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	text = report("a.db", &plain);
	expect(text, "Samples  0, for 0 s of CPU time\n");
	expect(text, "Note     There are no samples");
	assert_null(strstr(text, "Functions"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_head),      FIXTURE_TEST(test_functions),
		FIXTURE_TEST(test_lost),
		FIXTURE_TEST(test_stacks),    FIXTURE_TEST(test_limits),
		FIXTURE_TEST(test_width),     FIXTURE_TEST(test_hostile),
		FIXTURE_TEST(test_recursion), FIXTURE_TEST(test_color),
		FIXTURE_TEST(test_json),      FIXTURE_TEST(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
