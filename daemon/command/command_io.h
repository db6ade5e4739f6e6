/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reading commands (report, flame, query, export, diff) share: where
 * the profile comes from, which part of it is asked for, where the result goes,
 * and how all that fails.
 */
#ifndef BRINDLE_DAEMON_COMMAND_COMMAND_IO_H
#define BRINDLE_DAEMON_COMMAND_COMMAND_IO_H

#include "daemon/command/command.h"
#include "schema/read/profile.h"

#include <stdbool.h>
#include <stdio.h>

struct command_io {
	const char *db;	    /* --db; borrowed from argv; NULL: not named */
	const char *output; /* -o; NULL or "-": standard output */
	struct selection_options selection;
	struct grouping grouping; /* of commands that draw: --group */
	bool split_lines;	  /* --grain line */
	char *found_db; /* owned; what db is when it was not named */
};

/**
 * As the children of a command's argp: --db FILE and -o FILE; and which samples,
 * --from, --to, --process and so on.
 */
extern const struct argp_child command_io_children[];

/** As those, and --group and --grain, of commands that show stacks. */
extern const struct argp_child command_stack_children[];

/** The same as command_io_parse() for those. */
error_t command_stack_parse(int key, char *argument, struct argp_state *state,
			    struct command_io *io);

/**
 * The end of such a command's parser, for keys that it has no use for: hands @io
 * to those children; takes one argument, the profile.
 */
error_t command_io_parse(int key, char *argument, struct argp_state *state,
			 struct command_io *io);

/**
 * Names the profile when nobody did: brindle.db in this folder, else the
 * daemon's, and says so on standard error. Before db is used for anything.
 */
struct error *command_io_find(struct command_io *io);

typedef struct error *(*command_print_fn)(struct profile *profile,
					  const void *options, FILE *out);

/**
 * Opens the profile, lets @print write it, closes both: the exit status. A
 * failed write is an error; a reader that went away (`| head`) is not. Finds
 * the profile when that was not done yet.
 */
int command_io_run(struct command_io *io, command_print_fn print,
		   const void *options);

/** Colours: standard output is a terminal that wants them. */
bool command_io_color(const struct command_io *io);

/** Columns of the terminal; 0 when standard output is none. */
unsigned int command_io_width(const struct command_io *io);

/** A count of at least 1 from the command line; else argp's usage error. */
unsigned int command_count(struct argp_state *state, const char *option,
			   const char *text);

#endif
