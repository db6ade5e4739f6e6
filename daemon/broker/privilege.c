// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/privilege.h"

#include "base/priority.h"

#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum {
	REALTIME_PRIORITY_MAX = 50,
	MEMLOCK_BYTES = 64 << 20,
	FILES_MAX = 1 << 16,
	NICE_LIMIT = 20 - -10, // getrlimit(2): 20 - nice value
};

const struct privilege_capability
	privilege_capabilities[PRIVILEGE_CAPABILITIES] = {
	{ CAP_PERFMON, "CAP_PERFMON", true,
	  "nothing can be sampled but one's own processes" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", true,
	  "Python frames of other users' processes cannot be read" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", false,
	  "programs in closed folders stay without symbols" },
	{ CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE", false,
	  "programs that were deleted or replaced stay without symbols" },
	{ CAP_SYSLOG, "CAP_SYSLOG", false,
	  "kernel functions stay without names" },
};

static void cap_freep(cap_t *set)
{
	if (*set)
		cap_free(*set);
}

static bool has_capability(int capability)
{
	_cleanup_(cap_freep) cap_t set = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	return set &&
	       !cap_get_flag(set, capability, CAP_EFFECTIVE, &value) &&
	       value == CAP_SET;
}

struct error *privilege_find_user(const char *name, struct privilege_user *ret)
{
	// No name service: it would load foreign code while we are root.
	_cleanup_fclose_ FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;

	if (!file)
		return error_from_errno(errno, "open '/etc/passwd'");
	while ((entry = fgetpwent(file)))
		if (!strcmp(entry->pw_name, name))
			break;
	if (!entry)
		return error_create(ERROR_NOT_FOUND,
				    "there is no user '%s' for the daemon to "
				    "run as: make one (useradd --system "
				    "--no-create-home --shell /usr/sbin/nologin"
				    " %s), or name another with --user", name,
				    name);
	if (!entry->pw_uid)
		return error_create(ERROR_USAGE, "the daemon does not run as "
				    "'%s': name a user that is not root", name);
	*ret = (struct privilege_user){ entry->pw_uid, entry->pw_gid };
	return NULL;
}

// As far up as permitted; true when @wanted is reached.
static bool raise_limit(int resource, rlim_t wanted)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return false;
	if (limit.rlim_max < wanted) {
		struct rlimit raised = { wanted, wanted };

		if (!setrlimit(resource, &raised))
			return true;
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
	return limit.rlim_cur >= wanted;
}

void privilege_raise_limits(struct privilege_limits *ret)
{
	raise_limit(RLIMIT_MEMLOCK, MEMLOCK_BYTES);
	raise_limit(RLIMIT_NOFILE, FILES_MAX);
	// Who descends from it stays so: on a busy host the profiler needs its
	// turn, or rings overflow, and a start is many requests to the broker,
	// each of which would wait. Without the limit root still may.
	raise_limit(RLIMIT_NICE, NICE_LIMIT);
	setpriority(PRIO_PROCESS, 0, 20 - NICE_LIMIT);
	priority_of_own_session(20 - NICE_LIMIT);
	ret->realtime = raise_limit(RLIMIT_RTPRIO, REALTIME_PRIORITY_MAX);
}

static struct error *check_required(void)
{
	for (size_t i = 0; i < PRIVILEGE_CAPABILITIES; i++) {
		const struct privilege_capability *capability =
			&privilege_capabilities[i];

		if (capability->required && !has_capability(capability->number))
			return error_create(ERROR_PERMISSION,
					    "%s is missing: %s. Start the "
					    "daemon as root or by "
					    "brindled.service",
					    capability->name,
					    capability->without);
	}
	return NULL;
}

// Not needed for what a process has already, only for what it would get by
// running a program. Under systemd, which has done it, it is not permitted.
static void drop_bounding_set(void)
{
	if (!has_capability(CAP_SETPCAP))
		return;
	for (int capability = 0; capability <= cap_max_bits() - 1; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	prctl(PR_SET_SECUREBITS,
	      SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		      SECBIT_KEEP_CAPS | SECBIT_NO_CAP_AMBIENT_RAISE |
		      SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, 0, 0, 0);
}

static struct error *become(const struct privilege_user *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) ||
	    setgroups(0, NULL) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return error_from_errno(errno, "become user %u",
					(unsigned int)user->uid);
	return NULL;
}

// Of the five those that there are.
static struct error *keep_capabilities(void)
{
	_cleanup_(cap_freep) cap_t have = cap_get_proc();
	_cleanup_(cap_freep) cap_t keep = cap_init();

	if (!have || !keep)
		return error_from_errno(errno, "look at capabilities");
	for (size_t i = 0; i < PRIVILEGE_CAPABILITIES; i++) {
		cap_value_t number = privilege_capabilities[i].number;
		cap_flag_value_t value = CAP_CLEAR;

		cap_get_flag(have, number, CAP_PERMITTED, &value);
		if (value == CAP_CLEAR)
			continue;
		cap_set_flag(keep, CAP_PERMITTED, 1, &number, CAP_SET);
		cap_set_flag(keep, CAP_EFFECTIVE, 1, &number, CAP_SET);
	}
	if (cap_set_proc(keep))
		return error_from_errno(errno, "limit the capabilities");
	return NULL;
}

static struct error *lock(void)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return error_from_errno(errno, "close the process");
	return NULL;
}

struct error *privilege_become_broker(const struct privilege_user *user)
{
	struct error *error = check_required();

	if (error)
		return error;
	drop_bounding_set();
	error = user ? become(user) : NULL;
	if (!error)
		error = keep_capabilities();
	return error ? error : lock();
}

struct error *privilege_drop_all(void)
{
	_cleanup_(cap_freep) cap_t none = cap_init();

	if (!none || cap_set_proc(none))
		return error_from_errno(errno, "give up capabilities");
	return lock();
}
