// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include <stdio.h>
#include <string.h>

#include "schema/show/export.h"

struct export_arguments {
	struct command_io io;
	const struct export_format *format;
};

static const struct export_format *find_format(struct argp_state *state,
					       const char *name)
{
	const struct export_format *format = export_find(name);
	_cleanup_free_ char *names = NULL;

	if (format)
		return format;
	names = export_names();
	argp_error(state, "unknown format '%s'; there are %s", name,
		   names ? names : "others");
	return NULL;
}

static error_t parse_export(int key, char *argument, struct argp_state *state)
{
	struct export_arguments *arguments = state->input;

	switch (key) {
	case 'f':
		arguments->format = find_format(state, argument);
		return 0;
	default:
		return command_stack_parse(key, argument, state, &arguments->io);
	}
}

static struct error *print_export(struct profile *profile, const void *options,
				  FILE *out)
{
	const struct export_arguments *arguments = options;

	return arguments->format->write(profile, out);
}

// The table of formats, below the options.
static char *help_formats(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)text;
	out = open_memstream(&help, &size);
	if (!out)
		return (char *)text;
	fputs("Formats, and who reads them:\n", out);
	for (const struct export_format *format = export_formats; format->name;
	     format++)
		fprintf(out, "  %-11s %s\n", format->name, format->about);
	fclose(out);
	return help;
}

int command_export(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "format", 'f', "NAME", 0,
		  "the format, see below (folded)", 0 },
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
		       "  brindle export --format pprof -o cpu.pb.gz && "
		       "go tool pprof -top cpu.pb.gz\n",
		.children = command_stack_children,
		.help_filter = help_formats,
	};
	struct export_arguments arguments = {
		.format = &export_formats[0],
	};

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return command_io_run(&arguments.io, print_export, &arguments);
}
