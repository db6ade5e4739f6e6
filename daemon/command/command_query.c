// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

struct query_arguments {
	struct command_io io;
	const char *sql;
	enum query_format format;
};

static error_t parse_query(int key, char *argument, struct argp_state *state)
{
	struct query_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->io;
		state->child_inputs[1] = &arguments->io;
		return 0;
	case 'j':
		arguments->format = QUERY_JSON;
		return 0;
	case 'c':
		arguments->format = QUERY_CSV;
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
		return ARGP_ERR_UNKNOWN;
	}
}

static struct error *print_query(struct profile *profile, const void *options,
				 FILE *out)
{
	const struct query_arguments *arguments = options;

	return profile_query(profile, arguments->sql, arguments->format, out);
}

int command_query(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", 'j', 0, 0, "print JSON, one object a row", 0 },
		{ "csv", 'c', 0, 0, "print CSV with a heading", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = {
		{ &command_io_argp, 0, 0, 0 },
		{ &command_selection_argp, 0, 0, 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_query,
		.args_doc = "SQL",
		.doc = "Asks a profile in SQL. The views v_sample, v_function, "
		       "v_frame_of_callsite, v_folded and v_health are stable; "
		       "schema/README.md explains them.\v"
		       "Examples:\n"
		       "  brindle query \"SELECT function, self_samples FROM "
		       "v_function ORDER BY 2 DESC LIMIT 10\"\n"
		       "  brindle query --csv \"SELECT trust, count(*) FROM "
		       "v_sample GROUP BY 1\"\n"
		       "  brindle query --json \"SELECT * FROM v_health\"\n",
		.children = children,
	};
	struct query_arguments arguments = {
		.format = QUERY_TABLE,
	};

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return command_io_run(&arguments.io, print_query, &arguments);
}
