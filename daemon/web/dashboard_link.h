/* SPDX-License-Identifier: Apache-2.0 */
/* The file beside a database that says where its dashboard is, and opens it. */
#ifndef BRINDLE_DAEMON_WEB_DASHBOARD_LINK_H
#define BRINDLE_DAEMON_WEB_DASHBOARD_LINK_H

#include "base/error.h"

#include <stdint.h>

enum { DASHBOARD_LINK_MAX = 256 };

/** "http://127.0.0.1:7099/#token=..."; @token NULL: none is needed. */
void dashboard_link(const char *address, uint16_t port, const char *token,
		    char ret[DASHBOARD_LINK_MAX]);

/** For its owner alone to read. */
struct error *dashboard_link_write(const char *database, const char *link);
void dashboard_link_remove(const char *database);

/** ERROR_NOT_FOUND: nothing serves this database. */
struct error *dashboard_link_read(const char *database,
				  char ret[DASHBOARD_LINK_MAX]);

#endif
