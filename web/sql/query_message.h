/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes between the server and the keeper: a question as one datagram,
 * with it the file for the result and a socket; through the socket one verdict.
 */
#ifndef BRINDLE_WEB_SQL_QUERY_MESSAGE_H
#define BRINDLE_WEB_SQL_QUERY_MESSAGE_H

#include "web/sql/query_box.h"

/* Below what a datagram may be by the kernel's defaults. */
enum { QUERY_MESSAGE_BYTES_MAX = 160 << 10 };

/* How a query ended; the exit status of its child, as far as it has one. */
enum query_end {
	QUERY_END_DONE = 0,
	QUERY_END_WRONG = 10, /* it is no query that may be run */
	QUERY_END_OVER_LIMIT, /* of memory, of complexity */
	QUERY_END_LATE,
	QUERY_END_FAILED, /* not by the query's fault, or by its crash */
	QUERY_END_BUSY,	  /* too many wait already */
};

/* Of DONE the file holds the result. */
struct query_verdict {
	uint32_t end;
	uint32_t timeout_ms; /* the one that held */
	uint32_t said;	     /* the file holds what there is to say instead */
};

/* A question, and where its texts are. */
struct query_message {
	struct query_question question; /* borrowed from the bytes */
	struct query_param params[QUERY_PARAMS_MAX];
};

/** Bytes are owned by the caller. ERROR_USAGE: it would be too long. */
struct error *query_message_encode(const struct query_question *question,
				   uint8_t **ret, size_t *ret_size);

/** False: that is no question. @bytes have to stay. */
bool query_message_decode(const uint8_t *bytes, size_t size,
			  struct query_message *ret);

#endif
