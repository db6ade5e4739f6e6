/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has shown the token? The token is made when the server starts and lies in
 * a file of its owner alone; `brindle open` hands it to a browser, which shows
 * it once and gets a session, a number in a cookie. So the token is in no
 * cookie, address, history or log, and one session can be ended alone.
 *
 * Sessions lie in memory that is shared with the parent process and outlive a
 * server that had to be started again. One thread uses them.
 */
#ifndef BRINDLE_WEB_SERVER_SESSION_H
#define BRINDLE_WEB_SERVER_SESSION_H

#include "base/error.h"
#include "web/server/request.h"

#include <stdint.h>

enum {
	SESSION_SECRET_BYTES = 20,
	SESSION_SECRET_CHARS = 2 * SESSION_SECRET_BYTES,
	SESSION_MAX = 64, /* the one unused for longest goes */
};

/* Hexadecimal digits. */
struct session_secret {
	char text[SESSION_SECRET_CHARS + 1];
};

struct session {
	struct session_secret id; /* text[0] 0: none */
	uint64_t used_ns;	  /* CLOCK_MONOTONIC */
};

struct session_table {
	struct session_secret token;
	struct session sessions[SESSION_MAX];
	uint64_t wrong_since_ns; /* of those counted */
	unsigned int wrong_count;
};

/** In shared memory, with a new token. */
struct error *session_table_create(struct session_table **ret);
void session_table_destroy(struct session_table *table);

/** In a time that does not tell how much of @text is right. */
bool session_is_token(const struct session_table *table, struct span text);

/** A new session. */
struct error *session_begin(struct session_table *table, uint64_t now_ns,
			    struct session_secret *ret);
/** The session of that id; NULL: there is none. Borrowed. */
struct session *session_find(struct session_table *table, struct span id);
void session_end(struct session *session);

/** Somebody showed a wrong token. True: too many did lately. */
bool session_count_wrong(struct session_table *table, uint64_t now_ns);

#endif
