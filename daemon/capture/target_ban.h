/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that are not to be read, because a read of their memory has hung
 * once; by pid, until they exec or end. Who hung once may do so again.
 *
 * The list is bounded: the latest bans count. Used under the lock of the target
 * table.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_TARGET_BAN_H
#define BRINDLE_DAEMON_CAPTURE_TARGET_BAN_H

#include <stdbool.h>
#include <sys/types.h>

enum { TARGET_BANS = 64 };

struct target_bans {
	pid_t pid[TARGET_BANS]; /* 0: none */
	unsigned int next;	/* to be replaced */
};

void target_bans_add(struct target_bans *bans, pid_t pid);
void target_bans_remove(struct target_bans *bans, pid_t pid);
bool target_bans_has(const struct target_bans *bans, pid_t pid);

#endif
