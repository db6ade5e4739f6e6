// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_labels.h"

#include "base/clock.h"
#include "daemon/process/cgroup_name.h"

#include <string.h>

struct process_labels *process_labels_create(void)
{
	struct process_labels *labels = calloc(1, sizeof(*labels));

	if (!labels)
		return NULL;
	labels->references = 1;
	labels->uid = -1;
	return labels;
}

struct process_labels *process_labels_ref(struct process_labels *labels)
{
	labels->references++;
	return labels;
}

void process_labels_clear(struct process_labels *labels)
{
	free(labels->command_line);
	free(labels->executable);
	free(labels->cgroup);
	labels->command_line = labels->executable = labels->cgroup = NULL;
	labels->uid = -1;
}

void process_labels_unref(struct process_labels *labels)
{
	if (!labels || --labels->references)
		return;
	process_labels_clear(labels);
	free(labels);
}

static void read_command_line(const struct opener *opener,
			      const struct command_line_policy *policy,
			      pid_t pid, struct process_labels *labels)
{
	char arguments[2 * COMMAND_LINE_MAX], text[COMMAND_LINE_MAX];
	size_t size;

	if (policy->keep == COMMAND_LINE_NONE)
		return;
	size = opener_text(opener, OPENER_TEXT_CMDLINE, pid, 0, arguments,
			   sizeof(arguments));
	command_line_format(policy, arguments, size, text);
	if (*text)
		labels->command_line = strdup(text);
}

// A file that was removed since is told as "/path/to/it (deleted)".
static void read_executable(const struct opener *opener, pid_t pid,
			    struct process_labels *labels)
{
	static const char deleted[] = " (deleted)";
	char path[4096];
	size_t size = opener_text(opener, OPENER_TEXT_EXE, pid, 0, path,
				  sizeof(path));

	if (size > sizeof(deleted) &&
	    !strcmp(path + size - (sizeof(deleted) - 1), deleted))
		path[size - (sizeof(deleted) - 1)] = '\0';
	if (size)
		labels->executable = strdup(path);
}

static void read_cgroup(const struct opener *opener, pid_t pid,
			struct process_labels *labels)
{
	char text[OPENER_TEXT_BYTES_MAX], path[CGROUP_PATH_MAX];
	size_t size = opener_text(opener, OPENER_TEXT_CGROUP, pid, 0, text,
				  sizeof(text));

	if (size && cgroup_path_of(text, size, path))
		labels->cgroup = strdup(path);
}

// "Uid:	real	effective	saved	file system"
int64_t process_uid_in(const char *status)
{
	static const char name[] = "\nUid:\t";
	const char *field = strstr(status, name);

	return field ? strtoll(field + sizeof(name) - 1, NULL, 10) : -1;
}

static void read_uid(const struct opener *opener, pid_t pid,
		     struct process_labels *labels)
{
	char text[4096];

	if (opener_text(opener, OPENER_TEXT_STATUS, pid, 0, text, sizeof(text)))
		labels->uid = process_uid_in(text);
}

struct process_labels *
process_labels_read(const struct opener *opener,
		    const struct command_line_policy *policy, pid_t pid,
		    const char *executable)
{
	struct process_labels *labels = process_labels_create();

	if (!labels)
		return NULL;
	// Of a process that is gone nothing more is to be had.
	read_uid(opener, pid, labels);
	if (labels->uid >= 0) {
		read_cgroup(opener, pid, labels);
		if (executable)
			labels->executable = strdup(executable);
		else
			read_executable(opener, pid, labels);
		read_command_line(opener, policy, pid, labels);
	}
	labels->read_ns = monotonic_ns();
	return labels;
}

bool process_labels_read_again(struct process_labels *labels,
			       const struct opener *opener,
			       const struct command_line_policy *policy,
			       pid_t pid)
{
	if (labels->command_line || labels->asked_again)
		return false;
	labels->asked_again = true;
	read_command_line(opener, policy, pid, labels);
	labels->read_ns = monotonic_ns();
	return labels->command_line != NULL;
}

static char *copy_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

void process_labels_inherit(struct process_labels *labels,
			    const struct process_labels *from, bool command_line)
{
	process_labels_clear(labels);
	labels->uid = from->uid;
	labels->cgroup = copy_of(from->cgroup);
	if (!command_line)
		return;
	labels->command_line = copy_of(from->command_line);
	labels->executable = copy_of(from->executable);
}
