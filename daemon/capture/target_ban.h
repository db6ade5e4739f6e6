/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that are not to be read, because a read of their memory has hung
 * once; by pid, until they exec or end. Who hung once may do so again. And users
 * whose processes did so more than once: for an hour none of theirs is read, so
 * that what one user does costs no other. Root's are never banned like that.
 *
 * The lists are bounded: the latest bans count. Used under the lock of the target
 * table.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_TARGET_BAN_H
#define BRINDLE_DAEMON_CAPTURE_TARGET_BAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	TARGET_BANS = 64,
	TARGET_USERS = 64,
	TARGET_USER_HANGS = 2,
	TARGET_USER_BAN_S = 3600,
};

struct target_bans {
	pid_t pid[TARGET_BANS]; /* 0: none */
	unsigned int next;	/* to be replaced */
};

struct target_user {
	uint32_t uid;
	unsigned int hangs; /* 0: nobody */
	uint64_t last_ns;
};

struct target_users {
	struct target_user user[TARGET_USERS];
	unsigned int next; /* to be replaced */
};

/** A process of @uid has hung its reader; UINT32_MAX: it is not known whose. */
void target_users_note(struct target_users *users, uint32_t uid,
		       uint64_t now_ns);
bool target_users_are_banned(const struct target_users *users, uint32_t uid,
			     uint64_t now_ns);

void target_bans_add(struct target_bans *bans, pid_t pid);
void target_bans_remove(struct target_bans *bans, pid_t pid);
bool target_bans_has(const struct target_bans *bans, pid_t pid);

#endif
