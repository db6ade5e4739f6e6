// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "base/text.h"
#include "daemon/service/daemon_db.h"
#include "schema/read/profile.h"
#include "schema/store/store_check.h"

#include <errno.h>

struct check_arguments {
	const char *db; // NULL: the daemon's
};

static error_t parse_check(int key, char *argument, struct argp_state *state)
{
	struct check_arguments *arguments = state->input;

	switch (key) {
	case 'b':
	case ARGP_KEY_ARG:
		if (key == ARGP_KEY_ARG && state->arg_num > 0)
			argp_error(state, "one database at a time");
		arguments->db = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option check_options[] = {
	{ "db", 'b', "FILE", 0, "the database (the daemon's)", 0 },
	{ 0 },
};

static const struct argp check_argp = {
	.options = check_options,
	.parser = parse_check,
	.args_doc = "[FILE]",
	.doc = "Checks that a database is whole and makes sense: SQLite's own "
	       "structure, then that what refers to something finds it, and "
	       "that rollups say what their samples say. It only reads; a "
	       "daemon that writes goes on.\v"
	       "The exit status is 0 when nothing is wrong, else 1.\n",
};

// A line that is drawn over, on a terminal only.
static void show_step(void *context, size_t step, size_t steps,
		      const char *what)
{
	(void)context;
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r\033[K%zu of %zu: %s", step, steps, what);
}

static void show_problem(void *context, const char *text)
{
	_cleanup_free_ char *safe = text_escape(text);

	(void)context;
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r\033[K");
	printf("%s\n", safe ? safe : "?");
}

static struct error *check(const char *path, struct store_check *check)
{
	struct profile *profile;
	struct error *error = profile_open(path, &profile);

	if (error)
		return error;
	error = store_check_run(profile_database(profile), check);
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "\r\033[K");
	profile_close(profile);
	return error ? error_wrap(error, "check '%s'", path) : NULL;
}

int command_check(int argc, char **argv)
{
	struct check_arguments arguments = { .db = NULL };
	struct store_check result = { .progress = show_step,
				      .problem = show_problem };
	_cleanup_free_ char *path = NULL;
	struct error *error;

	argp_parse(&check_argp, argc, argv, 0, NULL, &arguments);
	path = daemon_db_path(arguments.db);
	if (!path)
		return command_fail(&error_nomem);
	error = check(path, &result);
	if (error)
		return command_fail(error);
	if (!result.problems)
		printf("%s: sound\n", path);
	else
		printf("%s: %llu problems; `sqlite3 %s .recover` saves what "
		       "can be read\n", path,
		       (unsigned long long)result.problems, path);
	if (fflush(stdout) != 0)
		return command_fail(error_from_errno(errno, "write"));
	return result.problems ? 1 : 0;
}
