/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a file whose name somebody else chose, without being held up by it:
 * a handle that does nothing (O_PATH) is looked at first, and only a regular
 * file on a file system that answers by itself is opened for reading. A FIFO, a
 * device, or a FUSE file whose server stays silent never gets an open().
 */
#ifndef BRINDLE_UNWIND_REGULAR_FILE_H
#define BRINDLE_UNWIND_REGULAR_FILE_H

#include "base/error.h"

#include <sys/stat.h>
#include <sys/types.h>

/**
 * A reader for the file behind @path_fd (O_PATH), which stays the caller's.
 * @pid is a process that sees the file's mount; @name is for messages. @ret_stat
 * is what the file is, and may be NULL.
 */
struct error *regular_file_reopen(int path_fd, pid_t pid, const char *name,
				  struct stat *ret_stat, int *ret_fd);

/** The same from a path of our own. */
struct error *regular_file_open(const char *path, struct stat *ret_stat,
				int *ret_fd);

#endif
