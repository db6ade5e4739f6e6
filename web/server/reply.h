/* SPDX-License-Identifier: Apache-2.0 */
/* What is said back: a status, a body, and what has to be said about it. The
 * headers that every answer has are here, too. */
#ifndef BRINDLE_WEB_SERVER_REPLY_H
#define BRINDLE_WEB_SERVER_REPLY_H

#include "web/server/body.h"

enum {
	REPLY_ETAG_MAX = 40,
	REPLY_COOKIE_MAX = 160,
	REPLY_HEADERS_MAX = 12,
	REPLY_FILE_NAME_MAX = 128,
};

enum reply_caching {
	REPLY_NO_STORE,
	REPLY_ASK_AGAIN, /* may be kept, and is checked by its ETag */
};

struct reply {
	unsigned int status; /* of HTTP */
	struct body *body;   /* owned; NULL: none */
	const char *content_type; /* constant; NULL: none */
	enum reply_caching caching;
	char etag[REPLY_ETAG_MAX];     /* with its quotes; "": none */
	char cookie[REPLY_COOKIE_MAX]; /* to set; "": none */
	char file_name[REPLY_FILE_NAME_MAX]; /* a download; "": none */
	unsigned int retry_s;	       /* 0: nothing is said of it */
};

struct reply_header {
	const char *name, *value;
};

/* What is said of every answer; ends with name NULL. */
extern const struct reply_header reply_headers[];

/** Says on top what is in @reply alone: the count. @buffer holds values. */
size_t reply_own_headers(const struct reply *reply,
			 struct reply_header headers[REPLY_HEADERS_MAX],
			 char *buffer, size_t buffer_size);

/** "Not Found" for 404. */
const char *reply_title(unsigned int status);

/** An answer that says what is wrong, RFC 9457. */
void reply_problem(struct reply *reply, unsigned int status,
		   const char *detail);
/** The same; the status is that of the error, which is destroyed. */
void reply_error(struct reply *reply, struct error *error);

/** Keeps what may stand in a file name everywhere. */
void reply_set_file_name(struct reply *reply, const char *name);

void reply_deinit(struct reply *reply);

#endif
