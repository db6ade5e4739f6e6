/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one function per subcommand, each in its own file, each
 * with its own --help. A command returns the exit status of the program: 0,
 * 1 for what failed, 2 for a wrong command line.
 */
#ifndef BRINDLE_DAEMON_COMMAND_COMMAND_H
#define BRINDLE_DAEMON_COMMAND_COMMAND_H

#include "base/error.h"

#include <argp.h>

enum { EXIT_USAGE = 2 };

/** argv[0] is "brindle NAME"; arguments follow. */
typedef int (*command_fn)(int argc, char **argv);

struct command {
	const char *name;
	command_fn run;
	const char *summary; /* one line of `brindle help` */
};

int command_record(int argc, char **argv);
int command_daemon(int argc, char **argv);
int command_report(int argc, char **argv);
int command_flame(int argc, char **argv);
int command_query(int argc, char **argv);
int command_export(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_dump(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_status(int argc, char **argv);
int command_check(int argc, char **argv);
int command_prune(int argc, char **argv);
int command_vacuum(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_open(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_top(int argc, char **argv);

/** Says "brindle: <message>" on stderr and frees @error: the exit status. */
int command_fail(struct error *error);

#endif
