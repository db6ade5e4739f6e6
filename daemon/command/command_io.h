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
	char *found_db; /* owned; what db is when it was not named */
};

/** --db FILE and -o FILE, as an argp child whose input is a command_io. */
extern const struct argp command_io_argp;

/** --from, --to, --process and so on: which samples. The same input. */
extern const struct argp command_selection_argp;

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
