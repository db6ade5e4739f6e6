/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's dashboard: the web server as a process of its own, which can
 * read the database, answer at its sockets, and do nothing else. It listens
 * before the broker is there (root may have to make its socket's folder), and
 * then is a companion of it:
 *
 *     broker ── companion, starts it again ── server ── keeper of queries
 *
 * Who may open it finds its address and token in a file beside the database,
 * PATH.web, one line that a browser understands:
 *
 *     http://127.0.0.1:7099/#token=0123456789abcdef
 *
 * Started by brindled.socket, it has the sockets that systemd made, and no
 * network of its own.
 */
#ifndef BRINDLE_DAEMON_WEB_DASHBOARD_H
#define BRINDLE_DAEMON_WEB_DASHBOARD_H

#include "daemon/broker/companion.h"
#include "daemon/service/service.h"
#include "web/server/server.h"

enum { DASHBOARD_LISTENERS_MAX = SERVER_LISTENERS_MAX };

struct dashboard {
	const struct service_options *service; /* borrowed */
	struct config config; /* in force */
	int listeners[DASHBOARD_LISTENERS_MAX]; /* owned; TCP, local */
	size_t listener_count;
	uint16_t port; /* of the first */
	struct session_table *sessions; /* owned; NULL: no token is needed */
	struct companion companion;
};

/** Listens as the configuration says. When that fails it says so, and there is
 *  no dashboard; sampling does not wait for it. True: there is one. */
bool dashboard_open(struct dashboard *dashboard,
		    const struct service_options *service);
void dashboard_close(struct dashboard *dashboard);

#endif
