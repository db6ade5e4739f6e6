// SPDX-License-Identifier: Apache-2.0
#include "web/server/access.h"

#include "base/clock.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

static const char *const hosts[] = { "dash", "proxy:443", "tunnel:*", NULL };
static const struct access_rules rules = {
	.port = 7099,
	.hosts = hosts,
	.cookie_name = "brindle-7099",
};

static struct span span(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static void knows_its_names(void **state)
{
	static const char *const ours[] = {
		"localhost:7099", "LOCALHOST:7099", "127.0.0.1:7099",
		"[::1]:7099", "dash", "dash:7099", "proxy:443", "tunnel",
		"tunnel:1",
	};
	static const char *const theirs[] = {
		"", ":", ":7099", "localhost", "localhost:", "localhost:80",
		"localhost:07099", "localhost:7099 ", "localhost.:7099",
		"xlocalhost:7099", "localhostx:7099", "[::1]", "::1", "::1:7099",
		"[::2]:7099", "0.0.0.0:7099", "127.0.0.2:7099", "dash:80",
		"proxy", "proxy:7099", "tunnels:1", "evil", "tunnel.evil:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_true(access_is_our_host(&rules, span(ours[i])));
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		assert_false(access_is_our_host(&rules, span(theirs[i])));
}

// By a tunnel of ssh, which ends at another port on the person's own host.
static void knows_its_names_at_other_ports(void **state)
{
	static const struct access_rules at_home = {
		.port = 7099,
		.loopback = true,
		.hosts = hosts,
		.cookie_name = "brindle-7099",
	};
	static const char *const ours[] = {
		"localhost:7099", "localhost:9999", "LOCALHOST:1", "127.0.0.1",
		"127.0.0.1:65535", "[::1]:80", "[::1]", "localhost", "tunnel:1",
	};
	static const char *const theirs[] = {
		"", ":", ":9999", "localhost:", "localhost:0", "localhost:09999",
		"localhost:65536", "localhost:99999999999", "localhost:+1",
		"localhost:1a", "localhost:*", "localhost.:9999", "tunnel:x",
		"127.0.0.2:9999", "0.0.0.0:9999", "evil", "evil:7099",
		"evil:9999", "localhost.evil:9999", "dash:9999", "::1:9999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_true(access_is_our_host(&at_home, span(ours[i])));
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		assert_false(access_is_our_host(&at_home, span(theirs[i])));
}

static void parse(const char *lines, struct request *ret, char *text,
		  size_t size)
{
	struct request_fault fault;
	int used = snprintf(text, size, "%s\r\n", lines);

	assert_int_equal(request_parse(text, (size_t)used, ret, &fault),
			 REQUEST_WHOLE);
}

static unsigned int verdict(const char *lines, bool page)
{
	struct request request;
	struct request_fault fault;
	char text[1024];

	parse(lines, &request, text, sizeof(text));
	return access_refuses_stranger(&request, page, &fault) ? fault.status :
								 0;
}

#define GET "GET / HTTP/1.1\r\nHost: a:1\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a:1\r\n"
#define JSON "Content-Type: application/json\r\n"

static void refuses_pages_of_others(void **state)
{
	(void)state;
	assert_int_equal(verdict(GET, false), 0);
	assert_int_equal(verdict(GET "Origin: http://a:1\r\n", false), 0);
	assert_int_equal(verdict(GET "Origin: https://A:1\r\n", false), 0);
	assert_int_equal(verdict(GET "Origin: http://a\r\n", false), 403);
	assert_int_equal(verdict(GET "Origin: ftp://a:1\r\n", false), 403);
	assert_int_equal(verdict(GET "Origin: http://\r\n", false), 403);
	assert_int_equal(verdict(GET "Origin:\r\n", false), 403);
	assert_int_equal(verdict(GET "Sec-Fetch-Site: none\r\n", false), 0);
	assert_int_equal(verdict(GET "Sec-Fetch-Site: same-site\r\n", false),
			 403);
	assert_int_equal(verdict(GET "Sec-Fetch-Site: cross-site\r\n"
				 "Sec-Fetch-Mode: navigate\r\n"
				 "Sec-Fetch-Dest: document\r\n", true), 0);
	assert_int_equal(verdict(GET "Sec-Fetch-Site: cross-site\r\n"
				 "Sec-Fetch-Mode: navigate\r\n"
				 "Sec-Fetch-Dest: document\r\n", false), 403);
	assert_int_equal(verdict(POST JSON, false), 0);
	assert_int_equal(verdict(POST "Content-Type: application/json ; "
				 "charset=utf-8\r\n", false), 0);
	assert_int_equal(verdict(POST, false), 415);
	assert_int_equal(verdict(POST "Content-Type: text/plain\r\n", false),
			 415);
	assert_int_equal(verdict(POST JSON "Sec-Fetch-Site: none\r\n", false),
			 403);
}

static void finds_the_session(void **state)
{
	struct session_table *table = NULL;
	struct session_secret first, second;
	struct request request;
	char lines[600], text[1024];

	(void)state;
	assert_null(session_table_create(&table));
	assert_null(session_begin(table, 1, &first));
	assert_null(session_begin(table, 2, &second));
	assert_string_not_equal(first.text, second.text);
	snprintf(lines, sizeof(lines), GET "Cookie: xbrindle-7099=%s; "
		 "brindle-7099=%s; b=c\r\n", first.text, second.text);
	parse(lines, &request, text, sizeof(text));
	assert_ptr_equal(access_session(&rules, table, &request),
			 session_find(table, span(second.text)));
	session_end(session_find(table, span(second.text)));
	assert_null(access_session(&rules, table, &request));
	assert_null(session_find(table, span("")));
	// The one that was used longest ago goes.
	for (int i = 0; i < SESSION_MAX; i++)
		assert_null(session_begin(table, 10, &second));
	assert_null(session_find(table, span(first.text)));
	session_table_destroy(table);
}

static void finds_the_token(void **state)
{
	struct request request;
	char text[1024];

	(void)state;
	parse("GET /debug/pprof/?a=b&token=abc&c=d HTTP/1.1\r\nHost: a\r\n",
	      &request, text, sizeof(text));
	assert_true(span_is(access_shown_token(&request,
					       ACCESS_TOKEN_IN_ADDRESS),
			    "abc"));
	assert_null(access_shown_token(&request, ACCESS_TOKEN).at);
	parse(GET "Authorization: bearer abc\r\n", &request, text,
	      sizeof(text));
	assert_true(span_is(access_shown_token(&request, ACCESS_TOKEN), "abc"));
	parse(GET "Authorization: Basic abc\r\n", &request, text,
	      sizeof(text));
	assert_null(access_shown_token(&request, ACCESS_TOKEN).at);
}

static void counts_wrong_tokens(void **state)
{
	struct session_table *table = NULL;
	bool many = false;

	(void)state;
	assert_null(session_table_create(&table));
	assert_false(session_count_wrong(table, 100 * NS_PER_SEC));
	for (int i = 0; i < 100; i++)
		many = session_count_wrong(table, 101 * NS_PER_SEC);
	assert_true(many);
	assert_false(session_count_wrong(table, 200 * NS_PER_SEC));
	session_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_names),
		cmocka_unit_test(knows_its_names_at_other_ports),
		cmocka_unit_test(refuses_pages_of_others),
		cmocka_unit_test(finds_the_session),
		cmocka_unit_test(finds_the_token),
		cmocka_unit_test(counts_wrong_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
