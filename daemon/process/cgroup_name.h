/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup is called by those who made it: the container's id, and the
 * unit of systemd. Pure functions over the text of /proc/PID/cgroup and the
 * path in it; the layouts of container engines are one table.
 */
#ifndef BRINDLE_DAEMON_PROCESS_CGROUP_NAME_H
#define BRINDLE_DAEMON_PROCESS_CGROUP_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CGROUP_PATH_MAX = 4096, /* with its NUL; a longer one is cut */
	CGROUP_PART_MAX = 256,	/* a name in a path, likewise (NAME_MAX) */
};

struct cgroup_name {
	char container[CGROUP_PART_MAX]; /* "": none */
	char unit[CGROUP_PART_MAX];	 /* "": none */
};

/**
 * The path in @text, the @size bytes of /proc/PID/cgroup: that of version 2,
 * or where that says nothing, of systemd's hierarchy, or else the first that
 * says something. False: there is none. @ret has CGROUP_PATH_MAX bytes.
 */
bool cgroup_path_of(const char *text, size_t size, char *ret);

/** The innermost container and unit that @path names. */
void cgroup_name_parse(const char *path, struct cgroup_name *ret);

#endif
