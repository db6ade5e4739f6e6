// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command.h"

#include "daemon/service/config_value.h"
#include "daemon/service/daemon_db.h"
#include "schema/store/store_care.h"

#include <errno.h>

struct care_arguments {
	const char *db; // NULL: the daemon's
	struct store_limits limits;
};

static void set_age(struct care_arguments *arguments, struct argp_state *state,
		    const char *text)
{
	struct store_limits *limits = &arguments->limits;
	uint64_t seconds;

	if (!config_parse_duration(text, &seconds) || !seconds)
		argp_error(state, "--older-than wants a time with its unit, "
				  "such as 12h, 7d or 4w, not '%s'", text);
	limits->sample_seconds = seconds;
	limits->rollup_10s_seconds = seconds;
	limits->rollup_10min_seconds = seconds;
}

static void set_bytes(struct care_arguments *arguments,
		      struct argp_state *state, const char *text)
{
	if (!config_parse_bytes(text, &arguments->limits.bytes) ||
	    !arguments->limits.bytes)
		argp_error(state, "--bytes wants bytes, such as 500M or 1G, "
				  "not '%s'", text);
}

static error_t parse_prune(int key, char *argument, struct argp_state *state)
{
	struct care_arguments *arguments = state->input;
	const struct store_limits *limits = &arguments->limits;

	switch (key) {
	case 'b':
		arguments->db = argument;
		return 0;
	case 't':
		set_age(arguments, state, argument);
		return 0;
	case 's':
		set_bytes(arguments, state, argument);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected '%s'", argument);
		return 0;
	case ARGP_KEY_END:
		if (!limits->bytes && !limits->sample_seconds)
			argp_error(state, "say what to give up: --older-than "
					  "TIME or --bytes SIZE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option prune_options[] = {
	{ "db", 'b', "FILE", 0, "the database (the daemon's)", 0 },
	{ "older-than", 't', "TIME", 0, "give up what is older: 12h, 7d, 4w",
	  0 },
	{ "bytes", 's', "SIZE", 0, "give up the oldest beyond: 500M, 1G", 0 },
	{ 0 },
};

static const struct argp prune_argp = {
	.options = prune_options,
	.parser = parse_prune,
	.doc = "Gives up old samples and sums, and the space they took. For a "
	       "database that no daemon writes: a daemon does it by itself, as "
	       "its configuration says.\n",
};

// Nobody else can prune what a daemon writes, and nobody needs to.
static int refuse(struct error *error)
{
	if (error->code == ERROR_BUSY)
		error = error_wrap(error, "a daemon prunes by itself, as "
				   "[store] in " CONFIG_PATH_DEFAULT " says; "
				   "change that and `systemctl reload "
				   "brindled`, or stop it first");
	return command_fail(error);
}

static int say_space(const struct store_care *care)
{
	printf("%.1f MiB before, %.1f MiB now\n",
	       (double)care->before_bytes / (1 << 20),
	       (double)care->after_bytes / (1 << 20));
	if (fflush(stdout) != 0)
		return command_fail(error_from_errno(errno, "write"));
	return 0;
}

int command_prune(int argc, char **argv)
{
	struct care_arguments arguments = { .db = NULL };
	_cleanup_free_ char *path = NULL;
	struct store_care care;
	struct error *error;

	argp_parse(&prune_argp, argc, argv, 0, NULL, &arguments);
	path = daemon_db_path(arguments.db);
	if (!path)
		return command_fail(&error_nomem);
	error = store_care_prune(path, &arguments.limits, &care);
	if (error)
		return refuse(error);
	printf("%s: gave up %lld samples and %lld sums; ", path,
	       (long long)care.samples, (long long)care.rollups);
	return say_space(&care);
}

static error_t parse_vacuum(int key, char *argument, struct argp_state *state)
{
	struct care_arguments *arguments = state->input;

	switch (key) {
	case 'b':
		arguments->db = argument;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected '%s'", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option vacuum_options[] = {
	{ "db", 'b', "FILE", 0, "the database (the daemon's)", 0 },
	{ 0 },
};

static const struct argp vacuum_argp = {
	.options = vacuum_options,
	.parser = parse_vacuum,
	.doc = "Writes a database anew, without the holes that pruning left. "
	       "It needs as much space beside it, and no daemon that "
	       "writes.\n",
};

int command_vacuum(int argc, char **argv)
{
	struct care_arguments arguments = { .db = NULL };
	_cleanup_free_ char *path = NULL;
	struct store_care care;
	struct error *error;

	argp_parse(&vacuum_argp, argc, argv, 0, NULL, &arguments);
	path = daemon_db_path(arguments.db);
	if (!path)
		return command_fail(&error_nomem);
	error = store_care_vacuum(path, &care);
	if (error)
		return refuse(error);
	printf("%s: ", path);
	return say_space(&care);
}
