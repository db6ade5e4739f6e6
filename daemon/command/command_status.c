// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "daemon/service/daemon_db.h"
#include "daemon/web/dashboard_link.h"
#include "schema/show/status.h"
#include "schema/read/profile.h"
#include "schema/store/store_lock.h"

#include <errno.h>
#include <string.h>

struct status_arguments {
	const char *db; // NULL: the daemon's
	bool json;
};

static error_t parse_status(int key, char *argument, struct argp_state *state)
{
	struct status_arguments *arguments = state->input;

	switch (key) {
	case 'b':
		arguments->db = argument;
		return 0;
	case 'j':
		arguments->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected '%s'", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option status_options[] = {
	{ "db", 'b', "FILE", 0, "the daemon's database (the configured one)",
	  0 },
	{ "json", 'j', 0, 0, "print JSON", 0 },
	{ 0 },
};

static const struct argp status_argp = {
	.options = status_options,
	.parser = parse_status,
	.doc = "How the daemon is: what it samples, what it lost, how good its "
	       "stacks are, what it costs, how far back it remembers, and what "
	       "is wrong.\v"
	       "The exit status is 0 when it runs and nothing is wrong, else "
	       "1.\n",
};

static struct error *read_status(const struct status_arguments *arguments,
				 struct status *ret)
{
	_cleanup_free_ char *path = daemon_db_path(arguments->db);
	struct profile *profile;
	struct error *error;
	pid_t pid = 0;

	if (!path)
		return &error_nomem;
	error = profile_open(path, &profile);
	if (error && error->code == ERROR_NOT_FOUND) {
		error_destroy(error);
		return error_create(ERROR_NOT_FOUND, "there is no database "
				    "'%s': no daemon has run yet; `systemctl "
				    "start brindled` or `brindle daemon` "
				    "starts one", path);
	}
	if (error)
		return error;
	error = store_lock_holder(path, &pid);
	if (!error)
		error = status_read(profile, path, pid, ret);
	profile_close(profile);
	return error;
}

// Without the token, which is not for a terminal's memory.
static void print_dashboard(const struct status *status)
{
	char link[DASHBOARD_LINK_MAX];
	struct error *error = dashboard_link_read(status->path, link);

	if (!error && status->pid)
		printf("dashboard: %.*s (`brindle open`)\n",
		       (int)strcspn(link, "#"), link);
	error_destroy(error);
}

int command_status(int argc, char **argv)
{
	struct status_arguments arguments = { .db = NULL };
	struct status_problems problems;
	struct status status;
	struct error *error;

	argp_parse(&status_argp, argc, argv, 0, NULL, &arguments);
	error = read_status(&arguments, &status);
	if (error)
		return command_fail(error);
	problems = status_find_problems(&status);
	if (arguments.json)
		status_print_json(&status, &problems, stdout);
	else
		status_print(&status, &problems, stdout);
	if (!arguments.json)
		print_dashboard(&status);
	if (fflush(stdout) != 0)
		return command_fail(error_from_errno(errno, "write"));
	return problems.count ? 1 : 0;
}
