/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of executable files at large: which are CPythons. Answers for
 * a mapping, by device and inode, and remembers the noes as well. The keeper's
 * own; the worker has its module cache, which knows far more and takes longer.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_PYTHON_FILES_H
#define BRINDLE_DAEMON_CAPTURE_PYTHON_FILES_H

#include "daemon/process/opener.h"

struct elf_image;
struct python_binary;
struct python_files;

enum { PYTHON_FILES_MAX = 4096 }; /* then all are forgotten and asked again */

struct python_file {
	struct elf_image *image;      /* borrowed */
	struct python_binary *binary; /* borrowed; never NULL */
};

/** @opener is borrowed. */
struct python_files *python_files_create(const struct opener *opener);
void python_files_destroy(struct python_files *files);

/** @generation: of the inode, whose number may come again; 0: not known.
 *  NULL: not a CPython, or it cannot be read. Borrowed until the next call. */
const struct python_file *python_files_get(struct python_files *files,
					   pid_t pid,
					   const struct opener_mapping *mapping,
					   uint64_t generation);

#endif
