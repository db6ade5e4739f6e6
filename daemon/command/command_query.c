// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"
#include "schema/read/query_overlay.h"

struct query_arguments {
	struct command_io io;
	const char *sql;
	enum query_format format;
};

static error_t parse_query(int key, char *argument, struct argp_state *state)
{
	struct query_arguments *arguments = state->input;

	switch (key) {
	case 'j':
		arguments->format = QUERY_JSON;
		return 0;
	case 'c':
		arguments->format = QUERY_CSV;
		return 0;
	case 'A':
		arguments->io.selection.era_sums = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state,
				   "one statement: put it in quotes as a whole");
		arguments->sql = argument;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->sql)
			argp_error(state, "what is the query?");
		return 0;
	default:
		return command_io_parse(key, argument, state, &arguments->io);
	}
}

static struct error *print_query(struct profile *profile, const void *options,
				 FILE *out)
{
	const struct query_arguments *arguments = options;
	struct error *error = profile_query(profile, arguments->sql,
					    arguments->format, out);

	if (!error && query_overlay_is_last_day(profile))
		fputs("brindle: sums of stacks are of the last 24 hours; "
		      "--from, --to and --all choose others\n",
		      stderr);
	return error;
}

int command_query(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', 0, 0, "print JSON, one object a row", 0 },
		{ "csv", 'c', 0, 0, "print CSV with a heading", 0 },
		{ "all", 'A', 0, 0,
		  "of the daemon's database: sums of all it holds of each "
		  "stack, not of the last day",
		  0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_query,
		.args_doc = "SQL",
		.doc = "Asks a profile in SQL. The views v_sample, v_function, "
		       "v_folded, v_health and others are stable; "
		       "schema/README.md explains them all. Of the daemon's "
		       "database, and without a range, the sums of v_function, "
		       "v_callsite, v_line and v_folded are of the last 24 "
		       "hours.\v"
		       "Examples:\n"
		       "  brindle query \"SELECT function, self_samples FROM "
		       "v_function ORDER BY 2 DESC LIMIT 10\"\n"
		       "  brindle query --csv \"SELECT trust, count(*) FROM "
		       "v_sample GROUP BY 1\"\n"
		       "  brindle query --json \"SELECT * FROM v_health\"\n",
		.children = command_io_children,
	};
	struct query_arguments arguments = {
		.format = QUERY_TABLE,
	};

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return command_io_run(&arguments.io, print_query, &arguments);
}
