// SPDX-License-Identifier: Apache-2.0
#include "web/sql/query_walls.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

// What the program takes up already; a sanitizer reserves terabytes.
static uint64_t own_bytes(void)
{
	_cleanup_fclose_ FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!statm || fscanf(statm, "%llu", &pages) != 1)
		return 64 << 20;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct error *limit(int resource, uint64_t most)
{
	const struct rlimit wanted = { most, most };

	if (setrlimit(resource, &wanted) == 0)
		return NULL;
	return error_from_errno(errno, "limit a query's resources");
}

// Whoever runs out of memory finds the query to blame first, where we may say
// so.
static void offer_to_the_oom_killer(void)
{
	_cleanup_close_ int fd =
		open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1000", 4) < 0)
		return;
}

struct error *query_walls_limit(uint32_t timeout_ms)
{
	struct error *error;

	offer_to_the_oom_killer();
	if (setpriority(PRIO_PROCESS, 0, 10) != 0)
		return error_from_errno(errno, "lower a query's priority");
	error = limit(RLIMIT_AS, own_bytes() + QUERY_MEMORY_BYTES_MAX);
	if (!error)
		error = limit(RLIMIT_CPU, timeout_ms / 1000 + 2);
	if (!error)
		error = limit(RLIMIT_FSIZE, QUERY_FILE_BYTES_MAX);
	if (!error)
		error = limit(RLIMIT_CORE, 0);
	return error;
}

/* What SQLite and libc do with what is open, and with memory. */
static const char *const allowed[] = {
	"read", "pread64", "lseek", "fstat", "fcntl", "close", "munmap",
	"mremap", "madvise", "brk", "futex", "clock_gettime", "gettimeofday",
	"clock_nanosleep", "nanosleep", "getpid", "gettid", "getrandom",
	"rt_sigreturn", "rt_sigprocmask", "sigaltstack", "restart_syscall", "sched_yield",
	"getrusage", "times", "time", "exit", "exit_group", NULL
};

/* What SQLite asks of the file system in passing: the answer is no. */
static const char *const refused[] = {
	"access", "faccessat", "faccessat2", "stat", "lstat", "newfstatat",
	"statx", "open", "openat", "unlink", "unlinkat", "readlink",
	"readlinkat", "getcwd", "geteuid", "getuid", "prlimit64", "ioctl",
	"rt_sigaction", "uname", "sysinfo", "fsync",
	"fdatasync", NULL
};

static int add_names(scmp_filter_ctx filter, uint32_t action,
		     const char *const *names)
{
	int failed = 0;

	for (; *names && !failed; names++) {
		int call = seccomp_syscall_resolve_name(*names);

		if (call >= 0)
			failed = seccomp_rule_add(filter, action, call, 0);
	}
	return failed;
}

// Into the result, and nowhere else: of the database only the lock table is
// open for writing, and that is mapped.
static int allow_result(scmp_filter_ctx filter, int result)
{
	static const char *const names[] = { "write", "pwrite64", "ftruncate" };
	const struct scmp_arg_cmp is_result = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (uint32_t)result,
	};
	const struct scmp_arg_cmp is_other = {
		.arg = 0, .op = SCMP_CMP_NE, .datum_a = (uint32_t)result,
	};
	int failed = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !failed; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		failed = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1,
						&is_result);
		if (!failed)
			failed = seccomp_rule_add_array(filter,
							SCMP_ACT_ERRNO(EACCES),
							call, 1, &is_other);
	}
	return failed;
}

// No new code.
static int allow_data_only(scmp_filter_ctx filter)
{
	static const char *const names[] = { "mmap", "mprotect" };
	const struct scmp_arg_cmp is_data =
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int failed = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !failed; i++)
		failed = seccomp_rule_add_array(
			filter, SCMP_ACT_ALLOW,
			seccomp_syscall_resolve_name(names[i]), 1, &is_data);
	return failed;
}

static int fill(scmp_filter_ctx filter, int result)
{
	int failed = add_names(filter, SCMP_ACT_ALLOW, allowed);

	if (!failed)
		failed = allow_data_only(filter);
	if (!failed)
		failed = allow_result(filter, result);
	return failed ? failed :
			add_names(filter, SCMP_ACT_ERRNO(EACCES), refused);
}

static void releasep(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

struct error *query_walls_close(int result)
{
	_cleanup_(releasep) scmp_filter_ctx filter =
		seccomp_init(SCMP_ACT_KILL_PROCESS);
	int failed;

	if (!filter)
		return &error_nomem;
	failed = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno :
							 fill(filter, result);
	if (!failed)
		failed = seccomp_load(filter);
	return failed ? error_from_errno(-failed, "shut a query in") : NULL;
}
