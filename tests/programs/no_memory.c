// SPDX-License-Identifier: Apache-2.0
/*
 * To be preloaded: one allocation fails, the one whose number is in FAIL_AT.
 *
 * usage: FAIL_AT=N LD_PRELOAD=no_memory.so PROGRAM
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

enum { UNKNOWN = -2 };

static atomic_long count, fail_at = UNKNOWN;

static int fails(void)
{
	if (fail_at == UNKNOWN) {
		const char *text = getenv("FAIL_AT");

		fail_at = text ? atol(text) : 0;
	}
	if (++count != fail_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
