/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the two processes are. The broker keeps five capabilities, whoever
 * started it, and none else; the profiler none. Neither is root, may gain
 * anything by running a program, or be looked into by others.
 */
#ifndef BRINDLE_DAEMON_BROKER_PRIVILEGE_H
#define BRINDLE_DAEMON_BROKER_PRIVILEGE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

enum { PRIVILEGE_CAPABILITIES = 5 };

/** Whom root becomes when nobody is named. */
#define PRIVILEGE_USER_DEFAULT "brindle"

/** One capability and what is lost without it. */
struct privilege_capability {
	int number; /* CAP_* */
	const char *name;
	bool required;
	const char *without; /* what does not work then */
};

extern const struct privilege_capability
	privilege_capabilities[PRIVILEGE_CAPABILITIES];

struct privilege_user {
	uid_t uid;
	gid_t gid;
};

/**
 * The user of that name in /etc/passwd; ERROR_NOT_FOUND says how to make it,
 * ERROR_USAGE refuses root.
 */
struct error *privilege_find_user(const char *name, struct privilege_user *ret);

/** What *ret says of the limits that the profiler lives under. */
struct privilege_limits {
	bool realtime; /* RLIMIT_RTPRIO lets it have SCHED_FIFO */
};

/** Raises what root may raise: real-time priority, locked memory, files. */
void privilege_raise_limits(struct privilege_limits *ret);

/**
 * Makes this process the broker: becomes @user (NULL: stays who it is), keeps
 * the five capabilities and no more, gives up every way to get others.
 * ERROR_PERMISSION names a required one that is missing.
 */
struct error *privilege_become_broker(const struct privilege_user *user);

/** Gives up all capabilities. The broker's child, before its sandbox. */
struct error *privilege_drop_all(void);

#endif
