/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to the API, answered by a worker: a job whose result is a reply.
 * A lasting answer gets an ETag made of the question and of what the database
 * is, so that who has it already is told so without asking the database, and
 * the cache has it for whoever asks next. Any other is true for a moment, in
 * proportion to what it cost: whoever asks the same meanwhile gets the same, so
 * that a crowd with one question keeps no worker from the next one.
 */
#ifndef BRINDLE_WEB_SERVER_ANSWER_H
#define BRINDLE_WEB_SERVER_ANSWER_H

#include "web/api/api.h"
#include "web/server/job.h"
#include "web/server/query_string.h"
#include "web/server/reply.h"

struct answer_cache;

struct answer {
	struct job job;
	const struct api_host *host;   /* borrowed */
	const struct api_route *route; /* borrowed */
	struct answer_cache *cache;    /* borrowed */
	struct query_string query;
	bool gzip;	 /* the client takes it */
	char *known_etags; /* owned; If-None-Match; NULL: none */
	struct reply reply;
	void *context; /* the asker's own */
};

enum {
	ANSWER_SECONDS_MAX = 30,
	/* How long one is told again: less than the second after which there
	   is more to tell, or four times as long as it took. */
	ANSWER_MOMENT_MS = 500,
	ANSWER_MOMENT_TIMES = 4,
	ANSWER_MOMENT_SECONDS_MAX = 10,
};

/** Takes the text of @query. NULL: no memory, and @query is deinited. */
struct answer *answer_create(const struct api_host *host,
			     const struct api_route *route,
			     struct answer_cache *cache,
			     struct query_string *query);
void answer_destroy(struct answer *answer);

#endif
