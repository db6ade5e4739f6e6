/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of CPUs, as the kernel writes one: "0-3,8,10-11" (the files present and
 * online in /sys/devices/system/cpu). Which CPUs there are is asked once, which
 * are online again and again.
 */
#ifndef BRINDLE_DAEMON_PERF_CPU_LIST_H
#define BRINDLE_DAEMON_PERF_CPU_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CPU_LIST_CPUS = 8192, CPU_LIST_WORD = 64 };

struct cpu_list {
	uint64_t bits[CPU_LIST_CPUS / CPU_LIST_WORD];
};

/** False: not such a list; then @ret is as it was. */
bool cpu_list_parse(const char *text, struct cpu_list *ret);

/** From the start of descriptor @fd, which is read anew each time. */
bool cpu_list_read(int fd, struct cpu_list *ret);

/** The file @name, "present" or "online"; without it what sysconf(3) counts. */
void cpu_list_named(const char *name, struct cpu_list *ret);

bool cpu_list_has(const struct cpu_list *list, unsigned int cpu);
size_t cpu_list_count(const struct cpu_list *list);

#endif
