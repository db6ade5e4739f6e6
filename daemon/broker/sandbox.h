/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around the profiler, which reads what strangers wrote: the few
 * system calls it needs (seccomp) and the few folders (Landlock, where the
 * kernel has it). What it has open already it keeps.
 */
#ifndef BRINDLE_DAEMON_BROKER_SANDBOX_H
#define BRINDLE_DAEMON_BROKER_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

struct sandbox_options {
	const char *state_folder;	/* may be written to; NULL: none */
	const char *const *readable;	/* besides the system's; NULL: none */
};

/**
 * Closes this process in, for good. Needs PR_SET_NO_NEW_PRIVS and one thread.
 * *ret_landlocked: whether the folders are walled, too.
 */
struct error *sandbox_enter(const struct sandbox_options *options,
			    bool *ret_landlocked);

/** Which Landlock this kernel has; below 1: none. */
int sandbox_landlock_version(void);

#endif
