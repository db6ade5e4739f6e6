// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/command_io.h"

#include "base/clock.h"
#include "schema/show/diff.h"

struct diff_arguments {
	struct command_io io;
	const char *a, *b;	     /* ranges; NULL: all */
	const char *files[2];	     /* borrowed from argv */
	struct profile *profile_a;   /* NULL: that of the range B, too */
	struct diff_options diff;
};

static error_t parse_diff(int key, char *argument, struct argp_state *state)
{
	struct diff_arguments *arguments = state->input;

	switch (key) {
	case 'A':
		arguments->a = argument;
		return 0;
	case 'B':
		arguments->b = argument;
		return 0;
	case 'n':
		arguments->diff.function_count =
			command_count(state, "-n", argument);
		return 0;
	case 't':
		arguments->diff.by_total = true;
		return 0;
	case 'j':
		arguments->diff.json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_error(state, "two profiles at a time");
		arguments->files[state->arg_num] = argument;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->files[1] && (!arguments->a || !arguments->b))
			argp_error(state, "what is compared? Two ranges, --a "
					  "and --b, or two files");
		return 0;
	default:
		return command_io_parse(key, argument, state, &arguments->io);
	}
}

// Two ranges of one file, or two files, or a range of each.
static struct error *print_diff(struct profile *profile, const void *options,
				FILE *out)
{
	const struct diff_arguments *arguments = options;
	struct selection_options a = arguments->io.selection, b = a;
	struct diff_source before = { .profile = profile, .options = &a };
	struct diff_source after = { .profile = profile, .options = &b };

	a.range = arguments->a;
	b.range = arguments->b;
	a.now_ns = b.now_ns = (int64_t)clock_now_ns(CLOCK_REALTIME);
	before.label = arguments->profile_a ? arguments->files[0] : a.range;
	after.label = arguments->profile_a ? arguments->files[1] : b.range;
	if (arguments->profile_a)
		before.profile = arguments->profile_a;
	return profile_diff(&before, &after, &arguments->diff, out);
}

static int run_diff(struct diff_arguments *arguments)
{
	struct error *error = NULL;
	int status;

	if (arguments->files[1]) {
		error = profile_open(arguments->files[0],
				     &arguments->profile_a);
		arguments->io.db = arguments->files[1];
	} else if (arguments->files[0]) {
		arguments->io.db = arguments->files[0];
	}
	if (error)
		return command_fail(error);
	arguments->diff.color = command_io_color(&arguments->io);
	arguments->diff.width = command_io_width(&arguments->io);
	status = command_io_run(&arguments->io, print_diff, arguments);
	profile_close(arguments->profile_a);
	return status;
}

int command_diff(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "a", 'A', "RANGE", 0, "before: '-2h,-1h', yesterday", 0 },
		{ "b", 'B', "RANGE", 0, "after: '-1h,now', today", 0 },
		{ "rows", 'n', "N", 0, "functions to show (20)", 0 },
		{ "total", 't', 0, 0,
		  "compare what is spent in and below a function, not in it "
		  "alone",
		  0 },
		{ "json", 'j', 0, 0, "print JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_diff,
		.args_doc = "[FILE]\nA.db B.db",
		.doc = "What got slower? Compares two ranges of time, or two "
		       "profiles, function by function, and says which changes "
		       "are more than chance.\v"
		       "Examples:\n"
		       "  brindle diff --a -2h,-1h --b -1h,now\n"
		       "  brindle diff --a yesterday --b today --process nginx\n"
		       "  brindle diff before.db after.db\n",
		.children = command_io_children,
	};
	struct diff_arguments arguments = {
		.diff = { .function_count = 20 },
	};

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	return run_diff(&arguments);
}
