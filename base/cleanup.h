/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope guards: a variable declared with one of these releases what it owns
 * when its scope ends, so that an early return never leaks. Ownership leaves
 * a guarded variable through take_ptr() or take_fd().
 */
#ifndef BRINDLE_BASE_CLEANUP_H
#define BRINDLE_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Clang takes a variable that is only cleaned up for unused; GCC does not.
#define _cleanup_(fn) __attribute__((cleanup(fn), unused))

static inline void free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_close_ _cleanup_(close_fdp)
#define _cleanup_fclose_ _cleanup_(fclosep)

/** Hands a guarded pointer over: yields it and leaves NULL behind. */
#define take_ptr(pointer)                                                      \
	({                                                                     \
		__auto_type taken_ = (pointer);                                \
		(pointer) = NULL;                                              \
		taken_;                                                        \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
