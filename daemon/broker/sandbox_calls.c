// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/sandbox_calls.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { PROFILER = 1u << SANDBOX_PROFILER, WEB = 1u << SANDBOX_WEB };

/** Calls with one purpose, as they are named in section 2 of the manual. */
struct call_group {
	const char *purpose;
	unsigned int roles; // that it is about
	const char *const *names;
};

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct call_group allowed[] = {
	{ "what is open: perf rings, memory, ELF files, the store",
	  PROFILER | WEB,
	  NAMES("read", "readv", "pread64", "preadv", "preadv2", "write",
		"writev", "pwrite64", "pwritev", "pwritev2", "lseek", "close",
		"fcntl", "dup", "fstat", "fstatfs", "getdents64") },
	{ "the store and separate debug files, walled by Landlock",
	  PROFILER | WEB,
	  NAMES("open", "openat", "newfstatat", "stat", "lstat", "statx",
		"statfs", "access", "faccessat", "faccessat2", "readlink",
		"readlinkat", "getcwd") },
	{ "the store's own: locks, truncation, durability, setting aside",
	  PROFILER,
	  NAMES("flock", "ftruncate", "fallocate", "fadvise64", "fsync",
		"fdatasync", "sync_file_range", "rename", "renameat",
		"renameat2", "unlink", "unlinkat", "fchmod", "umask",
		"mkdir", "mkdirat") },
	{ "memory, but never executable: see below for mmap and mprotect",
	  PROFILER | WEB,
	  NAMES("munmap", "mremap", "madvise", "brk", "msync", "mlock",
		"munlock", "membarrier") },
	{ "threads and waiting; clone is below",
	  PROFILER | WEB,
	  NAMES("futex", "set_robust_list", "rseq", "set_tid_address",
		"sched_yield", "sched_getaffinity", "sched_setaffinity",
		"sched_getparam", "sched_getscheduler", "sched_get_priority_max",
		"sched_get_priority_min", "getpriority", "getcpu", "poll",
		"ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl",
		"epoll_wait", "epoll_pwait", "eventfd2", "timerfd_create",
		"timerfd_settime", "timerfd_gettime", "pipe2", "nanosleep",
		"clock_nanosleep", "restart_syscall") },
	{ "time and oneself",
	  PROFILER | WEB,
	  NAMES("clock_gettime", "clock_getres", "gettimeofday", "time",
		"times", "getpid", "gettid", "getppid", "getuid", "geteuid",
		"getgid", "getegid", "getrusage", "getrlimit", "setrlimit",
		"sysinfo", "uname", "getrandom") },
	{ "signals, to oneself",
	  PROFILER | WEB,
	  NAMES("rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
		"rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend",
		"sigaltstack", "signalfd4") },
	{ "answers of the broker; requests are sendto without an address",
	  PROFILER | WEB,
	  NAMES("recvmsg", "recvfrom", "shutdown") },
	{ "clients, and questions to the keeper of queries",
	  WEB,
	  NAMES("accept4", "sendmsg", "getsockopt", "setsockopt",
		"getsockname", "getpeername", "socketpair",
		"memfd_create") },
	{ "the end",
	  PROFILER | WEB, NAMES("exit", "exit_group") },
};

static const struct call_group deadly[] = {
	{ "running programs",
	  PROFILER | WEB, NAMES("execve", "execveat", "fork", "vfork") },
	{ "other processes",
	  PROFILER | WEB,
	  NAMES("ptrace", "process_vm_readv", "process_vm_writev",
		"process_madvise", "pidfd_getfd", "pidfd_send_signal", "kcmp",
		"move_pages", "migrate_pages") },
	{ "what the broker is there for",
	  PROFILER | WEB, NAMES("perf_event_open", "bpf") },
	{ "the network, and for who has no clients these, too",
	  PROFILER | WEB,
	  NAMES("connect", "bind", "listen", "accept", "sendmmsg") },
	{ "clients", PROFILER, NAMES("accept4", "sendmsg") },
	{ "becoming somebody else",
	  PROFILER | WEB,
	  NAMES("setuid", "setgid", "setreuid", "setregid", "setresuid",
		"setresgid", "setgroups", "setfsuid", "setfsgid", "capset",
		"unshare", "setns", "keyctl", "add_key", "request_key") },
	{ "the host",
	  PROFILER | WEB,
	  NAMES("mount", "umount2", "pivot_root", "chroot", "move_mount",
		"open_tree", "fsopen", "fsmount", "fsconfig", "fspick",
		"init_module", "finit_module", "delete_module", "kexec_load",
		"kexec_file_load", "reboot", "swapon", "swapoff",
		"settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
		"sethostname", "setdomainname", "iopl", "ioperm", "mknod",
		"mknodat", "userfaultfd", "io_uring_setup", "io_uring_enter",
		"io_uring_register", "open_by_handle_at", "acct", "syslog",
		"quotactl") },
};

static const unsigned long perf_requests[] = {
	PERF_EVENT_IOC_ENABLE,	PERF_EVENT_IOC_DISABLE,
	PERF_EVENT_IOC_REFRESH, PERF_EVENT_IOC_RESET,
	PERF_EVENT_IOC_PERIOD,	PERF_EVENT_IOC_SET_OUTPUT,
	PERF_EVENT_IOC_ID,	PERF_EVENT_IOC_SET_FILTER,
	PERF_EVENT_IOC_PAUSE_OUTPUT,
};

static int add_names(scmp_filter_ctx filter, uint32_t action,
		     const char *const *name)
{
	for (; *name; name++) {
		int call = seccomp_syscall_resolve_name(*name);
		int failed;

		// Unknown to this libseccomp or architecture.
		if (call < 0)
			continue;
		failed = seccomp_rule_add(filter, action, call, 0);
		if (failed)
			return failed;
	}
	return 0;
}

static int add_groups(scmp_filter_ctx filter, enum sandbox_role role,
		      uint32_t action, const struct call_group *groups,
		      size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count && !failed; i++)
		if (groups[i].roles & 1u << role)
			failed = add_names(filter, action, groups[i].names);
	return failed;
}

static struct scmp_arg_cmp argument_is(unsigned int index, uint64_t value)
{
	return (struct scmp_arg_cmp){ .arg = index,
				      .op = SCMP_CMP_EQ,
				      .datum_a = value };
}

static int allow_if(scmp_filter_ctx filter, const char *name,
		    struct scmp_arg_cmp condition)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
				      seccomp_syscall_resolve_name(name), 1,
				      &condition);
}

// No new code, neither from a file nor made in memory.
static int allow_data_only(scmp_filter_ctx filter)
{
	static const char *const names[] = { "mmap", "mprotect" };
	int failed = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !failed; i++)
		failed = allow_if(filter, names[i],
				  SCMP_CMP(2, SCMP_CMP_MASKED_EQ, PROT_EXEC,
					   0));
	return failed;
}

// A thread is a clone that shares everything. The flags of clone3 lie in memory
// that cannot be looked into; glibc falls back when it seems not to exist.
static int allow_threads(scmp_filter_ctx filter)
{
	const uint64_t thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
	int failed = allow_if(filter, "clone",
			      SCMP_CMP(0, SCMP_CMP_MASKED_EQ, thread, thread));

	if (failed)
		return failed;
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
				SCMP_SYS(clone3), 0);
}

// Only of the calling thread: the broker has the same user.
static int allow_own_scheduling(scmp_filter_ctx filter)
{
	static const char *const names[] = { "sched_setscheduler",
					     "sched_setparam", "prlimit64" };
	int failed = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !failed; i++)
		failed = allow_if(filter, names[i],
				  argument_is(0, 0));
	if (!failed)
		failed = allow_if(filter, "setpriority",
				  argument_is(1, 0));
	if (!failed)
		failed = allow_if(filter, "tgkill",
				  argument_is(0, (uint64_t)getpid()));
	return failed ? failed :
			allow_if(filter, "prctl",
				 argument_is(0, PR_SET_NAME));
}

static int allow_perf_requests(scmp_filter_ctx filter)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(perf_requests) / sizeof(perf_requests[0]);
	     i++)
		if (!failed)
			failed = allow_if(filter, "ioctl",
					  argument_is(1,
						   perf_requests[i]));
	return failed;
}

// To whom a socket is connected already.
static int allow_replies(scmp_filter_ctx filter)
{
	return allow_if(filter, "sendto", argument_is(4, 0));
}

static int fill(scmp_filter_ctx filter, enum sandbox_role role)
{
	int failed = add_groups(filter, role, SCMP_ACT_ALLOW, allowed,
				sizeof(allowed) / sizeof(allowed[0]));

	if (!failed)
		failed = add_groups(filter, role, SCMP_ACT_KILL_PROCESS, deadly,
				    sizeof(deadly) / sizeof(deadly[0]));
	if (!failed)
		failed = allow_data_only(filter);
	if (!failed)
		failed = allow_threads(filter);
	if (!failed)
		failed = allow_own_scheduling(filter);
	if (!failed && role == SANDBOX_PROFILER)
		failed = allow_perf_requests(filter);
	if (!failed)
		failed = allow_replies(filter);
	return failed;
}

static void releasep(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

struct error *sandbox_wall_calls(enum sandbox_role role)
{
	_cleanup_(releasep) scmp_filter_ctx filter =
		seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed;

	if (!filter)
		return &error_nomem;
	// A calling convention that the rules are not about.
	seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			 SCMP_ACT_KILL_PROCESS);
	// As a tree: the capture path makes many calls.
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	failed = fill(filter, role);
	if (!failed)
		failed = seccomp_load(filter);
	return failed ? error_from_errno(-failed, "install the system call "
					 "filter") : NULL;
}
