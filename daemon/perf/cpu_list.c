// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/cpu_list.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_BYTES_MAX = 1 << 16 };

bool cpu_list_has(const struct cpu_list *list, unsigned int cpu)
{
	return cpu < CPU_LIST_CPUS &&
	       list->bits[cpu / CPU_LIST_WORD] >> cpu % CPU_LIST_WORD & 1;
}

static void add(struct cpu_list *list, unsigned int cpu)
{
	if (cpu < CPU_LIST_CPUS)
		list->bits[cpu / CPU_LIST_WORD] |= UINT64_C(1)
						   << cpu % CPU_LIST_WORD;
}

size_t cpu_list_count(const struct cpu_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < CPU_LIST_CPUS / CPU_LIST_WORD; i++)
		count += (size_t)__builtin_popcountll(list->bits[i]);
	return count;
}

static bool parse_number(const char **text, unsigned long *ret)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*ret = strtoul(*text, &end, 10);
	*text = end;
	return *ret < CPU_LIST_CPUS;
}

// "8" or "10-11"
static bool parse_range(const char **text, struct cpu_list *list)
{
	unsigned long first, last;

	if (!parse_number(text, &first))
		return false;
	last = first;
	if (**text == '-') {
		(*text)++;
		if (!parse_number(text, &last) || last < first)
			return false;
	}
	for (unsigned long cpu = first; cpu <= last; cpu++)
		add(list, (unsigned int)cpu);
	return true;
}

bool cpu_list_parse(const char *text, struct cpu_list *ret)
{
	struct cpu_list list = { 0 };

	while (*text && *text != '\n') {
		if (!parse_range(&text, &list))
			return false;
		if (*text == ',')
			text++;
		else if (*text && *text != '\n')
			return false;
	}
	*ret = list;
	return true;
}

bool cpu_list_read(int fd, struct cpu_list *ret)
{
	_cleanup_free_ char *text = malloc(TEXT_BYTES_MAX);
	ssize_t size;

	if (!text || fd < 0)
		return false;
	size = pread(fd, text, TEXT_BYTES_MAX - 1, 0);
	if (size <= 0)
		return false;
	text[size] = '\0';
	return cpu_list_parse(text, ret);
}

void cpu_list_named(const char *name, struct cpu_list *ret)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	long count;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (cpu_list_read(fd, ret))
		return;
	*ret = (struct cpu_list){ 0 };
	count = sysconf(_SC_NPROCESSORS_CONF);
	for (long cpu = 0; cpu < count; cpu++)
		add(ret, (unsigned int)cpu);
}
