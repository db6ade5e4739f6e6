// SPDX-License-Identifier: Apache-2.0
/*
 * Makes and drops executable mappings as fast as it can, each of which the
 * kernel tells whoever profiles it.
 *
 * usage: remapper KEPT MILLISECONDS; KEPT: executable mappings that it has all
 * the while. Says on stderr how many it made.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096, PLACES = 4096 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Two neighbours of one file, but not of following pages, stay two mappings. */
static void *map(void *where, int fd)
{
	return mmap(where, PAGE, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | (where ? MAP_FIXED : 0), fd, 0);
}

static int keep(unsigned long count, int fd)
{
	char *room = mmap(NULL, (count + 1) * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return -1;
	for (unsigned long i = 0; i < count; i++)
		if (map(room + i * PAGE, fd) == MAP_FAILED)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	unsigned long made = 0;
	uint64_t until;
	char *room;

	if (argc != 3 || fd < 0 || keep(strtoul(argv[1], NULL, 10), fd)) {
		perror("usage: remapper KEPT MILLISECONDS");
		return 2;
	}
	room = mmap(NULL, (size_t)PLACES * PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return 1;
	until = now_ms() + strtoul(argv[2], NULL, 10);
	while (now_ms() < until) {
		for (int i = 0; i < 64; i++) {
			void *place = room + made++ % PLACES * PAGE;

			if (map(place, fd) == MAP_FAILED ||
			    mmap(place, PAGE, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				 0) == MAP_FAILED)
				return 1;
		}
	}
	fprintf(stderr, "%lu\n", made);
	return 0;
}
