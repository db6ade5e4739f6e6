// SPDX-License-Identifier: Apache-2.0
/*
 * The folders that a process may open files in. It walls the opening of files,
 * not the use of open ones, so that the memory of a process that the broker has
 * handed over is read all the same.
 *
 * Landlock, Documentation/userspace-api/landlock.rst. Its version tells which
 * rights a kernel knows; it refuses those it does not. The numbers are written
 * down here since the kernel headers of a stable distribution are older.
 */
#include "daemon/broker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

enum access_right {
	ACCESS_WRITE_FILE = 1u << 1,
	ACCESS_READ_FILE = 1u << 2,
	ACCESS_READ_DIR = 1u << 3,
	ACCESS_REMOVE_FILE = 1u << 5,
	ACCESS_MAKE_DIR = 1u << 7,
	ACCESS_MAKE_REG = 1u << 8,
	ACCESS_TRUNCATE = 1u << 14,
	ACCESS_READ = ACCESS_READ_FILE | ACCESS_READ_DIR,
	ACCESS_STATE = ACCESS_READ | ACCESS_WRITE_FILE | ACCESS_REMOVE_FILE |
		       ACCESS_MAKE_DIR | ACCESS_MAKE_REG | ACCESS_TRUNCATE,
	ACCESS_FILE = ACCESS_READ_FILE | ACCESS_WRITE_FILE | ACCESS_TRUNCATE,
};

/** What a version of Landlock can forbid; all of it is. */
struct landlock_version {
	uint64_t files, network, scopes;
};

// Version 2: moving between folders; 3: truncation; 4: TCP; 5: ioctl of
// devices; 6: abstract sockets and signals.
static const struct landlock_version versions[] = {
	{ 0x1fff, 0, 0 }, { 0x3fff, 0, 0 }, { 0x7fff, 0, 0 },
	{ 0x7fff, 3, 0 }, { 0xffff, 3, 0 }, { 0xffff, 3, 3 },
};

enum { VERSION_COUNT = sizeof(versions) / sizeof(versions[0]) };

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

// The C library's, debug files, what the kernel tells everyone.
static const char *const profiler_paths[] = {
	"/usr", "/lib", "/lib64", "/etc", "/proc", "/sys",
	"/dev/urandom", "/dev/null", NULL,
};

static const char *const web_paths[] = { "/etc/localtime",
					 "/usr/share/zoneinfo",
					 "/dev/urandom", NULL };

static const char *const *const system_paths[] = {
	[SANDBOX_PROFILER] = profiler_paths,
	[SANDBOX_WEB] = web_paths,
};

// A path that does not exist needs no leave.
static struct error *allow(int ruleset, const char *path, uint64_t rights)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_rule rule = { .allowed = rights, .fd = fd };

	if (fd < 0)
		return NULL;
	if (!syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
		     0))
		return NULL;
	// Not a folder: rights of folders make no sense there.
	rule.allowed &= ACCESS_FILE;
	if (errno == EINVAL &&
	    !syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
		     0))
		return NULL;
	return error_from_errno(errno, "wall off all but '%s'", path);
}

static struct error *allow_all(int ruleset, const char *const *paths,
			       uint64_t rights)
{
	struct error *error = NULL;

	for (; paths && *paths && !error; paths++)
		error = allow(ruleset, *paths, rights);
	return error;
}

// The struct grew; a kernel takes the size that its version had, and zeros.
static int make_ruleset(const struct landlock_version *version)
{
	size_t size = version->scopes ? sizeof(*version) :
		      version->network ? 2 * sizeof(uint64_t) :
					 sizeof(uint64_t);

	return (int)syscall(SYS_landlock_create_ruleset, version, size, 0);
}

int sandbox_landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			    CREATE_RULESET_VERSION);
}

struct error *sandbox_wall_folders(const struct sandbox_options *options,
				   bool *ret_landlocked)
{
	int number = sandbox_landlock_version();
	const struct landlock_version *version;
	_cleanup_close_ int ruleset = -1;
	struct error *error;

	*ret_landlocked = false;
	if (number < 1)
		return NULL;
	version = &versions[number < VERSION_COUNT ? number - 1 :
						     VERSION_COUNT - 1];
	ruleset = make_ruleset(version);
	if (ruleset < 0)
		return error_from_errno(errno, "make rules for folders");
	error = allow_all(ruleset, system_paths[options->role], ACCESS_READ);
	if (!error)
		error = allow_all(ruleset, options->readable, ACCESS_READ);
	if (!error)
		error = allow_all(ruleset, options->writable,
				  ACCESS_READ_FILE | ACCESS_WRITE_FILE);
	if (!error && options->state_folder)
		error = allow(ruleset, options->state_folder,
			      ACCESS_STATE & version->files);
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0))
		error = error_from_errno(errno, "wall the folders");
	*ret_landlocked = !error;
	return error;
}
