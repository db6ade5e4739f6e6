// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"
#include "daemon/command/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{ "record", command_record, "profile a command, a process or the host" },
	{ "daemon", command_daemon, "profile the host, all the time" },
	{ "top", command_top, "what runs now, live in the terminal" },
	{ "report", command_report, "functions and stacks of a profile" },
	{ "flame", command_flame, "a flame graph as one HTML file" },
	{ "open", command_open, "the daemon's dashboard, in the browser" },
	{ "serve", command_serve, "the dashboard for one profile" },
	{ "status", command_status, "how the daemon is" },
	{ "check", command_check, "whether the daemon's database is whole" },
	{ "prune", command_prune, "give up old samples" },
	{ "vacuum", command_vacuum, "write a database without holes" },
	{ "query", command_query, "ask a profile in SQL" },
	{ "diff", command_diff, "what got slower between two times" },
	{ "export", command_export, "write a profile for another tool" },
	{ "dump", command_dump, "the stacks of a process, now" },
	{ "replay", command_replay, "unwind recorded samples again" },
	{ "doctor", command_doctor, "what this host allows, and the fix" },
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(*commands) };

int command_fail(struct error *error)
{
	int status = error->code == ERROR_USAGE ? EXIT_USAGE : 1;

	fprintf(stderr, "brindle: %s\n", error->message);
	error_destroy(error);
	return status;
}

static void print_help(FILE *out)
{
	fprintf(out,
		"Usage: brindle COMMAND [ARGUMENT...]\n"
		"Profiles Python and native code of running programs, without "
		"BPF and without stopping them.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name,
			commands[i].summary);
	fprintf(out,
		"  %-8s this text; `brindle help COMMAND` tells more\n\n"
		"Start with:\n"
		"  brindle record -- python3 app.py\n"
		"  brindle report\n",
		"help");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

// Length of the longest common prefix decides what was probably meant.
static const struct command *guess_command(const char *name)
{
	const struct command *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		size_t length = 0;

		while (name[length] && commands[i].name[length] == name[length])
			length++;
		if (length > best_length) {
			best_length = length;
			best = &commands[i];
		}
	}
	return best;
}

static int reject_command(const char *name)
{
	const struct command *guess = guess_command(name);

	fprintf(stderr, "brindle: there is no command '%s'", name);
	if (guess)
		fprintf(stderr, "; did you mean '%s'?", guess->name);
	fprintf(stderr, "\nbrindle: `brindle help` lists the commands\n");
	return EXIT_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char title[32];

	// argp takes the name for its messages from here.
	snprintf(title, sizeof(title), "brindle %s", command->name);
	argv[0] = title;
	return command->run(argc, argv);
}

static bool is_any(const char *text, const char *a, const char *b, const char *c)
{
	return !strcmp(text, a) || !strcmp(text, b) || !strcmp(text, c);
}

static int run_help(int argc, char **argv)
{
	char option[] = "--help";
	char *arguments[] = { NULL, option, NULL };
	const struct command *command;

	if (argc < 2 || is_any(argv[1], "help", "--help", "-h")) {
		print_help(stdout);
		return 0;
	}
	command = find_command(argv[1]);
	if (!command)
		return reject_command(argv[1]);
	return run_command(command, 2, arguments);
}

int main(int argc, char **argv)
{
	const struct command *command;

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (is_any(argv[1], "--version", "-V", "version")) {
		puts("brindle " BRINDLE_VERSION);
		return 0;
	}
	if (is_any(argv[1], "help", "--help", "-h"))
		return run_help(argc - 1, argv + 1);
	command = find_command(argv[1]);
	if (!command)
		return reject_command(argv[1]);
	return run_command(command, argc - 1, argv + 1);
}
