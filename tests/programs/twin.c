/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spins in a function named after the program, so that any sample tells by
 * itself whose it is; then ends, or becomes its twin, which has the same code
 * at the same addresses under another name. Says in a log when it spun.
 *
 *     cc -static -no-pie -DTWIN=castor -o castor twin.c
 *     castor MICROSECONDS LOG [COUNT TWIN]
 *
 * LOG: "-" for none; else struct entry is appended, see there. COUNT: how often
 * still to become the other.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define SPIN PASTE(spin_, TWIN)

struct entry {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	int32_t pid;
	char name[12]; /* of the program, and of its function after "spin_" */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) void SPIN(struct entry *entry, uint64_t ns);

__attribute__((noinline)) void SPIN(struct entry *entry, uint64_t ns)
{
	volatile unsigned int sink = 0;

	entry->start_ns = now_ns();
	do {
		for (unsigned int i = 0; i < 1000; i++)
			sink += i;
		entry->end_ns = now_ns();
	} while (entry->end_ns - entry->start_ns < ns);
}

static int append(const char *path, const struct entry *entry)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	ssize_t size = write(fd, entry, sizeof(*entry));

	close(fd);
	return size == (ssize_t)sizeof(*entry);
}

int main(int argc, char **argv)
{
	struct entry entry = { .pid = getpid(), .name = TEXT(TWIN) };
	long left = argc > 4 ? strtol(argv[3], NULL, 10) : 0;
	char count[24];

	if (argc < 3)
		return 2;
	SPIN(&entry, strtoull(argv[1], NULL, 10) * 1000);
	if (strcmp(argv[2], "-") && !append(argv[2], &entry))
		return 1;
	if (left < 1)
		return 0;
	snprintf(count, sizeof(count), "%ld", left - 1);
	execl(argv[4], argv[4], argv[1], argv[2], count, argv[0], NULL);
	return 126;
}
