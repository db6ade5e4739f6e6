// SPDX-License-Identifier: Apache-2.0
/*
 * Two small files of tracefs, events/GROUP/NAME/id and .../format:
 *
 *     316
 *
 *     name: sched_switch
 *     format:
 *     	field:pid_t next_pid;	offset:56;	size:4;	signed:1;
 *
 * Authority: Documentation/trace/events.rst, sections 2.3 and 4.1.
 */
#include "daemon/perf/tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

enum { TEXT_BYTES = 16 << 10, PATH_BYTES = 256 };

// One that may not be looked into is of no use.
static int open_if_readable(const char *path)
{
	_cleanup_close_ int fd =
		open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || faccessat(fd, "events", R_OK | X_OK, AT_EACCESS))
		return -1;
	return take_fd(&fd);
}

// In the mount table: looking below debugfs instead would make the kernel mount
// one there.
static int open_mounted(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char buffer[4096];
	struct mntent entry;
	int fd = -1;

	while (mounts && fd < 0 &&
	       getmntent_r(mounts, &entry, buffer, sizeof(buffer)))
		if (!strcmp(entry.mnt_type, "tracefs"))
			fd = open_if_readable(entry.mnt_dir);
	if (mounts)
		endmntent(mounts);
	return fd;
}

// Exists as long as its descriptor, and in no name space (Linux 5.2 commit
// 93766fbd2696).
static int make_detached(void)
{
	_cleanup_close_ int fs = fsopen("tracefs", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC,
		       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		       MOUNT_ATTR_NOEXEC);
}

struct error *tracepoint_root(int *ret_fd)
{
	int fd = open_mounted();

	if (fd < 0)
		fd = make_detached();
	if (fd < 0)
		return error_from_errno(errno, "no tracefs is mounted that may "
					"be read, and none can be made");
	*ret_fd = fd;
	return NULL;
}

static struct error *read_file(int root, const char *event, const char *name,
			       char *ret)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_BYTES];
	size_t size = 0;
	ssize_t got;

	if (snprintf(path, sizeof(path), "events/%s/%s", event, name) >=
	    PATH_BYTES)
		return error_create(ERROR_USAGE, "tracepoint name '%s' is too "
				    "long", event);
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_from_errno(errno, "open '%s' of tracefs", path);
	do {
		got = read(fd, ret + size, TEXT_BYTES - 1 - size);
		size += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	if (got < 0)
		return error_from_errno(errno, "read '%s' of tracefs", path);
	ret[size] = '\0';
	return NULL;
}

// "\tfield:pid_t next_pid;\toffset:56;\tsize:4;..."; "char prev_comm[16];"
static bool parse_field(const char *format, const char *field,
			struct tracepoint *ret)
{
	size_t length = strlen(field);

	for (const char *at = format; (at = strstr(at, field)); at += length) {
		const char *end = strchr(at, ';');

		if (at > format && (at[-1] == ' ' || at[-1] == '*') && end &&
		    (at[length] == ';' || at[length] == '[') &&
		    sscanf(end + 1, " offset:%" SCNu32 "; size:%" SCNu32,
			   &ret->field_offset, &ret->field_size) == 2)
			return true;
	}
	return false;
}

static struct error *parse_id(const char *text, uint64_t *ret)
{
	unsigned long long id;

	if (sscanf(text, "%llu", &id) != 1 || !id)
		return error_create(ERROR_BAD_DATA, "its id is not a number");
	*ret = id;
	return NULL;
}

static struct error *find_field(int root, const char *event, const char *field,
				char *text, struct tracepoint *ret)
{
	struct error *error = read_file(root, event, "format", text);

	if (error || parse_field(text, field, ret))
		return error;
	return error_create(ERROR_UNSUPPORTED, "it has no field %s on this "
			    "kernel", field);
}

struct error *tracepoint_find_in(int root, const char *event, const char *field,
				 struct tracepoint *ret)
{
	_cleanup_free_ char *text = malloc(TEXT_BYTES);
	struct tracepoint tracepoint = { 0 };
	struct error *error;

	if (!text)
		return &error_nomem;
	error = read_file(root, event, "id", text);
	if (!error)
		error = parse_id(text, &tracepoint.id);
	if (!error && field)
		error = find_field(root, event, field, text, &tracepoint);
	if (error)
		return error_wrap(error, "tracepoint %s", event);
	*ret = tracepoint;
	return NULL;
}

struct error *tracepoint_find(const char *event, const char *field,
			      struct tracepoint *ret)
{
	_cleanup_close_ int root = -1;
	struct error *error = tracepoint_root(&root);

	if (error)
		return error_wrap(error, "tracepoint %s", event);
	return tracepoint_find_in(root, event, field, ret);
}
