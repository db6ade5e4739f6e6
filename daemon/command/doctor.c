// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/doctor.h"

#include "daemon/broker/privilege.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The lowest clock rate at which a limit of the host is felt.
enum { BUSY_RATE_HZ = 999, RING_KIB = 512 };

static bool has_capability(const struct doctor_facts *facts, int capability)
{
	return facts->capabilities >> capability & 1;
}

__attribute__((format(printf, 2, 3))) static void
say_state(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->state, sizeof(finding->state), format, args);
	va_end(args);
}

static void say_fix(struct doctor_finding *finding, enum doctor_level level,
		    const char *fix, const char *cost)
{
	finding->level = level;
	finding->cost = cost;
	snprintf(finding->fix, sizeof(finding->fix), "%s", fix);
}

static void judge_sampling(const struct doctor_facts *facts,
			   struct doctor_finding *finding)
{
	finding->topic = "sampling";
	if (!*facts->features_error) {
		say_state(finding, "perf events work (perf_event_paranoid %d)",
			  facts->features.paranoid);
		return;
	}
	say_state(finding, "%s", facts->features_error);
	// Below 3 it is not the setting: a container's seccomp filter, or a
	// kernel without perf.
	say_fix(finding, DOCTOR_MISSING,
		facts->features.paranoid > 2 ?
			"sudo sysctl kernel.perf_event_paranoid=2" :
			"",
		"nothing can be recorded");
}

static void judge_whole_host(const struct doctor_facts *facts,
			     struct doctor_finding *finding)
{
	finding->topic = "whole host";
	if (facts->features.system_wide_allowed) {
		say_state(finding, "record -a is permitted");
		return;
	}
	say_state(finding,
		  "record -a is not permitted at "
		  "perf_event_paranoid %d",
		  facts->features.paranoid);
	say_fix(finding, DOCTOR_MISSING,
		"sudo sysctl kernel.perf_event_paranoid=0",
		"only your own processes can be profiled");
}

static void judge_kernel(const struct doctor_facts *facts,
			 struct doctor_finding *finding)
{
	finding->topic = "kernel code";
	if (facts->features.kernel_allowed) {
		say_state(finding, "samples in the kernel, with its stack");
		return;
	}
	say_state(finding, "not visible at perf_event_paranoid %d",
		  facts->features.paranoid);
	say_fix(finding, DOCTOR_LIMITED,
		"sudo sysctl kernel.perf_event_paranoid=1",
		"time in system calls is not seen");
}

static void judge_kernel_names(const struct doctor_facts *facts,
			       struct doctor_finding *finding)
{
	finding->topic = "kernel names";
	if (facts->kernel_symbols) {
		say_state(finding, "/proc/kallsyms shows addresses");
		return;
	}
	say_state(finding,
		  "/proc/kallsyms hides addresses "
		  "(kptr_restrict %d, no CAP_SYSLOG)",
		  facts->kptr_restrict);
	// 0 still asks for kernel profiling to be permitted: paranoid <= 1.
	say_fix(finding, DOCTOR_LIMITED,
		facts->features.paranoid > 1 ?
			"sudo sysctl kernel.kptr_restrict=0 "
			"kernel.perf_event_paranoid=1" :
			"sudo sysctl kernel.kptr_restrict=0",
		"kernel frames are addresses without names");
}

static void judge_proof(const struct doctor_facts *facts,
			struct doctor_finding *finding)
{
	finding->topic = "proof";
	switch (facts->features.switch_proof) {
	case SWITCH_PROOF_TRACEPOINT:
		say_state(finding,
			  "sched_switch tracepoint, filtered by the "
			  "kernel%s",
			  facts->tracefs_readable ?
				  "" :
				  "; tracefs is read in a private mount");
		return;
	case SWITCH_PROOF_SOFTWARE:
		say_state(finding, "by the context-switch event: no tracefs, "
				   "or no right to read it");
		say_fix(finding, DOCTOR_LIMITED,
			facts->tracefs_mounted ?
				"sudo mount -o remount,gid=$(id -g) "
				"/sys/kernel/tracing" :
				"sudo mount -t tracefs -o gid=$(id -g) "
				"tracefs /sys/kernel/tracing",
			"each context switch of what is profiled costs 2 us "
			"instead of 1.3 or less");
		return;
	case SWITCH_PROOF_NONE:
		say_state(finding, "switch records are not permitted");
		say_fix(finding, DOCTOR_LIMITED,
			"sudo sysctl kernel.perf_event_paranoid=1",
			"every Python stack stays unproven");
		return;
	}
}

static void judge_freezing(const struct doctor_facts *facts,
			   struct doctor_finding *finding)
{
	char fix[96];

	finding->topic = "freezing";
	if (facts->fifo) {
		say_state(finding, "SCHED_FIFO is granted");
		return;
	}
	say_state(finding,
		  "SCHED_FIFO is refused (no CAP_SYS_NICE, "
		  "RLIMIT_RTPRIO %llu)",
		  (unsigned long long)facts->rtprio_limit);
	snprintf(fix, sizeof(fix), "sudo prlimit --rtprio=10:10 --pid %d",
		 facts->shell_pid);
	say_fix(finding, DOCTOR_LIMITED,
		facts->root ? "sudo setcap cap_sys_nice+ep brindle" : fix,
		"0.3 to 13 % of the Python stacks are unproven");
}

static void judge_memory(const struct doctor_facts *facts,
			 struct doctor_finding *finding)
{
	finding->topic = "reading memory";
	if (has_capability(facts, CAP_SYS_PTRACE)) {
		say_state(finding, "of every process (CAP_SYS_PTRACE)");
		return;
	}
	if (facts->ptrace_scope <= 0) {
		say_state(finding, "of your own processes");
		return;
	}
	if (facts->ptrace_scope == 1) {
		say_state(finding, "of commands that brindle starts "
				   "(Yama ptrace_scope 1)");
		say_fix(finding, DOCTOR_LIMITED,
			"sudo sysctl kernel.yama.ptrace_scope=0",
			"record -p and dump -p see no Python frames");
		return;
	}
	say_state(finding, "not permitted (Yama ptrace_scope %d)",
		  facts->ptrace_scope);
	say_fix(finding, DOCTOR_MISSING,
		facts->ptrace_scope == 2 ?
			"sudo sysctl kernel.yama.ptrace_scope=1" :
			"",
		"no Python frames");
}

static void judge_pmu(const struct doctor_facts *facts,
		      struct doctor_finding *finding)
{
	finding->topic = "hardware events";
	if (facts->features.hardware) {
		say_state(finding, "the PMU counts cycles");
		return;
	}
	say_state(finding, "no PMU (usual in a virtual machine)");
	say_fix(finding, DOCTOR_LIMITED, "",
		"cpu-clock is used; code that runs with interrupts off is "
		"seen late");
}

static void judge_events(const struct doctor_facts *facts,
			 struct doctor_finding *finding)
{
	char events[128];

	finding->topic = "events";
	perf_choices_describe(&facts->features, events, sizeof(events));
	say_state(finding, "%s", events);
	if (!facts->features.kernel_allowed)
		say_fix(finding, DOCTOR_LIMITED,
			"sudo sysctl kernel.perf_event_paranoid=1",
			"no off-cpu: where threads wait is not seen");
}

static void judge_rate(const struct doctor_facts *facts,
		       struct doctor_finding *finding)
{
	unsigned int rate = facts->features.max_rate_hz;

	finding->topic = "sampling rate";
	say_state(finding, "up to %u Hz", rate);
	if (rate >= BUSY_RATE_HZ)
		return;
	say_fix(finding, DOCTOR_LIMITED,
		"sudo sysctl kernel.perf_event_max_sample_rate=10000",
		"higher rates are refused or throttled");
}

static void judge_rings(const struct doctor_facts *facts,
			struct doctor_finding *finding)
{
	finding->topic = "ring memory";
	if (has_capability(facts, CAP_IPC_LOCK) || facts->features.paranoid < 0) {
		say_state(finding, "not limited");
		return;
	}
	say_state(finding, "%d KiB a CPU", facts->mlock_kib);
	if (facts->mlock_kib >= RING_KIB || facts->memlock_bytes == UINT64_MAX)
		return;
	say_fix(finding, DOCTOR_LIMITED,
		"sudo sysctl kernel.perf_event_mlock_kb=2048",
		"smaller rings: samples may be lost when the host is busy");
}

static void judge_records(const struct doctor_facts *facts,
			  struct doctor_finding *finding)
{
	const struct perf_features *features = &facts->features;

	finding->topic = "kernel records";
	say_state(finding, "%s build-ids, %s counts of lost records",
		  features->build_id ? "with" : "without",
		  features->lost_count ? "with" : "without");
	if (features->build_id && features->lost_count)
		return;
	say_fix(finding, DOCTOR_LIMITED, "",
		"an older kernel (5.12 has build-ids, 6.0 counts losses): "
		"files are opened to identify them, losses are estimated");
}

// What a container, or whoever started us, has taken away for good.
static const struct privilege_capability *
find_lacking(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < PRIVILEGE_CAPABILITIES; i++) {
		const struct privilege_capability *capability =
			&privilege_capabilities[i];

		if (!(facts->bounding >> capability->number & 1))
			return capability;
	}
	return NULL;
}

static void judge_daemon(const struct doctor_facts *facts,
			 struct doctor_finding *finding)
{
	const struct privilege_capability *lacking = find_lacking(facts);

	finding->topic = "daemon";
	if (lacking) {
		say_state(finding, "%s cannot be had here, not even by root",
			  lacking->name);
		say_fix(finding,
			lacking->required ? DOCTOR_MISSING : DOCTOR_LIMITED, "",
			lacking->without);
		return;
	}
	if (*facts->daemon_user_error) {
		say_state(finding, "there is no user %s for it to run as",
			  PRIVILEGE_USER_DEFAULT);
		say_fix(finding, DOCTOR_LIMITED,
			"sudo useradd --system --no-create-home --shell "
			"/usr/sbin/nologin " PRIVILEGE_USER_DEFAULT,
			"brindle daemon starts with --user only");
		return;
	}
	say_state(finding, "user %s, and the five capabilities it keeps",
		  PRIVILEGE_USER_DEFAULT);
}

static void judge_walls(const struct doctor_facts *facts,
			struct doctor_finding *finding)
{
	finding->topic = "daemon's walls";
	if (facts->landlock > 0) {
		say_state(finding, "seccomp, and Landlock %d", facts->landlock);
		return;
	}
	say_state(finding, "seccomp, but no Landlock in this kernel");
	say_fix(finding, DOCTOR_LIMITED, "",
		"a profiler that was taken over could read what every user may "
		"read");
}

unsigned int doctor_judge(const struct doctor_facts *facts,
			  struct doctor_finding *ret)
{
	static void (*const judges[])(const struct doctor_facts *,
				      struct doctor_finding *) = {
		judge_sampling, judge_whole_host,   judge_kernel,
		judge_proof,	judge_freezing,	    judge_memory,
		judge_rate,	judge_kernel_names, judge_rings,
		judge_records,	judge_pmu,	    judge_events,
		judge_daemon,	judge_walls,
	};
	unsigned int count = sizeof(judges) / sizeof(*judges);

	_Static_assert(sizeof(judges) / sizeof(*judges) <= DOCTOR_FINDING_MAX,
		       "room for every finding");
	// Nothing else means anything when the kernel refuses perf altogether.
	if (*facts->features_error)
		count = 1;
	memset(ret, 0, count * sizeof(*ret));
	for (unsigned int i = 0; i < count; i++)
		judges[i](facts, &ret[i]);
	return count;
}

const char *doctor_level_name(enum doctor_level level)
{
	switch (level) {
	case DOCTOR_OK:
		return "ok";
	case DOCTOR_LIMITED:
		return "limited";
	case DOCTOR_MISSING:
		return "missing";
	}
	return "?";
}
