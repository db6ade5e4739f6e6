/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which memory of a process may never come when it is read? Mappings of files
 * on a file system without a block device (FUSE, NFS, CIFS, 9p, ...), whatever
 * it is: the device number says so without asking anybody who may hang. But not
 * those on the device of the interpreter's own file, which has been opened and
 * read; containers have it on an overlay. And not what only looks like a file.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_HANGING_RANGES_H
#define BRINDLE_DAEMON_CAPTURE_HANGING_RANGES_H

#include "unwind/guarded_memory.h"

/** Adds those of @maps, the text of /proc/PID/maps, of a process that has its
 *  interpreter's data at @runtime. */
void hanging_ranges_find(const char *maps, size_t size, uint64_t runtime,
			 struct guarded_ranges *ret);

#endif
