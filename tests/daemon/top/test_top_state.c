// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_draw.h"

#include <curses.h>
#include <locale.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/cmocka.h"

enum { ESCAPE = 27, WIDTH = 100, HEIGHT = 24 };

/* One process, and three functions: main > work > write. */
struct fixture {
	struct top_model model;
	struct top_state state;
	struct top_shown shown;
	char *screen; // owned; what is to be seen
};

static uint32_t add_function(struct top_model *model, int64_t id,
			     enum store_kind kind, const char *name)
{
	struct top_function function = { .kind = kind,
					 .name = (char *)name,
					 .place = (char *)"/srv/app.py",
					 .first_line = 12 };

	return top_model_function(model, id, &function);
}

static void add_samples(struct top_model *model, uint32_t callsite, int count)
{
	for (int i = 0; i < count; i++)
		top_model_sample(model, &(struct top_sample){
			.time_ns = INT64_C(1000000000) + i,
			.callsite = callsite,
			.weight = 10000000,
			.trust = STORE_TRUST_PROVEN,
		});
}

static void fill(struct top_model *model)
{
	uint32_t process = top_model_process(model, 1, 4711, "web");
	uint32_t first, second, third;

	top_model_thread(model, 1, process, 4712, "worker", true);
	add_function(model, 1, STORE_PYTHON, "main");
	add_function(model, 2, STORE_PYTHON, "work\033[2J");
	add_function(model, 3, STORE_KERNEL, "write");
	first = top_model_callsite(model, 1, TOP_NONE, 1);
	second = top_model_callsite(model, 2, first, 2);
	third = top_model_callsite(model, 3, second, 3);
	add_samples(model, second, 30);
	add_samples(model, third, 10);
	top_model_advance(model, INT64_C(2500000000));
}

static void redraw(struct fixture *fixture)
{
	struct top_head head = { .host = (char *)"box",
				 .event = (char *)"cpu-clock",
				 .unit = (char *)"ns",
				 .frequency_hz = 99, .live = true };
	struct top_scene scene = { .model = &fixture->model, .head = &head,
				   .shown = &fixture->shown };
	struct top_page page;
	size_t size;
	FILE *out;

	top_shown_deinit(&fixture->shown);
	assert_null(top_shown_make(&fixture->model, &fixture->state,
				   &fixture->shown));
	top_page_init(&page, WIDTH, true);
	top_draw(&page, &scene, &fixture->state, HEIGHT);
	assert_int_equal(page.line_count, HEIGHT);
	free(fixture->screen);
	out = open_memstream(&fixture->screen, &size);
	assert_non_null(out);
	top_page_print(&page, out);
	fclose(out);
	top_page_deinit(&page);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_null(top_model_init(&fixture->model));
	fill(&fixture->model);
	top_state_init(&fixture->state);
	redraw(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	top_shown_deinit(&fixture->shown);
	top_model_deinit(&fixture->model);
	free(fixture->screen);
	free(fixture);
	return 0;
}

static void press(struct fixture *fixture, int key)
{
	top_state_key(&fixture->state, &fixture->shown, key);
	redraw(fixture);
}

static void see(const struct fixture *fixture, const char *text)
{
	if (!strstr(fixture->screen, text))
		fail_msg("'%s' is not in:\n%s", text, fixture->screen);
}

static void see_not(const struct fixture *fixture, const char *text)
{
	if (strstr(fixture->screen, text))
		fail_msg("'%s' is in:\n%s", text, fixture->screen);
}

static void test_header_and_rows(void **state)
{
	struct fixture *fixture = *state;

	see(fixture, "brindle top · box · 99 Hz cpu-clock · 40 samples/s · "
		     "proven 100.0% · lost 0");
	see(fixture, "functions · all frames · last 5 s · by self · "
		     "0.40 CPUs busy");
	see(fixture, "  75.0% 100.0%    40.0");
	see(fixture, "python work\\x1b[2J");
	see(fixture, "/srv/app.py:12");
	see(fixture, "  25.0%  25.0%    10.0");
	see(fixture, "? help");
	see_not(fixture, "\033");
}

static void test_choices(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, 's');
	see(fixture, "by total");
	press(fixture, 'r');
	see(fixture, "by total, reversed");
	press(fixture, '4');
	see(fixture, "by name ");
	press(fixture, 'l');
	see(fixture, "Python only");
	see_not(fixture, "write");
	see(fixture, " 100.0% 100.0%");
	press(fixture, 'w');
	see(fixture, "last 30 s");
	press(fixture, 'w');
	see(fixture, "since the start, 1 s");
	press(fixture, 'w');
	see(fixture, "last 1 s");
	press(fixture, ' ');
	see(fixture, "PAUSED");
	press(fixture, 'p');
	see_not(fixture, "PAUSED");
	assert_false(fixture->state.quit);
	press(fixture, 'q');
	assert_true(fixture->state.quit);
}

static void type(struct fixture *fixture, const char *text)
{
	for (; *text; text++)
		press(fixture, (unsigned char)*text);
}

static void test_filter(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, '/');
	type(fixture, "WRIq");
	see(fixture, "filter: WRIq_");
	see(fixture, "nothing like that");
	press(fixture, KEY_BACKSPACE);
	press(fixture, '\r');
	see(fixture, "filter 'WRI'");
	see(fixture, "write");
	see_not(fixture, "main");
	press(fixture, ESCAPE);
	see(fixture, "main");
	// Letters of two bytes go at once, and the end is the end.
	press(fixture, '/');
	type(fixture, "aé");
	press(fixture, KEY_BACKSPACE);
	assert_string_equal(fixture->state.filter, "a");
	for (int i = 0; i < 200; i++)
		press(fixture, 'x');
	assert_int_equal(strlen(fixture->state.filter), TOP_FILTER_MAX - 1);
	press(fixture, ESCAPE);
	assert_string_equal(fixture->state.filter, "");
	assert_false(fixture->state.editing);
}

static void test_sandwich(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, '\r');
	see(fixture, "callers and callees");
	see(fixture, "CALLERS");
	see(fixture, " 100.0%    40.0   python main");
	see(fixture, "  75.0% 100.0%    40.0 python work");
	see(fixture, "  75.0%    30.0    (itself)");
	see(fixture, "  25.0%    10.0   kernel write");
	// The rows: main, itself, write. What is itself cannot be opened.
	press(fixture, KEY_DOWN);
	press(fixture, '\r');
	assert_int_equal(fixture->state.focus_count, 1);
	press(fixture, KEY_END);
	press(fixture, KEY_ENTER);
	assert_int_equal(fixture->state.focus_count, 2);
	see(fixture, " 100.0%    10.0   python work");
	press(fixture, ESCAPE);
	press(fixture, KEY_HOME);
	press(fixture, '\r');
	see(fixture, "(nobody: it is the root)");
	press(fixture, KEY_LEFT);
	press(fixture, KEY_LEFT);
	see(fixture, "functions");
}

static void test_processes(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, 'v');
	see(fixture, "processes");
	see(fixture, "4711 web");
	press(fixture, '\t');
	see(fixture, "4712 worker");
	see(fixture, "web (4711)");
	press(fixture, '\r');
	see(fixture, "functions · of thread worker (4712)");
	press(fixture, ESCAPE);
	see(fixture, "threads");
}

static void test_cursor(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, KEY_UP);
	assert_int_equal(fixture->state.cursor, 0);
	press(fixture, 'j');
	press(fixture, KEY_NPAGE);
	assert_int_equal(fixture->state.cursor, 2);
	press(fixture, KEY_DOWN);
	assert_int_equal(fixture->state.cursor, 2);
	press(fixture, 'k');
	assert_int_equal(fixture->state.cursor, 1);
	press(fixture, KEY_PPAGE);
	assert_int_equal(fixture->state.cursor, 0);
	// Rows that go take the cursor with them.
	press(fixture, 'G');
	press(fixture, '/');
	type(fixture, "write");
	assert_int_equal(fixture->state.cursor, 0);
}

// Each key stands in the help, which is made of the table.
static void test_help(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, '?');
	for (size_t i = 0; i < top_key_count; i++)
		see(fixture, top_keys[i].label);
	see_not(fixture, "FUNCTION");
	press(fixture, 'x');
	see(fixture, "FUNCTION");
}

// No key has two meanings, and all have one.
static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < top_key_count; i++) {
		assert_true(top_keys[i].codes[0]);
		assert_non_null(top_keys[i].help);
		for (size_t j = 0; j < TOP_KEY_CODES; j++)
			if (top_keys[i].codes[j])
				assert_int_equal(
					top_key_action(top_keys[i].codes[j]),
					top_keys[i].action);
	}
	assert_int_equal(top_key_action('Z'), TOP_ACTION_NONE);
	assert_int_equal(top_key_action(0), TOP_ACTION_NONE);
	assert_int_equal(top_key_action(-1), TOP_ACTION_NONE);
}

// Opening one function from another for ever costs nothing.
static void test_many_opened(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, '\r');
	for (int i = 0; i < 3 * TOP_FOCUS_MAX; i++) {
		press(fixture, i % 2 ? KEY_HOME : KEY_END);
		press(fixture, '\r');
	}
	assert_true(fixture->state.focus_count <= TOP_FOCUS_MAX);
}

// Whatever the size, exactly the screen is filled.
static void test_sizes(void **state)
{
	struct fixture *fixture = *state;
	struct top_head head = { 0 };
	struct top_scene scene = { .model = &fixture->model, .head = &head,
				   .shown = &fixture->shown,
				   .source = "x", .message = "no\nthing" };

	for (unsigned int key = 0; key < 3; key++) {
		for (unsigned int width = 1; width < 200; width += 7) {
			for (unsigned int height = 2; height < 60;
			     height += 5) {
				struct top_page page;

				top_page_init(&page, width, width % 2);
				top_draw(&page, &scene, &fixture->state,
					 height);
				assert_true(page.line_count >= height);
				for (size_t i = 0; i < page.line_count; i++)
					assert_true(page.lines[i].columns <=
						    width);
				top_page_deinit(&page);
			}
		}
		press(fixture, key ? '?' : '\r');
	}
}

static void test_model_begins_anew(void **state)
{
	struct fixture *fixture = *state;

	press(fixture, '\r');
	assert_null(top_model_reset(&fixture->model));
	redraw(fixture);
	see(fixture, "began anew");
	see(fixture, "nothing was running");
	assert_int_equal(fixture->state.focus_count, 0);
}

#define TOP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOP_TEST(test_header_and_rows),
		TOP_TEST(test_choices),
		TOP_TEST(test_filter),
		TOP_TEST(test_sandwich),
		TOP_TEST(test_processes),
		TOP_TEST(test_cursor),
		TOP_TEST(test_help),
		TOP_TEST(test_keys),
		TOP_TEST(test_many_opened),
		TOP_TEST(test_sizes),
		TOP_TEST(test_model_begins_anew),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
