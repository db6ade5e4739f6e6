/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the SQL box, and what is expected of it. */
#ifndef BRINDLE_TESTS_WEB_SQL_ASK_BOX_H
#define BRINDLE_TESTS_WEB_SQL_ASK_BOX_H

#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"
#include "web/sql/query_box.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIMEOUT_MS = 100,
	/* Beyond the time-out: 100 ms until it is killed, and a busy machine. */
	SLACK_MS = 2000,
	PATIENCE_MS = 25000,
};

static inline struct query_box *start(void)
{
	const struct query_box_options options = {
		.database = "a.db", .timeout_most_ms = PATIENCE_MS,
	};
	struct query_box *box;

	fixture_make("a.db");
	fixture_succeed(query_box_start(&options, &box));
	return box;
}

static inline struct query *submit(struct query_box *box, const char *sql,
			    uint32_t timeout_ms)
{
	const struct query_question question = {
		.sql = sql,
		.timeout_ms = timeout_ms,
	};
	struct query *query;

	fixture_succeed(query_submit(box, &question, &query));
	return query;
}

static inline const struct query_answer *wait_for(struct query *query)
{
	struct pollfd fd = { query_fd(query), POLLIN, 0 };
	const struct query_answer *answer;

	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_true(query_finish(query, &answer));
	return answer;
}

// Owned by the caller.
static inline char *text_of(const struct query_answer *answer)
{
	char *text = calloc(1, answer->size + 1);

	assert_non_null(text);
	assert_int_equal(pread(answer->fd, text, answer->size, 0),
			 answer->size);
	return text;
}

static inline void expect_question(struct query_box *box,
			    const struct query_question *question,
			    const char *expected)
{
	struct query_question patient = *question;
	const struct query_answer *answer;
	struct query *query;

	patient.timeout_ms = PATIENCE_MS;
	fixture_succeed(query_submit(box, &patient, &query));
	answer = wait_for(query);
	if (answer->status != 200)
		fail_msg("%s: %d %s: %s", question->sql, answer->status,
			 answer->title, answer->detail);
	_cleanup_free_ char *text = text_of(answer);
	char *elapsed = strstr(text, ",\n\"elapsed_ms\"");

	if (elapsed)
		*elapsed = '\0';
	if (strcmp(text, expected) != 0)
		fail_msg("%s\ngives\n%s\nand not\n%s", question->sql, text,
			 expected);
	query_close(query);
}

static inline void expect(struct query_box *box, const char *sql, const char *expected)
{
	const struct query_question question = { .sql = sql };

	expect_question(box, &question, expected);
}

static inline void expect_csv(struct query_box *box, const char *sql,
		       const char *expected)
{
	const struct query_question question = {
		.sql = sql, .format = QUERY_ANSWER_CSV,
	};

	expect_question(box, &question, expected);
}

static inline void expect_status(struct query *query, const char *sql, int status,
			  int other_status)
{
	const struct query_answer *answer = wait_for(query);

	if (answer->status != status && answer->status != other_status)
		fail_msg("%.80s: %d, %s: %s", sql, answer->status,
			 answer->title ? answer->title : "",
			 answer->detail ? answer->detail : "");
	query_close(query);
}

// Over a limit, or refused for what it would need; and in time.
static inline void expect_stopped(struct query_box *box, const char *sql)
{
	uint64_t begin_ns = monotonic_ns(), ms;

	expect_status(submit(box, sql, TIMEOUT_MS), sql, 422, 400);
	ms = (monotonic_ns() - begin_ns) / NS_PER_MS;
	if (ms > TIMEOUT_MS + SLACK_MS)
		fail_msg("%.80s: took %llu ms", sql, (unsigned long long)ms);
}

static inline void refuse(struct query_box *box, const char *sql)
{
	expect_status(submit(box, sql, PATIENCE_MS), sql, 400, 400);
}

#endif
