/* SPDX-License-Identifier: Apache-2.0 */
/* Where is the daemon's database, and does a daemon write it? */
#ifndef BRINDLE_DAEMON_SERVICE_DAEMON_DB_H
#define BRINDLE_DAEMON_SERVICE_DAEMON_DB_H

#include "base/error.h"

/**
 * @named, else $BRINDLE_DB, else what the configuration says. Owned by the
 * caller. NULL: no memory.
 */
char *daemon_db_path(const char *named);

#endif
