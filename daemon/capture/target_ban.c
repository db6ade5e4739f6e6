// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/target_ban.h"

static int find(const struct target_bans *bans, pid_t pid)
{
	for (int i = 0; i < TARGET_BANS; i++)
		if (bans->pid[i] == pid)
			return i;
	return -1;
}

void target_bans_add(struct target_bans *bans, pid_t pid)
{
	int i = find(bans, pid);

	if (i < 0)
		i = find(bans, 0);
	if (i < 0)
		i = (int)(bans->next++ % TARGET_BANS);
	bans->pid[i] = pid;
}

void target_bans_remove(struct target_bans *bans, pid_t pid)
{
	int i = find(bans, pid);

	if (i >= 0)
		bans->pid[i] = 0;
}

bool target_bans_has(const struct target_bans *bans, pid_t pid)
{
	return pid && find(bans, pid) >= 0;
}
