// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/haste.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRIORITY = 1 };

static void set_policy(pid_t pid, int from, int to, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	struct dirent *entry;
	char path[32];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	while ((entry = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		// 0, the "." of the folder, would be ourselves.
		if (tid > 0 && sched_getscheduler(tid) == from)
			sched_setscheduler(tid, to, &param);
	}
	closedir(tasks);
}

void haste_begin(pid_t pid)
{
	set_policy(pid, SCHED_OTHER, SCHED_RR | SCHED_RESET_ON_FORK, PRIORITY);
}

void haste_end(pid_t pid)
{
	set_policy(pid, SCHED_RR | SCHED_RESET_ON_FORK,
		   SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
}
