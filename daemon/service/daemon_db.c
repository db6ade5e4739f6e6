// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/daemon_db.h"

#include "daemon/service/config.h"

#include <string.h>

char *daemon_db_path(const char *named)
{
	const char *wished = getenv("BRINDLE_DB");
	struct config config;

	if (named)
		return strdup(named);
	if (wished && *wished)
		return strdup(wished);
	// One that is wrong is the daemon's to tell about.
	config_init(&config);
	error_destroy(config_read(&config, CONFIG_PATH_DEFAULT));
	return strdup(config.db);
}
