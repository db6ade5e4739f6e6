// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include <string.h>

struct flame_arguments {
	struct command_io io;
	const char *title; /* NULL: made from the profile's name */
};

static error_t parse_flame(int key, char *argument, struct argp_state *state)
{
	struct flame_arguments *arguments = state->input;

	switch (key) {
	case 't':
		arguments->title = argument;
		return 0;
	default:
		return command_stack_parse(key, argument, state, &arguments->io);
	}
}

static struct error *print_flame(struct profile *profile, const void *options,
				 FILE *out)
{
	const struct flame_arguments *arguments = options;

	return profile_flame(profile, arguments->title, out);
}

int command_flame(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "title", 't', "TEXT", 0, "title of the page", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_flame,
		.args_doc = "[FILE]",
		.doc = "Draws a profile as a flame graph: one HTML file that "
		       "needs no network and can be mailed. It is written to "
		       "flame.html unless -o says otherwise.\v"
		       "Examples:\n"
		       "  brindle flame -o out.html\n"
		       "  brindle flame -t 'checkout, slow path' shop.db\n"
		       "  brindle flame --from -1h --process nginx\n"
		       "  brindle flame --group cgroup,process\n",
		.children = command_stack_children,
	};
	struct flame_arguments arguments = {
		.io = { .output = "flame.html" },
	};
	struct error *error;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	error = command_io_find(&arguments.io);
	if (error)
		return command_fail(error);
	if (!arguments.title)
		arguments.title = basename(arguments.io.db);
	status = command_io_run(&arguments.io, print_flame, &arguments);
	if (status == 0 && strcmp(arguments.io.output, "-") != 0)
		fprintf(stderr, "brindle: wrote %s: open it in a browser\n",
			arguments.io.output);
	return status;
}
