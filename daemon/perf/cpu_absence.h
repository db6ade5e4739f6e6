/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPUs have been offline since they were watched, be it for a moment: the
 * kernel's list of those that are online says nothing of one that is back, and
 * its events are gone. The folder topology of a CPU in sysfs is made anew each
 * time that it comes (drivers/base/topology.c of Linux); a file in it that is
 * held open is dead from then on, which poll(2) tells of all CPUs at once.
 */
#ifndef BRINDLE_DAEMON_PERF_CPU_ABSENCE_H
#define BRINDLE_DAEMON_PERF_CPU_ABSENCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct pollfd;

/** Zeroed, it watches none. */
struct cpu_absence {
	struct pollfd *files; /* owned, as are their descriptors */
	size_t count;
};

/** For @count CPUs, whose places are watched by the next function. */
struct error *cpu_absence_init(struct cpu_absence *absence, size_t count);
void cpu_absence_deinit(struct cpu_absence *absence);

/** From now on, anew. Where there is no such file nothing will be told. */
void cpu_absence_watch(struct cpu_absence *absence, size_t place,
		       unsigned int cpu);

/** Once for all of them, a system call. */
void cpu_absence_look(struct cpu_absence *absence);

/** As of that look. */
bool cpu_absence_told(const struct cpu_absence *absence, size_t place);

#endif
