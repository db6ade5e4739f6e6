// SPDX-License-Identifier: Apache-2.0
/*
 * Two small files of tracefs, events/GROUP/NAME/id and .../format:
 *
 *     316
 *
 *     name: sched_switch
 *     format:
 *     	field:pid_t next_pid;	offset:56;	size:4;	signed:1;
 *
 * Authority: Documentation/trace/events.rst, sections 2.3 and 4.1.
 */
#include "daemon/perf/tracepoint.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum {
	ANSWER_BYTES = 16 << 10,
	CHILD_SECONDS = 2,
	PATH_BYTES = 256,
	CANDIDATES = 4,
};

/** Text of id and format, one after the other. */
struct answer {
	char text[ANSWER_BYTES];
	size_t size;
};

/** The two files' paths below each place where a tracefs may be mounted. */
struct places {
	const char *roots[CANDIDATES];
	char id[CANDIDATES][PATH_BYTES];
	char format[CANDIDATES][PATH_BYTES];
};

// Inside a namespace of our own anything may be mounted over, so that one of
// these will do even where the kernel makes no directory for it.
static const struct places places_template = {
	.roots = { "/sys/kernel/tracing", "/sys/kernel/debug", "/mnt", "/tmp" },
};

static bool places_fill(struct places *places, size_t index, const char *root,
			const char *event)
{
	int id = snprintf(places->id[index], PATH_BYTES, "%s/events/%s/id",
			  root, event);
	int format = snprintf(places->format[index], PATH_BYTES,
			      "%s/events/%s/format", root, event);

	return id < PATH_BYTES && format < PATH_BYTES;
}

// Appends the file; also called between fork and _exit.
static bool answer_add_file(struct answer *answer, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got;

	if (fd < 0)
		return false;
	do {
		got = read(fd, answer->text + answer->size,
			   sizeof(answer->text) - 1 - answer->size);
		if (got > 0)
			answer->size += (size_t)got;
	} while (got > 0);
	close(fd);
	return got == 0;
}

static bool answer_read(struct answer *answer, const struct places *places,
			size_t index)
{
	answer->size = 0;
	return answer_add_file(answer, places->id[index]) &&
	       answer_add_file(answer, places->format[index]);
}

// A mounted tracefs, found in the mount table: looking below debugfs instead
// would make the kernel mount one there.
static bool answer_from_mounted(struct answer *answer, const char *event)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct places places = { 0 };
	char buffer[4096];
	struct mntent entry;
	bool found = false;

	while (mounts && !found &&
	       getmntent_r(mounts, &entry, buffer, sizeof(buffer)))
		found = !strcmp(entry.mnt_type, "tracefs") &&
			places_fill(&places, 0, entry.mnt_dir, event) &&
			answer_read(answer, &places, 0);
	if (mounts)
		endmntent(mounts);
	return found;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written <= 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

static bool mount_privately(const char *root)
{
	return mount("tracefs", root, "tracefs",
		     MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}

// The part of the tree below which no mount of ours reaches another namespace;
// NULL: none. In a chroot "/" is no mount point, but /sys is.
static const char *make_private(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return NULL;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return "/";
	if (mount(NULL, "/sys", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return "/sys/";
	return NULL;
}

// In the child of a process with threads: system calls only. The namespace,
// and the mount with it, goes when this process ends.
static int child_main(struct answer *answer, const struct places *places,
		      int out)
{
	const char *private_part;
	sigset_t none;

	sigemptyset(&none);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(CHILD_SECONDS);
	private_part = make_private();
	if (!private_part)
		return errno;
	for (size_t i = 0; i < CANDIDATES; i++)
		if (!strncmp(places->roots[i], private_part,
			     strlen(private_part)) &&
		    mount_privately(places->roots[i]) &&
		    answer_read(answer, places, i))
			return write_all(out, answer->text, answer->size) ?
				       0 : EPIPE;
	return errno ? errno : ENOENT;
}

// Everything up to the end of the child, but not longer than it may take.
static bool answer_receive(struct answer *answer, int in)
{
	uint64_t deadline = monotonic_ns() + (CHILD_SECONDS + 1) * NS_PER_SEC;
	struct pollfd poll_in = { .fd = in, .events = POLLIN };

	answer->size = 0;
	while (answer->size < sizeof(answer->text) - 1) {
		uint64_t now = monotonic_ns();
		ssize_t got;

		if (now >= deadline ||
		    poll(&poll_in, 1, (int)((deadline - now) / NS_PER_MS)) == 0)
			return false;
		got = read(in, answer->text + answer->size,
			   sizeof(answer->text) - 1 - answer->size);
		if (got == 0)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		answer->size += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static struct error *child_result(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_from_errno(errno, "wait for a child");
	if (!WIFEXITED(status))
		return error_create(ERROR_SYSTEM, "reading tracefs took more "
				    "than %d s", CHILD_SECONDS);
	if (WEXITSTATUS(status))
		return error_from_errno(WEXITSTATUS(status), "read it from "
					"a tracefs mounted for a moment");
	return NULL;
}

static struct error *answer_from_child(struct answer *answer,
				       const char *event)
{
	struct places places = places_template;
	_cleanup_close_ int in = -1;
	int ends[2];
	pid_t child;

	for (size_t i = 0; i < CANDIDATES; i++)
		if (!places_fill(&places, i, places.roots[i], event))
			return error_create(ERROR_USAGE, "tracepoint name '%s' "
					    "is too long", event);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_from_errno(errno, "make a pipe");
	in = ends[0];
	child = fork();
	if (child == 0)
		_exit(child_main(answer, &places, ends[1]));
	close(ends[1]);
	if (child < 0)
		return error_from_errno(errno, "fork");
	if (!answer_receive(answer, in))
		answer->size = 0; // the child's status says why
	return child_result(child);
}

// "\tfield:pid_t next_pid;\toffset:56;..." or "\tfield:char prev_comm[16];"
static bool format_has_field(const char *format, const char *field)
{
	size_t length = strlen(field);

	for (const char *at = format; (at = strstr(at, field)); at += length)
		if ((at[-1] == ' ' || at[-1] == '*') &&
		    (at[length] == ';' || at[length] == '['))
			return true;
	return false;
}

static struct error *answer_parse(const char *text, const char *event,
				  const char *field, uint64_t *ret)
{
	unsigned long long id;
	int digits = 0;

	if (sscanf(text, "%llu\n%n", &id, &digits) != 1 || !digits || !id)
		return error_create(ERROR_BAD_DATA, "tracepoint %s: its id is "
				    "not a number", event);
	if (!format_has_field(text + digits, field))
		return error_create(ERROR_UNSUPPORTED, "tracepoint %s has no "
				    "field %s on this kernel", event, field);
	*ret = id;
	return NULL;
}

struct error *tracepoint_id(const char *event, const char *filter_field,
			    uint64_t *ret)
{
	_cleanup_free_ struct answer *answer = malloc(sizeof(*answer));
	struct error *error;

	if (!answer)
		return &error_nomem;
	if (!answer_from_mounted(answer, event)) {
		error = answer_from_child(answer, event);
		if (error)
			return error_wrap(error, "tracepoint %s", event);
	}
	answer->text[answer->size] = '\0';
	return answer_parse(answer->text, event, filter_field, ret);
}
