/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around a process that reads what strangers wrote, the profiler or
 * the web server: the few system calls it needs (seccomp) and the few folders
 * (Landlock, where the kernel has it). What it has open already it keeps.
 */
#ifndef BRINDLE_DAEMON_BROKER_SANDBOX_H
#define BRINDLE_DAEMON_BROKER_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

enum sandbox_role {
	SANDBOX_PROFILER,
	/* Answers at sockets that listen already. Of the system it reads what
	   time zone it is, and nothing else. */
	SANDBOX_WEB,
};

struct sandbox_options {
	enum sandbox_role role;
	const char *state_folder;	/* may be written to; NULL: none */
	const char *const *readable;	/* besides the system's; NULL: none */
	/* Files that may be written to, not replaced; NULL: none. */
	const char *const *writable;
};

/**
 * Closes this process in, for good. Needs PR_SET_NO_NEW_PRIVS and one thread.
 * *ret_landlocked: whether the folders are walled, too.
 */
struct error *sandbox_enter(const struct sandbox_options *options,
			    bool *ret_landlocked);

/** The folders alone, for who has yet to make processes; sandbox_wall_calls()
 *  is the other half. */
struct error *sandbox_wall_folders(const struct sandbox_options *options,
				   bool *ret_landlocked);

/** Which Landlock this kernel has; below 1: none. */
int sandbox_landlock_version(void);

#endif
