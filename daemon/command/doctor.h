/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this host and user allow, told one by one: what works, what is missing,
 * the command that fixes it, and what it costs not to. In two steps, so that
 * the judgement can be tested without a host: facts are gathered, then judged.
 */
#ifndef BRINDLE_DAEMON_COMMAND_DOCTOR_H
#define BRINDLE_DAEMON_COMMAND_DOCTOR_H

#include "daemon/perf/perf_event.h"

#include <stdbool.h>
#include <stdint.h>

struct doctor_facts {
	struct perf_features features;
	char features_error[256]; /* why they could not be probed; or "" */
	bool root;
	uint64_t capabilities; /* effective, 1 << CAP_* */
	bool fifo;	       /* SCHED_FIFO was really granted */
	uint64_t rtprio_limit; /* RLIMIT_RTPRIO */
	bool tracefs_mounted;
	bool tracefs_readable;	/* by us, where it is mounted */
	bool kernel_symbols;	/* /proc/kallsyms shows addresses */
	int kptr_restrict;	/* -1: the host has no such setting */
	int ptrace_scope;	/* Yama; -1: not there */
	int mlock_kib;		/* kernel.perf_event_mlock_kb; -1 */
	uint64_t memlock_bytes; /* RLIMIT_MEMLOCK; UINT64_MAX: none */
	int shell_pid;		/* who a prlimit(1) command would raise */
	uint64_t bounding;	/* capabilities that may be had, 1 << CAP_* */
	char daemon_user_error[256]; /* why the daemon has no user; or "" */
	int landlock;		/* its version; below 1: not there */
};

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_LIMITED, /* works, with less */
	DOCTOR_MISSING, /* something cannot be done at all */
};

struct doctor_finding {
	const char *topic;
	enum doctor_level level;
	char state[192];  /* what was found */
	char fix[160];	  /* one command line; "" when there is none */
	const char *cost; /* of leaving it so; NULL when ok */
};

enum { DOCTOR_FINDING_MAX = 16 };

void doctor_gather(struct doctor_facts *ret);

/** Fills @ret, which has room for DOCTOR_FINDING_MAX: how many. */
unsigned int doctor_judge(const struct doctor_facts *facts,
			  struct doctor_finding *ret);

const char *doctor_level_name(enum doctor_level level);

#endif
