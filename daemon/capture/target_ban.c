// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/target_ban.h"

#include "base/clock.h"

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

static int find_user(const struct target_users *users, uint32_t uid)
{
	for (int i = 0; i < TARGET_USERS; i++)
		if (users->user[i].hangs && users->user[i].uid == uid)
			return i;
	return -1;
}

static bool is_over(const struct target_user *user, uint64_t now_ns)
{
	return now_ns - user->last_ns >= TARGET_USER_BAN_S * NS_PER_SEC;
}

void target_users_note(struct target_users *users, uint32_t uid, uint64_t now_ns)
{
	int i = find_user(users, uid);
	struct target_user *user;

	if (!uid || uid == UINT32_MAX)
		return;
	if (i < 0)
		i = (int)(users->next++ % TARGET_USERS);
	user = &users->user[i];
	if (user->uid != uid || is_over(user, now_ns))
		*user = (struct target_user){ .uid = uid };
	user->hangs++;
	user->last_ns = now_ns;
}

bool target_users_are_banned(const struct target_users *users, uint32_t uid,
			     uint64_t now_ns)
{
	int i = find_user(users, uid);

	return i >= 0 && users->user[i].hangs >= TARGET_USER_HANGS &&
	       !is_over(&users->user[i], now_ns);
}
