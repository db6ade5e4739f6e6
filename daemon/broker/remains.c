// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/remains.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TEXT_BYTES = 4096, STATUS_FIELD = 52, STATE_FIELD = 3 };

static bool read_text(pid_t pid, pid_t tid, const char *name,
		      char ret[TEXT_BYTES])
{
	char path[64];
	_cleanup_close_ int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)tid,
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, ret, TEXT_BYTES - 1);
	if (size <= 0)
		return false;
	ret[size] = '\0';
	return true;
}

// "1234 (a name) Z 1 ...": field @number of proc(5), after the name.
static const char *stat_field(const char *text, int number)
{
	const char *at = strrchr(text, ')');

	for (int i = 2; at && i < number; i++)
		at = strchr(at + 1, ' ');
	return at ? at + 1 : "";
}

static bool is_zombie(char state)
{
	return state == 'Z' || state == 'X';
}

// "SigPnd:\t0000000000000100": to be ended when it leaves the kernel.
static bool is_killed(pid_t pid, pid_t tid)
{
	static const char key[] = "\nSigPnd:";
	char text[TEXT_BYTES];
	const char *at;

	if (!read_text(pid, tid, "status", text))
		return false;
	at = strstr(text, key);
	return at && strtoull(at + sizeof(key) - 1, NULL, 16) >> (SIGKILL - 1) &
			     1;
}

// "17 0x5 ...": the number of the call that it waits in.
static bool is_reading(pid_t pid, pid_t tid)
{
	char text[TEXT_BYTES], *end;
	long call;

	if (!read_text(pid, tid, "syscall", text))
		return false;
	call = strtol(text, &end, 10);
	return end != text && (call == SYS_pread64 || call == SYS_preadv ||
			       call == SYS_process_vm_readv);
}

// Counts it in *@hanging; false: it may do more.
static bool look_at(pid_t pid, pid_t tid, unsigned int *hanging)
{
	char text[TEXT_BYTES];

	if (!read_text(pid, tid, "stat", text) ||
	    is_zombie(*stat_field(text, STATE_FIELD)))
		return true;
	++*hanging;
	return is_killed(pid, tid) && is_reading(pid, tid);
}

bool remains_hang_in_reads(pid_t pid, int *ret)
{
	unsigned int hanging = 0;
	char text[TEXT_BYTES];
	bool harmless = true;
	struct dirent *entry;
	DIR *tasks;
	char state;

	// Cheap, for it is asked about processes that are well.
	if (!read_text(pid, pid, "stat", text))
		return false;
	state = *stat_field(text, STATE_FIELD);
	if (!is_zombie(state) && !is_killed(pid, pid))
		return false;
	if (ret)
		*ret = is_zombie(state) ? atoi(stat_field(text, STATUS_FIELD)) :
					  SIGKILL;
	snprintf(text, sizeof(text), "/proc/%d/task", (int)pid);
	tasks = opendir(text);
	while (tasks && harmless && (entry = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		harmless = tid <= 0 || look_at(pid, tid, &hanging);
	}
	if (tasks)
		closedir(tasks);
	return harmless && hanging;
}
