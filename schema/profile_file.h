/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose file is this? A SQLite file begins with a header of 100 bytes
 * (sqlite.org/fileformat2.html 1.3); a profile has our application id in it.
 * Answered from the bytes, before SQLite opens anything.
 */
#ifndef BRINDLE_SCHEMA_PROFILE_FILE_H
#define BRINDLE_SCHEMA_PROFILE_FILE_H

#include "base/error.h"

#include <stdint.h>

enum profile_file_kind {
	PROFILE_FILE_NONE,  /* there is no such file */
	PROFILE_FILE_EMPTY, /* no bytes: nobody's */
	PROFILE_FILE_OURS,
	PROFILE_FILE_DATABASE, /* SQLite, but another program's */
	PROFILE_FILE_FOREIGN,  /* anything else */
};

struct profile_file {
	enum profile_file_kind kind;
	uint64_t size_bytes;   /* of the file */
	uint64_t wanted_bytes; /* what its header says; 0: it does not say */
	uint64_t wal_bytes;    /* of the write-ahead log beside it; 0: none */
};

struct error *profile_file_inspect(const char *path, struct profile_file *ret);

/** @path with @suffix ("-wal"); owned by the caller. NULL: no memory. */
char *profile_file_beside(const char *path, const char *suffix);

#endif
