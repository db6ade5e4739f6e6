/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the latest stack of every thread of a profile: what `dump` shows, to
 * people (leaf first) or as JSON.
 */
#ifndef BRINDLE_DAEMON_COMMAND_DUMP_PRINT_H
#define BRINDLE_DAEMON_COMMAND_DUMP_PRINT_H

#include "schema/read/profile.h"

struct dump_style {
	bool json, color;
	bool native; /* frames of the kernel and of native code as well */
};

/** ERROR_NOT_FOUND: there is none, which JSON says by an empty list. */
struct error *dump_print(struct profile *profile,
			 const struct dump_style *style, FILE *out);

#endif
