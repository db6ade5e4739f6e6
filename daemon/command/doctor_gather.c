// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/doctor.h"

#include "daemon/broker/privilege.h"
#include "daemon/broker/sandbox.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int read_setting(const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	int value;

	if (!file || fscanf(file, "%d", &value) != 1)
		return -1;
	return value;
}

// "CapEff:	000001ffffffffff" in /proc/self/status
static uint64_t read_capabilities(const char *format)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/status", "re");
	uint64_t capabilities = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, format, &capabilities) == 1)
			break;
	return capabilities;
}

// Limits, capabilities and cgroups all have a say, so it is tried, briefly.
static bool try_fifo(void)
{
	struct sched_param fifo = { .sched_priority = 1 };
	struct sched_param other = { 0 };

	if (sched_setscheduler(0, SCHED_FIFO, &fifo) < 0)
		return false;
	sched_setscheduler(0, SCHED_OTHER, &other);
	return true;
}

// Without CAP_SYSLOG the file is there, with zeros: "0000000000000000 T _text"
static bool has_kernel_symbols(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/kallsyms", "re");
	uint64_t address;

	for (int line = 0; file && line < 64; line++) {
		if (fscanf(file, "%" SCNx64 " %*[^\n]", &address) != 1)
			return false;
		if (address)
			return true;
	}
	return false;
}

static void gather_tracefs(struct doctor_facts *facts)
{
	static const char *const ids[] = {
		"/sys/kernel/tracing/events/sched/sched_switch/id",
		"/sys/kernel/debug/tracing/events/sched/sched_switch/id",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		bool readable = access(ids[i], R_OK) == 0;

		// Its directory is closed to others, so EACCES says "mounted".
		facts->tracefs_readable |= readable;
		facts->tracefs_mounted |= readable || errno == EACCES;
	}
}

static uint64_t read_limit(int resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return 0;
	return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

static void gather_features(struct doctor_facts *facts)
{
	_cleanup_error_ struct error *error =
		perf_features_probe(&opener_direct, &facts->features);

	if (!error)
		return;
	snprintf(facts->features_error, sizeof(facts->features_error), "%s",
		 error->message);
	memset(&facts->features, 0, sizeof(facts->features));
	facts->features.paranoid =
		read_setting("/proc/sys/kernel/perf_event_paranoid");
	facts->features.switch_proof = SWITCH_PROOF_NONE;
}

static void gather_daemon_user(struct doctor_facts *facts)
{
	struct privilege_user user;
	_cleanup_error_ struct error *error =
		privilege_find_user(PRIVILEGE_USER_DEFAULT, &user);

	if (error)
		snprintf(facts->daemon_user_error,
			 sizeof(facts->daemon_user_error), "%s",
			 error->message);
}

void doctor_gather(struct doctor_facts *ret)
{
	memset(ret, 0, sizeof(*ret));
	gather_features(ret);
	ret->root = geteuid() == 0;
	ret->capabilities = read_capabilities("CapEff: %" SCNx64);
	ret->bounding = read_capabilities("CapBnd: %" SCNx64);
	ret->landlock = sandbox_landlock_version();
	gather_daemon_user(ret);
	ret->fifo = try_fifo();
	ret->rtprio_limit = read_limit(RLIMIT_RTPRIO);
	gather_tracefs(ret);
	ret->kernel_symbols = has_kernel_symbols();
	ret->kptr_restrict = read_setting("/proc/sys/kernel/kptr_restrict");
	ret->ptrace_scope = read_setting("/proc/sys/kernel/yama/ptrace_scope");
	ret->mlock_kib = read_setting("/proc/sys/kernel/perf_event_mlock_kb");
	ret->memlock_bytes = read_limit(RLIMIT_MEMLOCK);
	ret->shell_pid = getppid();
}
