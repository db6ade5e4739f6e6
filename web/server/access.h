/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this request be answered? Four questions, in this order:
 *
 *  - Is it meant for us? Its Host must be a name of this server: a page of
 *    evil.example that made its own name mean 127.0.0.1 asks for evil.example.
 *  - Does a page of somebody else ask, through a browser that is logged in?
 *    Origin and Sec-Fetch-Site tell.
 *  - Is a body what it is taken for? Forms of foreign pages cannot send JSON.
 *  - Has whoever asks shown the token? Any user of a host can connect to its
 *    loopback address.
 *
 * Pure functions of a request and the rules.
 */
#ifndef BRINDLE_WEB_SERVER_ACCESS_H
#define BRINDLE_WEB_SERVER_ACCESS_H

#include "web/server/request.h"
#include "web/server/session.h"

enum { ACCESS_HOSTS_MAX = 32 };

struct access_rules {
	uint16_t port; /* that we listen at */
	/* Only this host reaches us, so localhost, 127.0.0.1 and [::1] may have
	   any port: who comes by a tunnel asks for the port at its own end. */
	bool loopback;
	/* Names besides localhost, 127.0.0.1 and [::1]: "name" with our port
	   or none, "name:port", "name:*" with any. Borrowed. */
	const char *const *hosts; /* ends with NULL; NULL: none */
	const char *cookie_name;  /* borrowed */
};

enum access_need {
	ACCESS_ANYONE, /* nothing of the profile is in the answer */
	ACCESS_TOKEN,
	ACCESS_TOKEN_IN_ADDRESS, /* "?token=" will do, too */
};

bool access_is_our_host(const struct access_rules *rules, struct span host);

/** True: refused, and *ret_fault says why. @page: it is one that a person may
 *  come to by a link. */
bool access_refuses_stranger(const struct request *request, bool page,
			     struct request_fault *ret_fault);

/** The session of the cookie; NULL: there is none. Borrowed. */
struct session *access_session(const struct access_rules *rules,
			       struct session_table *table,
			       const struct request *request);

/** What "Authorization: Bearer" or, when @need says so, "?token=" gives; at
 *  NULL: nothing. */
struct span access_shown_token(const struct request *request,
			       enum access_need need);

#endif
