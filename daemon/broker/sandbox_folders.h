/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders that the profiler may open files in: its state folder to write,
 * the system's to read. Landlock walls the opening of files, not the use of
 * open ones, so that the memory of a process that the broker has handed over is
 * read all the same.
 */
#ifndef BRINDLE_DAEMON_BROKER_SANDBOX_FOLDERS_H
#define BRINDLE_DAEMON_BROKER_SANDBOX_FOLDERS_H

#include "daemon/broker/sandbox.h"

/** *ret_walled false: this kernel has no Landlock. */
struct error *sandbox_wall_folders(const struct sandbox_options *options,
				   bool *ret_walled);

#endif
