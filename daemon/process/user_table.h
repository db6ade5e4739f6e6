/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of users, as /etc/passwd has them. Not through NSS: no modules, no
 * network and no daemon that could make the profiler wait. Read again when the
 * file has changed; a user who is not in it has no name.
 *
 * Owned and used by one thread.
 */
#ifndef BRINDLE_DAEMON_PROCESS_USER_TABLE_H
#define BRINDLE_DAEMON_PROCESS_USER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
	USER_TABLE_MAX = 16384,	     /* users; the rest have no names */
	USER_FILE_BYTES_MAX = 4 << 20, /* of a file that is read at all */
	USER_NAME_MAX = 33,	     /* with its NUL; useradd(8) allows 32 */
};

struct user {
	uint32_t uid;
	char name[USER_NAME_MAX];
};

struct user_table {
	const char *path;   /* borrowed */
	struct user *users; /* owned; sorted by uid */
	size_t count;
	struct timespec changed; /* of the file as it was read */
	uint64_t looked_ns;	 /* CLOCK_MONOTONIC */
};

void user_table_init(struct user_table *table, const char *path);
void user_table_deinit(struct user_table *table);

/** The name of @uid, or NULL. Borrowed until the next call. */
const char *user_table_name(struct user_table *table, uint32_t uid,
			    uint64_t now_ns);

/**
 * Parses the text of a passwd(5) file: users sorted by uid, the first line of
 * each counts. *@ret is the caller's. False without memory.
 */
bool user_table_parse(const char *text, size_t size, struct user **ret,
		      size_t *ret_count);

#endif
