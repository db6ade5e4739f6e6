/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc tells of a process beyond its name: command line, executable,
 * user, cgroup. Read when the process is sampled first, and then it may already
 * have ended or become another: whoever reads compares the time of reading with
 * the records of its exec and exit, when they have come. Environments are never
 * read.
 */
#ifndef BRINDLE_DAEMON_PROCESS_PROCESS_LABELS_H
#define BRINDLE_DAEMON_PROCESS_PROCESS_LABELS_H

#include "daemon/process/command_line.h"
#include "daemon/process/opener.h"

enum process_labels_state {
	PROCESS_LABELS_READ,   /* and may be of whoever came after it */
	PROCESS_LABELS_ASKING, /* not there any more: as its parent's */
	PROCESS_LABELS_SURE,
};

struct process_labels {
	unsigned int references; /* its process, and descendants of that */
	enum process_labels_state state;
	uint64_t read_ns; /* CLOCK_MONOTONIC, after the last read */
	char *command_line, *executable, *cgroup; /* owned; NULL: not known */
	int64_t uid;	     /* -1: not known */
	bool stored;	     /* in the present era */
	bool version_stored; /* of its interpreter */
	unsigned int rounds; /* waited for its parent */
	bool asked_again;    /* for the command line */
};

/** Of nobody: nothing is known. NULL: no memory. */
struct process_labels *process_labels_create(void);
struct process_labels *process_labels_ref(struct process_labels *labels);
void process_labels_unref(struct process_labels *labels);

/** What the process of @pid says now; what it does not say stays unknown.
 *  @executable: its path where it is known already, or NULL. NULL: no memory. */
struct process_labels *
process_labels_read(const struct opener *opener,
		    const struct command_line_policy *policy, pid_t pid,
		    const char *executable);

/**
 * Reads the command line once more, if there was none: an exec's record comes a
 * moment before its arguments are in place. True: there is one, and it may be of
 * whoever came after it.
 */
bool process_labels_read_again(struct process_labels *labels,
			       const struct opener *opener,
			       const struct command_line_policy *policy,
			       pid_t pid);

/** Forgets what was read. */
void process_labels_clear(struct process_labels *labels);

/** Takes over what @from knows: whose process it is, and with @command_line
 *  also what it runs. */
void process_labels_inherit(struct process_labels *labels,
			    const struct process_labels *from,
			    bool command_line);

/** The real uid in the text of /proc/PID/status; -1: it does not say. */
int64_t process_uid_in(const char *status);

#endif
