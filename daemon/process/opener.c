// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/opener.h"

#include <errno.h>

/* 65,530 mappings is the kernel's default limit; long paths, some more. */
enum {
	MAPS_BYTES_MAX = 64 << 20,
	MAPS_BYTES_FIRST = 64 << 10,
	LIST_ROOM = 512,
};

struct error *opener_memory(const struct opener *opener, pid_t pid,
			    int *ret_fd)
{
	int fd = opener->ops->memory(opener->state, pid);

	if (fd < 0)
		return error_from_errno(-fd, "open '/proc/%d/mem'", (int)pid);
	*ret_fd = fd;
	return NULL;
}

static bool make_room(char **text, size_t *room)
{
	size_t wanted = *room ? *room * 2 : MAPS_BYTES_FIRST;
	char *grown = wanted <= MAPS_BYTES_MAX ? realloc(*text, wanted) : NULL;

	if (!grown)
		return false;
	*text = grown;
	*room = wanted;
	return true;
}

struct error *opener_maps(const struct opener *opener, pid_t pid,
			  char **ret_text, size_t *ret_size)
{
	_cleanup_close_ int fd = opener->ops->maps(opener->state, pid);
	_cleanup_free_ char *text = NULL;
	size_t room = 0, size = 0;
	ssize_t got;

	if (fd < 0)
		return error_from_errno(-fd, "open '/proc/%d/maps'", (int)pid);
	for (;;) {
		if (size == room && !make_room(&text, &room))
			return &error_nomem;
		got = read(fd, text + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_from_errno(errno, "read '/proc/%d/maps'",
						(int)pid);
		if (!got)
			break;
		size += (size_t)got;
	}
	*ret_text = take_ptr(text);
	*ret_size = size;
	return NULL;
}

struct error *opener_mapped_file(const struct opener *opener, pid_t pid,
				 const struct opener_mapping *mapping,
				 int *ret_fd)
{
	return opener->ops->mapped_file(opener->state, pid, mapping, ret_fd);
}

size_t opener_text(const struct opener *opener, enum opener_text which,
		   pid_t pid, pid_t tid, char *ret, size_t size)
{
	ssize_t got;

	if (size > OPENER_TEXT_BYTES_MAX + 1)
		size = OPENER_TEXT_BYTES_MAX + 1;
	got = opener->ops->text(opener->state, which, pid, tid, ret, size - 1);
	if (got < 0)
		got = 0;
	ret[got] = '\0';
	return (size_t)got;
}

bool opener_has_process(const struct opener *opener, pid_t pid)
{
	char name[32];

	return opener_text(opener, OPENER_TEXT_COMM, pid, 0, name,
			   sizeof(name)) > 0;
}

bool opener_list(const struct opener *opener, pid_t pid, opener_number_fn visit,
		 void *context)
{
	pid_t numbers[LIST_ROOM];
	int64_t position = 0;
	ssize_t found;

	for (;;) {
		found = opener->ops->list(opener->state, pid, &position,
					  numbers, LIST_ROOM);
		if (found < 0)
			return false;
		if (!found)
			return true;
		for (ssize_t i = 0; i < found; i++)
			visit(context, numbers[i]);
	}
}

int opener_perf_event(const struct opener *opener,
		      const struct perf_event_attr *attr, pid_t tid, int cpu)
{
	return opener->ops->perf_event(opener->state, attr, tid, cpu);
}

struct error *opener_tracepoint(const struct opener *opener, const char *event,
				const char *field, struct tracepoint *ret)
{
	return opener->ops->tracepoint(opener->state, event, field, ret);
}

struct error *opener_kernel_symbols(const struct opener *opener, int *ret_fd)
{
	int fd = opener->ops->kernel_symbols(opener->state);

	if (fd < 0)
		return error_from_errno(-fd, "open '/proc/kallsyms'");
	*ret_fd = fd;
	return NULL;
}

int opener_start_thread(const struct opener *opener, pthread_t *ret,
			void *(*start)(void *argument), void *argument)
{
	return opener->ops->start_thread(opener->state, ret, start, argument);
}
