/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reading commands (report, flame, query, export) share: where the
 * profile comes from, where the result goes, and how both fail.
 */
#ifndef BRINDLE_DAEMON_COMMAND_COMMAND_IO_H
#define BRINDLE_DAEMON_COMMAND_COMMAND_IO_H

#include "daemon/command/command.h"
#include "schema/profile.h"

#include <stdbool.h>
#include <stdio.h>

struct command_io {
	const char *db;	    /* --db; borrowed from argv */
	const char *output; /* -o; NULL or "-": standard output */
};

/** --db FILE and -o FILE, as an argp child whose input is a command_io. */
extern const struct argp command_io_argp;

typedef struct error *(*command_print_fn)(struct profile *profile,
					  const void *options, FILE *out);

/**
 * Opens the profile, lets @print write it, closes both: the exit status. A
 * failed write is an error; a reader that went away (`| head`) is not.
 */
int command_io_run(const struct command_io *io, command_print_fn print,
		   const void *options);

/** Colours: standard output is a terminal that wants them. */
bool command_io_color(const struct command_io *io);

/** Columns of the terminal; 0 when standard output is none. */
unsigned int command_io_width(const struct command_io *io);

/** A count of at least 1 from the command line; else argp's usage error. */
unsigned int command_count(struct argp_state *state, const char *option,
			   const char *text);

#endif
