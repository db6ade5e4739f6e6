// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include <string.h>

struct export_format {
	const char *name;
	struct error *(*print)(struct profile *profile, FILE *out);
};

static struct error *export_html(struct profile *profile, FILE *out)
{
	return profile_flame(profile, "brindle", out);
}

static const struct export_format formats[] = {
	{ "folded", profile_export_folded },
	{ "html", export_html },
};

struct export_arguments {
	struct command_io io;
	const struct export_format *format;
};

static const struct export_format *find_format(struct argp_state *state,
					       const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	argp_error(state, "unknown format '%s'; there are folded and html",
		   name);
	return NULL;
}

static error_t parse_export(int key, char *argument, struct argp_state *state)
{
	struct export_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->io;
		state->child_inputs[1] = &arguments->io;
		return 0;
	case 'f':
		arguments->format = find_format(state, argument);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one profile at a time");
		arguments->io.db = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct error *print_export(struct profile *profile, const void *options,
				  FILE *out)
{
	const struct export_arguments *arguments = options;

	return arguments->format->print(profile, out);
}

int command_export(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "format", 'f', "NAME", 0,
		  "folded (flamegraph.pl, speedscope, inferno) or html", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = {
		{ &command_io_argp, 0, 0, 0 },
		{ &command_selection_argp, 0, 0, 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_export,
		.args_doc = "[FILE]",
		.doc = "Writes a profile in the format of another tool.\v"
		       "Examples:\n"
		       "  brindle export --format folded | flamegraph.pl > "
		       "out.svg\n"
		       "  brindle export --format folded -o out.txt   # drop "
		       "on speedscope.app\n",
		.children = children,
	};
	struct export_arguments arguments = {
		.format = &formats[0],
	};

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return command_io_run(&arguments.io, print_export, &arguments);
}
