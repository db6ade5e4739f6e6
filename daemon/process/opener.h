/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only door to what belongs to other processes: their memory, their
 * mappings, the files they have mapped. Everything that needs privilege goes
 * through here, so that it can be read in one place, and moved into a process
 * of its own.
 *
 * Foreign files are opened in two steps: first a handle that cannot have side
 * effects (O_PATH), then, when that is a regular file, on a file system that
 * answers by itself, and the very file that was mapped, a reader for it. A
 * path is looked up inside the process's own root and never leaves it.
 *
 * All descriptors are close-on-exec and the caller's. Any thread may call.
 */
#ifndef BRINDLE_DAEMON_PROCESS_OPENER_H
#define BRINDLE_DAEMON_PROCESS_OPENER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A mapping, as /proc/PID/maps or a perf record told it. */
struct opener_mapping {
	uint64_t start, end;
	const char *path;
	uint32_t dev_major, dev_minor;
	uint64_t inode; /* 0: not known; then the caller compares build-ids */
};

/**
 * /proc/PID/mem for reading. It goes on naming the address space of the moment
 * it was opened.
 */
struct error *opener_memory(pid_t pid, int *ret_fd);

/** The text of /proc/PID/maps, owned by the caller, for proc_maps_next(). */
struct error *opener_maps(pid_t pid, char **ret_text, size_t *ret_size);

/**
 * The file that @pid has or had mapped: through /proc/PID/map_files, which
 * finds deleted files too, or else by path. Refuses anything but the mapped
 * regular file, ERROR_NOT_FOUND when it is not there any more.
 */
struct error *opener_mapped_file(pid_t pid,
				 const struct opener_mapping *mapping,
				 int *ret_fd);

#endif
