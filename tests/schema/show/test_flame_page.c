// SPDX-License-Identifier: Apache-2.0
// The page as text; flame_browser.py uses it.
#include "schema/read/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/embed.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

EMBEDDED_FILE(page_html);

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
static const double seconds_allowed = 6;
#else
static const double seconds_allowed = 0.3;
#endif

static char *draw(const char *path, const char *title)
{
	struct profile *profile = fixture_open_profile(path);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(profile_flame(profile, title, out));
	fclose(out);
	profile_close(profile);
	return text;
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

static void expect(const char *text, const char *part)
{
	if (count(text, part) != 1)
		fail_msg("%zu times '%s'", count(text, part), part);
}

static void test_columns(void **state)
{
	_cleanup_free_ char *page = NULL;

	(void)state;
	fixture_make("a.db");
	page = draw("a.db", "title");
	expect(page, "\"title\":\"title\"");
	expect(page, "\"nodes\":{\"count\":9");
	// 0 0 0 0 1 3 0 1 1: see the nodes in test_call_tree.c.
	expect(page, "\"parents\":\"AAAAAAEDAAEB\"");
	expect(page, "\"samples\":\"AAABAQACAAME\",\n\"times\":null,\n"
		     "\"doubts\":\"AAAAAQAAAAAA\"");
	expect(page, "\"process\":\"app\",\n\"pid\":100,\n\"thread\":\"main\"");
	expect(page, "\"thread\":\"worker\",\n\"tid\":101,\n\"total\":2");
}

// It asks for nothing, from anywhere, and allows only itself to run.
static void test_policy(void **state)
{
	const char *page = embedded_page_html.text;

	(void)state;
	expect(page, "content=\"default-src 'none'; base-uri 'none'; "
		     "form-action 'none'; img-src data:; "
		     "script-src 'sha256-");
	assert_int_equal(count(page, "unsafe-inline"), 0);
	assert_int_equal(count(page, "innerHTML"), 0);
	assert_int_equal(count(page, "eval("), 0);
	assert_int_equal(count(page, " src="), 0);
	assert_int_equal(count(page, "http:"), 0);
	assert_int_equal(count(page, "https:"), 0);
	assert_int_equal(count(page, "@PROFILE@"), 1);
}

static void test_hostile(void **state)
{
	struct store *store = fixture_open_store("a.db");
	const char *template = embedded_page_html.text;
	_cleanup_free_ char *page = NULL;
	int64_t function;

	(void)state;
	fixture_fill(store);
	function = store_function(store, STORE_PYTHON,
				  "</script><script>alert(1)</script><!--",
				  "@PROFILE@\"]}", 1, 0);
	store_callsite(store, 0, 0,
		       store_frame(store, function, STORE_PROVEN, 1, 0));
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	page = draw("a.db", "</title><script>");
	assert_int_equal(count(page, "<script"), count(template, "<script"));
	assert_int_equal(count(page, "</script"), count(template, "</script"));
	assert_int_equal(count(page, "<!--"), count(template, "<!--"));
	expect(page, "\"\\u003c/script>\\u003cscript>alert(1)");
	expect(page, "\"@PROFILE@\\\"]}\"");
}

// Weights that differ are told.
static void test_times(void **state)
{
	struct store *store = fixture_open_store("a.db");
	_cleanup_free_ char *page = NULL;
	int64_t thread =
		store_thread(store, store_process(store, 1, 0, "p"), 1, 0, "t");
	int64_t function = store_function(store, STORE_NATIVE, "f", "", 0, 0);
	struct store_sample sample = {
		.time_ns = FIXTURE_START_NS,
		.thread_id = thread,
		.callsite_id = store_callsite(store, 0, 0,
					      store_frame(store, function,
							  STORE_EXACT, 0, 0)),
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	(void)state;
	for (sample.weight = 1; sample.weight < 3; sample.weight++)
		store_add_sample(store, &sample);
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	page = draw("a.db", NULL);
	expect(page, "\"samples\":\"AAI=\",\n\"times\":\"AAM=\"");
	expect(page, "\"title\":\"\"");
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A minute of two busy processors at 999 Hz. */
static void make_minute(const char *path)
{
	enum { CALLSITES = 20000, SAMPLES = 120000, FRAMES = 4000 };
	struct store *store = fixture_open_store(path);
	int64_t process = store_process(store, 1, 0, "p");
	int64_t *callsites = calloc(CALLSITES, sizeof(*callsites));
	int64_t frames[FRAMES], threads[4];
	uint32_t state = 12345;
	char name[32];

	assert_non_null(callsites);
	for (int i = 0; i < 4; i++)
		threads[i] = store_thread(store, process, i + 1, 0, "t");
	for (int i = 0; i < FRAMES; i++) {
		snprintf(name, sizeof(name), "function_%d", i / 4);
		frames[i] = store_frame(store,
					store_function(store, STORE_PYTHON, name,
						       "/srv/app.py", 1, 0),
					STORE_PROVEN, (uint32_t)i + 1, 0);
	}
	for (uint32_t i = 0; i < CALLSITES; i++)
		callsites[i] = store_callsite(
			store, 0,
			i ? callsites[i - 1 -
				      next_random(&state) % (i < 9 ? i : 9)] :
			    0,
			frames[next_random(&state) % FRAMES]);
	for (uint64_t i = 0; i < SAMPLES; i++) {
		const struct store_sample sample = {
			.time_ns = FIXTURE_START_NS + i * 500000,
			.weight = FIXTURE_PERIOD_NS,
			.thread_id = threads[i % 4],
			.callsite_id = callsites[next_random(&state) % CALLSITES],
			.trust = STORE_TRUST_PROVEN,
			.walk_end = "root",
		};

		store_add_sample(store, &sample);
	}
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	free(callsites);
}

static void test_speed(void **state)
{
	_cleanup_free_ char *page = NULL;
	uint64_t begin;
	double seconds;

	(void)state;
	make_minute("a.db");
	begin = clock_now_ns(CLOCK_PROCESS_CPUTIME_ID);
	page = draw("a.db", "minute");
	seconds = (double)(clock_now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) /
		  NS_PER_SEC;
	printf("a minute at 999 Hz: page of %zu KiB in %.3f s\n",
	       strlen(page) / 1024, seconds);
	assert_true(seconds < seconds_allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_columns), FIXTURE_TEST(test_policy),
		FIXTURE_TEST(test_hostile), FIXTURE_TEST(test_times),
		FIXTURE_TEST(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
