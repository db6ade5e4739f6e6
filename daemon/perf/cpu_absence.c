// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/cpu_absence.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct error *cpu_absence_init(struct cpu_absence *absence, size_t count)
{
	absence->files = calloc(count, sizeof(*absence->files));
	if (!absence->files)
		return &error_nomem;
	absence->count = count;
	// poll(2) passes over these.
	for (size_t i = 0; i < count; i++)
		absence->files[i].fd = -1;
	return NULL;
}

static void forget(struct pollfd *file)
{
	if (file->fd >= 0)
		close(file->fd);
	*file = (struct pollfd){ .fd = -1, .events = POLLPRI };
}

void cpu_absence_deinit(struct cpu_absence *absence)
{
	for (size_t i = 0; i < absence->count; i++)
		forget(&absence->files[i]);
	free(absence->files);
	*absence = (struct cpu_absence){ 0 };
}

void cpu_absence_watch(struct cpu_absence *absence, size_t place,
		       unsigned int cpu)
{
	struct pollfd *file = &absence->files[place];
	char path[64], text[16];

	forget(file);
	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	// Sysfs calls a file changed until it has been read.
	if (file->fd >= 0 && pread(file->fd, text, sizeof(text), 0) <= 0)
		forget(file);
}

void cpu_absence_look(struct cpu_absence *absence)
{
	if (absence->count)
		poll(absence->files, absence->count, 0);
}

bool cpu_absence_told(const struct cpu_absence *absence, size_t place)
{
	const struct pollfd *file = &absence->files[place];

	return file->fd >= 0 && file->revents;
}
