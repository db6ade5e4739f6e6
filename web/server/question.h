/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL that somebody asks for, as it comes: in the body of a POST,
 *
 *     {"sql":"SELECT :a","params":{"a":1},"max_rows":10,"timeout_ms":500,
 *      "from":"-15m"}
 *
 * or behind the address of a GET, "?sql=SELECT+:a&:a=1&from=-15m". What
 * chooses samples has the names that it has everywhere.
 */
#ifndef BRINDLE_WEB_SERVER_QUESTION_H
#define BRINDLE_WEB_SERVER_QUESTION_H

#include "web/server/request.h"
#include "web/sql/query_box.h"

enum { QUESTION_TEXTS_MAX = 2 * QUERY_PARAMS_MAX + 16 };

struct question {
	struct query_question asked; /* points into the rest */
	struct query_param params[QUERY_PARAMS_MAX];
	char *texts[QUESTION_TEXTS_MAX]; /* owned */
	size_t text_count;
};

/** ERROR_USAGE says what is wrong. */
struct error *question_parse_body(const char *body, size_t size,
				  struct question *ret);
struct error *question_parse_query(struct span query, struct question *ret);
void question_deinit(struct question *question);

#endif
