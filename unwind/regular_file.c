// SPDX-License-Identifier: Apache-2.0
#include "unwind/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

enum { MOUNTINFO_LINES_MAX = 100000 };

static bool type_is_local(uint32_t f_type)
{
	// Remote, served by a process, or not files at all. Magic numbers that
	// linux/magic.h lacks are from the file systems' own sources.
	static const uint32_t refused[] = {
		FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC,
		CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC, CEPH_SUPER_MAGIC,
		V9FS_MAGIC, AFS_SUPER_MAGIC, AFS_FS_MAGIC, CODA_SUPER_MAGIC,
		AUTOFS_SUPER_MAGIC, PROC_SUPER_MAGIC, SYSFS_MAGIC,
		DEBUGFS_MAGIC, TRACEFS_MAGIC, 0x0bd00bd0 /* Lustre */,
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (f_type == refused[i])
			return false;
	return true;
}

static bool name_is_local(const char *type)
{
	static const char *const refused[] = {
		"fuse", "nfs", "cifs", "smb", "ceph", "9p", "afs", "coda",
		"autofs", "proc", "sysfs", "debugfs", "tracefs", "lustre",
		"virtiofs", "glusterfs", "orangefs", "pvfs", "gfs", "ocfs",
	};

	// Prefixes: "fuse.sshfs", "fuseblk", "nfs4", "smb3".
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!strncmp(type, refused[i], strlen(refused[i])))
			return false;
	return true;
}

static bool mount_id(int fd, int *ret)
{
	char path[64], line[128];
	_cleanup_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "mnt_id: %d", ret) == 1)
			return true;
	return false;
}

/*
 * Line of mountinfo, proc(5):
 *   36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
 */
static bool mount_is_local(int id, pid_t pid)
{
	char path[64];
	_cleanup_free_ char *line = NULL;
	_cleanup_fclose_ FILE *file = NULL;
	size_t room = 0;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	file = fopen(path, "re");
	for (int i = 0; file && i < MOUNTINFO_LINES_MAX; i++) {
		const char *type;

		if (getline(&line, &room, file) < 0)
			return false;
		if (atoi(line) != id)
			continue;
		type = strstr(line, " - ");
		return type && name_is_local(type + strlen(" - "));
	}
	return false;
}

/*
 * statfs() of a FUSE file asks its server, and may wait for ever. A file on a
 * block device cannot be one (but for fuseblk, which root alone mounts); of all
 * others the kernel's own list of mounts tells the type without asking anyone.
 */
static bool file_system_is_local(int path_fd, pid_t pid, unsigned int major)
{
	struct statfs fs;
	int id;

	if (major)
		return !fstatfs(path_fd, &fs) &&
		       type_is_local((uint32_t)fs.f_type);
	// In our own list when the process has gone meanwhile.
	return mount_id(path_fd, &id) &&
	       (mount_is_local(id, pid) || mount_is_local(id, getpid()));
}

struct error *regular_file_reopen(int path_fd, pid_t pid, const char *name,
				  struct stat *ret_stat, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct statx info;
	struct stat st;
	char path[64];

	// Without AT_STATX_DONT_SYNC this, too, would ask a FUSE server.
	if (statx(path_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_INO, &info))
		return error_from_errno(errno, "look at '%s'", name);
	if (!S_ISREG(info.stx_mode))
		return error_create(ERROR_BAD_DATA, "'%s' is not a regular file",
				    name);
	if (!file_system_is_local(path_fd, pid, info.stx_dev_major))
		return error_create(ERROR_UNSUPPORTED,
				    "'%s' lies on a file system that may hang",
				    name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		return error_from_errno(errno, "open '%s'", name);
	if (ret_stat)
		*ret_stat = st;
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct error *regular_file_open(const char *path, struct stat *ret_stat,
				int *ret_fd)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return error_from_errno(errno, "open '%s'", path);
	return regular_file_reopen(fd, getpid(), path, ret_stat, ret_fd);
}
