// SPDX-License-Identifier: Apache-2.0
/*
 * The door of a process that has the privilege itself. The broker answers with
 * these functions, too, once it has looked at what is asked for.
 */
#include "daemon/process/opener.h"

#include "daemon/perf/tracepoint.h"
#include "unwind/regular_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static int open_or_errno(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int direct_memory(void *state, pid_t pid)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open_or_errno(path);
}

static int direct_maps(void *state, pid_t pid)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	return open_or_errno(path);
}

/** O_PATH handle of the very file of the mapping. Needs CAP_SYS_ADMIN or
 *  CAP_CHECKPOINT_RESTORE (Linux 5.9 commit 12886f8ab10c). */
static int open_map_file(pid_t pid, const struct opener_mapping *mapping)
{
	char path[96];

	snprintf(path, sizeof(path),
		 "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid,
		 mapping->start, mapping->end);
	return open(path, O_PATH | O_CLOEXEC);
}

/** The root that the process sees, or ours when it is gone: what it had mapped
 *  is mostly still there, and the caller looks whether it is the same file. */
static int open_root(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/** O_PATH handle by name, inside the process's own root: links, also absolute
 *  ones, cannot lead out of it. */
static int open_in_root(pid_t pid, const char *path, uint64_t resolve)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
			   resolve,
	};
	_cleanup_close_ int root = -1;

	if (path[0] != '/') {
		errno = ENOENT;
		return -1;
	}
	root = open_root(pid);
	if (root < 0)
		return -1;
	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/*
 * btrfs and overlayfs report another device to stat() than to /proc/PID/maps,
 * both with major number 0. So devices are compared only where both are real.
 */
static bool is_same_file(const struct opener_mapping *mapping,
			 const struct stat *st)
{
	if (!mapping->inode)
		return true;
	if (st->st_ino != mapping->inode)
		return false;
	if (!major(st->st_dev) || !mapping->dev_major)
		return true;
	return major(st->st_dev) == mapping->dev_major &&
	       minor(st->st_dev) == mapping->dev_minor;
}

static struct error *open_checked(int path_fd, pid_t pid,
				  const struct opener_mapping *mapping,
				  int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct error *error;
	struct stat st;

	error = regular_file_reopen(path_fd, pid, mapping->path, &st, &fd);
	if (error)
		return error;
	if (!is_same_file(mapping, &st))
		return error_create(ERROR_NOT_FOUND,
				    "'%s' is another file now", mapping->path);
	*ret_fd = take_fd(&fd);
	return NULL;
}

// @resolve: more of RESOLVE_*, for the path.
static struct error *open_mapped_file(pid_t pid,
				      const struct opener_mapping *mapping,
				      uint64_t resolve, int *ret_fd)
{
	_cleanup_error_ struct error *first = NULL;
	_cleanup_close_ int path_fd = open_map_file(pid, mapping);

	if (path_fd >= 0) {
		first = open_checked(path_fd, pid, mapping, ret_fd);
		if (!first)
			return NULL;
		close(path_fd);
	}
	// By path as well: the mapping may have been split since, or gone.
	path_fd = open_in_root(pid, mapping->path, resolve);
	if (path_fd >= 0)
		return open_checked(path_fd, pid, mapping, ret_fd);
	if (first)
		return take_ptr(first);
	return error_from_errno(errno, "open '%s' of process %d",
				mapping->path, (int)pid);
}

static struct error *direct_mapped_file(void *state, pid_t pid,
					const struct opener_mapping *mapping,
					int *ret_fd)
{
	(void)state;
	return open_mapped_file(pid, mapping, 0, ret_fd);
}

static struct error *cautious_mapped_file(void *state, pid_t pid,
					  const struct opener_mapping *mapping,
					  int *ret_fd)
{
	(void)state;
	return open_mapped_file(pid, mapping, RESOLVE_CACHED, ret_fd);
}

static const char *text_name(enum opener_text which)
{
	switch (which) {
	case OPENER_TEXT_COMM:
		return "comm";
	case OPENER_TEXT_CMDLINE:
		return "cmdline";
	case OPENER_TEXT_CGROUP:
		return "cgroup";
	case OPENER_TEXT_STATUS:
		return "status";
	case OPENER_TEXT_STAT:
		return "stat";
	case OPENER_TEXT_EXE:
		return "exe";
	}
	return "";
}

// Some of these files give out one line, or page, a read.
static ssize_t read_whole(const char *path, char *ret, size_t size)
{
	_cleanup_close_ int fd = open_or_errno(path);
	size_t total = 0;
	ssize_t got;

	if (fd < 0)
		return fd;
	while (total < size) {
		got = read(fd, ret + total, size - total);
		if (got < 0)
			return total ? (ssize_t)total : -errno;
		if (!got)
			break;
		total += (size_t)got;
	}
	return (ssize_t)total;
}

static ssize_t direct_text(void *state, enum opener_text which, pid_t pid,
			   pid_t tid, char *ret, size_t size)
{
	const char *name = text_name(which);
	ssize_t length;
	char path[80];

	(void)state;
	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid,
			 (int)tid, name);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	if (which != OPENER_TEXT_EXE)
		return read_whole(path, ret, size);
	length = readlink(path, ret, size);
	return length < 0 ? -errno : length;
}

// The entries of a folder of /proc that are numbers. The position is the
// kernel's own and survives that the folder is closed in between.
static ssize_t direct_list(void *state, pid_t pid, int64_t *position,
			   pid_t *ret, size_t room)
{
	struct dirent *entry;
	size_t count = 0;
	char path[64];
	DIR *dir;

	(void)state;
	snprintf(path, sizeof(path), pid ? "/proc/%d/task" : "/proc", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	seekdir(dir, (long)*position);
	while (count < room && (entry = readdir(dir))) {
		pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);

		*position = entry->d_off;
		if (number > 0)
			ret[count++] = number;
	}
	closedir(dir);
	return (ssize_t)count;
}

static int direct_perf_event(void *state, const struct perf_event_attr *attr,
			     pid_t tid, int cpu)
{
	// The kernel writes attr.size back when it knows less than we do.
	struct perf_event_attr copy = *attr;
	long fd;

	(void)state;
	fd = syscall(SYS_perf_event_open, &copy, tid, cpu, -1,
		     PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

static struct error *direct_tracepoint(void *state, const char *event,
				       const char *field, struct tracepoint *ret)
{
	(void)state;
	return tracepoint_find(event, field, ret);
}

static int direct_kernel_symbols(void *state)
{
	(void)state;
	return open_or_errno("/proc/kallsyms");
}

static int direct_start_thread(void *state, pthread_t *ret,
			       void *(*start)(void *argument), void *argument)
{
	(void)state;
	return pthread_create(ret, NULL, start, argument);
}

#define DIRECT_OPS(mapped_file_fn)                                             \
	{                                                                      \
		.memory = direct_memory,                                       \
		.maps = direct_maps,                                           \
		.mapped_file = mapped_file_fn,                                 \
		.text = direct_text,                                           \
		.list = direct_list,                                           \
		.perf_event = direct_perf_event,                               \
		.tracepoint = direct_tracepoint,                               \
		.kernel_symbols = direct_kernel_symbols,                       \
		.start_thread = direct_start_thread,                           \
	}

static const struct opener_ops direct_ops = DIRECT_OPS(direct_mapped_file);
static const struct opener_ops cautious_ops = DIRECT_OPS(cautious_mapped_file);

const struct opener opener_direct = { .ops = &direct_ops };
const struct opener opener_cautious = { .ops = &cautious_ops };
