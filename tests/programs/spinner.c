/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Burns CPU in c_spin() for so many milliseconds (0: until killed), then
 * becomes the program named by the rest of its arguments, if any.
 *
 *     spinner MILLISECONDS [PROGRAM ARGUMENT...]
 */
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) static void c_spin(uint64_t ns)
{
	uint64_t start = now_ns();
	volatile unsigned int sink = 0;

	while (!ns || now_ns() - start < ns)
		for (unsigned int i = 0; i < 2000; i++)
			sink += i;
}

int main(int argc, char **argv)
{
	c_spin(argc > 1 ? strtoull(argv[1], NULL, 10) * 1000000u : 0);
	if (argc < 3)
		return 0;
	execv(argv[2], argv + 2);
	return 126;
}
