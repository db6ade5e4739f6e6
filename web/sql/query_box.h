/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL that people write, run where it can do no harm: each query is a child
 * process that may read the database and nothing else, and that is killed when
 * its time is over or nobody waits for it any more. A query cannot be stopped
 * in any gentler way: one function call inside SQLite can take half a minute.
 *
 *     server threads ── question, result file ──▶ keeper ── fork ──▶ child
 *           ▲                                      │  ▲                 │
 *           └──────────── how it ended ────────────┘  └──── exit ───────┘
 *
 * The keeper is forked before the server has threads, and forks the children.
 * Two of them run, eight questions wait, what comes beyond is refused. A result
 * is written into a file in memory, so it takes nothing of the server's own and
 * is whole before the answer's status is chosen.
 */
#ifndef BRINDLE_WEB_SQL_QUERY_BOX_H
#define BRINDLE_WEB_SQL_QUERY_BOX_H

#include "base/error.h"
#include "schema/read/selection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	QUERY_ROWS_STANDARD = 10000,
	QUERY_ROWS_MOST = 100000,
	QUERY_TIMEOUT_STANDARD_MS = 2000,
	QUERY_SQL_BYTES_MAX = 32 << 10,
	QUERY_PARAMS_MAX = 64,
};

struct query_box;

struct query_box_options {
	const char *database;	  /* path; borrowed while starting */
	uint32_t timeout_most_ms; /* 0: the standard; 30 s at most */
};

/**
 * Forks the keeper. Call it with one thread, after privileges were dropped and
 * folders walled off, before system calls are: children need to open the
 * database, and walls of their own come after that.
 */
struct error *query_box_start(const struct query_box_options *options,
			      struct query_box **ret);

/** Ends the keeper and what it runs. */
void query_box_stop(struct query_box *box);

/** For poll(): readable only when the keeper is gone. */
int query_box_fd(const struct query_box *box);

enum query_answer_format { QUERY_ANSWER_JSON, QUERY_ANSWER_CSV };

enum query_param_type {
	QUERY_PARAM_NULL,
	QUERY_PARAM_INTEGER,
	QUERY_PARAM_REAL,
	QUERY_PARAM_TEXT,
};

/* A value for a parameter of the statement. Borrowed. */
struct query_param {
	const char *name; /* without ':'; NULL: by its place, from ?1 on */
	enum query_param_type type;
	int64_t integer;
	double real;
	const char *text;
};

/* Borrowed while it is submitted. */
struct query_question {
	const char *sql;
	const struct query_param *params;
	size_t param_count;
	enum query_answer_format format;
	uint32_t max_rows;   /* 0: the standard */
	uint32_t timeout_ms; /* 0: the standard */
	/* What v_function and the rest mean; all NULL: as in the file. */
	struct selection_options selection;
};

struct query;

/** Whether as many run and wait as may: the next would be refused. */
bool query_box_is_full(const struct query_box *box);

/** Any thread. ERROR_USAGE: too long, or a limit out of range. */
struct error *query_submit(struct query_box *box,
			   const struct query_question *question,
			   struct query **ret);

/** For poll() or epoll: readable when the answer is there. */
int query_fd(const struct query *query);

struct query_answer {
	int status; /* of HTTP: 200, 400, 422 (over a limit), 429, 500 */
	/* 200: a file in memory that holds @size bytes; owned by the query.
	   Read it with pread(), or dup() it and close the query: but while the
	   query is open it is counted as one that takes up memory. */
	int fd;
	uint64_t size;
	const char *content_type; /* constant */
	/* Otherwise what went wrong, for the person who asked; owned by the
	   query, well-formed UTF-8. */
	const char *title, *detail;
};

/**
 * The answer, without waiting: false when it is not there yet. Borrowed until
 * the query is closed.
 */
bool query_finish(struct query *query, const struct query_answer **ret);

/** Ends what still runs. NULL is fine. */
void query_close(struct query *query);

#endif
