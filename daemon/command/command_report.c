// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include "schema/read/timeline.h"

struct report_arguments {
	struct command_io io;
	struct report_options report;
	bool timeline;
};

static error_t parse_report(int key, char *argument, struct argp_state *state)
{
	struct report_arguments *arguments = state->input;

	switch (key) {
	case 'n':
		arguments->report.function_count =
			command_count(state, "-n", argument);
		return 0;
	case 's':
		arguments->report.stack_count =
			command_count(state, "--stacks", argument);
		return 0;
	case 'j':
		arguments->report.json = true;
		return 0;
	case 't':
		arguments->timeline = true;
		return 0;
	default:
		return command_io_parse(key, argument, state, &arguments->io);
	}
}

static struct error *print_report(struct profile *profile, const void *options,
				  FILE *out)
{
	const struct report_arguments *arguments = options;

	if (arguments->timeline)
		return profile_timeline(profile, &arguments->report, out);
	return profile_report(profile, &arguments->report, out);
}

int command_report(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "rows", 'n', "N", 0, "rows of each function table (20)", 0 },
		{ "stacks", 's', "N", 0, "top stacks to show (5)", 0 },
		{ "json", 'j', 0, 0, "print JSON", 0 },
		{ "timeline", 't', 0, 0,
		  "when it was busy, and with which processes, as a chart", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_report,
		.args_doc = "[FILE]",
		.doc = "Shows a profile: where it was made, how far it can be "
		       "trusted, the functions by self and by total time, and "
		       "the heaviest stacks.\v"
		       "Examples:\n"
		       "  brindle report\n"
		       "  brindle report -n 50 --db other.db | less\n"
		       "  brindle report --from -1h --user www-data\n"
		       "  brindle report --json | jq '.functions[0]'\n",
		.children = command_io_children,
	};
	struct report_arguments arguments = {
		.report = { .function_count = 20, .stack_count = 5 },
	};

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	arguments.report.color = command_io_color(&arguments.io);
	arguments.report.width = command_io_width(&arguments.io);
	return command_io_run(&arguments.io, print_report, &arguments);
}
