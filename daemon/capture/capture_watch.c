// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture_watch.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

bool capture_watch_look(struct capture_watch *watch, uint64_t reading,
			uint64_t now_ns)
{
	const uint64_t step_max = CAPTURE_WATCH_STEP_MS * NS_PER_MS;
	uint64_t step = now_ns - watch->seen_ns;

	watch->seen_ns = now_ns;
	if (!reading || reading != watch->reading) {
		watch->reading = reading;
		watch->lasted_ns = 0;
		return false;
	}
	watch->lasted_ns += step < step_max ? step : step_max;
	return watch->lasted_ns >= CAPTURE_STUCK_MS * NS_PER_MS;
}

bool capture_watch_is_runnable(pid_t tid)
{
	_cleanup_close_ int fd = -1;
	char path[48], text[128], *state;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return false;
	text[size] = '\0';
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'R';
}
