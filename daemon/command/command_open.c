// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "daemon/command/browser.h"
#include "daemon/service/daemon_db.h"
#include "daemon/web/dashboard_link.h"
#include "schema/store/store_lock.h"

#include <stdbool.h>

struct open_arguments {
	const char *db; // NULL: the daemon's
	bool print;	// the address, and nothing else
};

static error_t parse_open(int key, char *argument, struct argp_state *state)
{
	struct open_arguments *arguments = state->input;

	switch (key) {
	case 'b':
	case ARGP_KEY_ARG:
		if (arguments->db)
			argp_error(state, "one dashboard is opened, not '%s', "
				   "too", argument);
		arguments->db = argument;
		return 0;
	case 'p':
		arguments->print = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option open_options[] = {
	{ "db", 'b', "FILE", 0, "the daemon's database (the configured one)",
	  0 },
	{ "print", 'p', 0, 0, "print the address and open nothing", 0 },
	{ 0 },
};

static const struct argp open_argp = {
	.options = open_options,
	.parser = parse_open,
	.args_doc = "[FILE]",
	.doc = "Opens the daemon's dashboard in the browser, and prints its "
	       "address. Whoever may read the daemon's database may do that: "
	       "its user and root.\v"
	       "For a browser on another host run, there, "
	       "`ssh -L 7099:127.0.0.1:7099 HOST`. For a recorded file, see "
	       "`brindle serve`.\n",
};

static struct error *find_link(const char *path, char ret[DASHBOARD_LINK_MAX])
{
	struct error *error = dashboard_link_read(path, ret);
	pid_t writer = 0;

	if (!error)
		error = store_lock_holder(path, &writer);
	if (!error && !writer)
		return error_create(ERROR_NOT_FOUND, "no daemon runs that "
				    "writes '%s'; `brindle serve` shows it",
				    path);
	return error;
}

int command_open(int argc, char **argv)
{
	struct open_arguments arguments = { .db = NULL };
	_cleanup_free_ char *path = NULL;
	char link[DASHBOARD_LINK_MAX];
	struct error *error;

	argp_parse(&open_argp, argc, argv, 0, NULL, &arguments);
	path = daemon_db_path(arguments.db);
	error = path ? find_link(path, link) : &error_nomem;
	if (error)
		return command_fail(error);
	puts(link);
	fflush(stdout);
	if (!arguments.print)
		browser_open(link);
	return 0;
}
