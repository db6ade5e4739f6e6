/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of /proc/PID/maps, parsed: what did this process have mapped, where
 * and from which file? A pure function over the text, one mapping a call.
 *
 * Names are foreign data: any bytes the process's owner chose, with a newline
 * printed as \012. They are handed on as they are and mean nothing by
 * themselves; a file is known by its device and inode.
 */
#ifndef BRINDLE_DAEMON_PROCESS_PROC_MAPS_H
#define BRINDLE_DAEMON_PROCESS_PROC_MAPS_H

#include "base/reader.h"

enum {
	PROC_MAPS_PATH_MAX = 4096, /* with its NUL; a longer one is malformed */
	PROC_MAPS_LINE_MAX = 8192,
};

struct proc_mapping {
	uint64_t start, end; /* start < end, both page-aligned */
	uint64_t offset;     /* of start, in the file */
	uint32_t dev_major, dev_minor;
	uint64_t inode;	     /* 0: no file */
	bool readable, writable, executable, shared;
	char path[PROC_MAPS_PATH_MAX]; /* "" for anonymous memory */
};

enum proc_maps_result {
	PROC_MAPS_MAPPING,   /* @ret was written */
	PROC_MAPS_MALFORMED, /* a line was skipped; go on */
	PROC_MAPS_END,
};

/** Reads the next line of @text. */
enum proc_maps_result proc_maps_next(struct reader *text,
				     struct proc_mapping *ret);

#endif
