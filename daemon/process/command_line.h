/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of a process as it is kept: its arguments joined by blanks,
 * cut at a limit, and without what should not be kept. What that is says a
 * policy; the words of secrets are found by their names, as in
 *
 *     --password=hunter2   --token hunter2   API_KEY=hunter2   //me:hunter2@db
 *
 * which become --password=*** and so on. A pure function.
 */
#ifndef BRINDLE_DAEMON_PROCESS_COMMAND_LINE_H
#define BRINDLE_DAEMON_PROCESS_COMMAND_LINE_H

#include <stddef.h>

enum { COMMAND_LINE_MAX = 4096 }; /* with its NUL */

enum command_line_keep {
	COMMAND_LINE_ALL,
	COMMAND_LINE_PROGRAM, /* the first argument only */
	COMMAND_LINE_NONE,
};

struct command_line_policy {
	enum command_line_keep keep;
	/* Names of secrets, as patterns in which * is anything and case does
	 * not matter, separated by blanks. Borrowed; NULL: nothing is one. */
	const char *secrets;
};

/** What is masked unless the user says otherwise. */
extern const char command_line_secrets[];

/**
 * Writes the @size bytes of /proc/PID/cmdline, arguments that end in NUL, to
 * @ret, which has COMMAND_LINE_MAX bytes. "" when there is nothing to keep.
 */
void command_line_format(const struct command_line_policy *policy,
			 const char *arguments, size_t size, char *ret);

#endif
