/* SPDX-License-Identifier: Apache-2.0 */
/* The process that serves the dashboard: how it closes itself in, and when what
 * it was closed in with is not right any more. */
#ifndef BRINDLE_DAEMON_WEB_DASHBOARD_SERVER_H
#define BRINDLE_DAEMON_WEB_DASHBOARD_SERVER_H

#include "daemon/web/dashboard.h"

/** Serves, as a child of @parent: its exit status. 0: it was told to end, or to
 *  be started anew. */
int dashboard_serve(const struct dashboard *dashboard, pid_t parent);

#endif
