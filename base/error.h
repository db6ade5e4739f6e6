/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values: set-up, I/O and SQL return `struct error *`, NULL meaning
 * success. An error carries a code that decides the exit status and a message
 * that grows context on its way up:
 *
 *     open profile '/x/y.db': disk I/O error
 *
 * The caller owns the error it receives. The sample path never makes one.
 */
#ifndef BRINDLE_BASE_ERROR_H
#define BRINDLE_BASE_ERROR_H

#include "base/cleanup.h"

enum error_code {
	ERROR_USAGE,	    /* the command line is wrong: exit status 2 */
	ERROR_SYSTEM,	    /* a system call failed */
	ERROR_PERMISSION,   /* the host does not allow it */
	ERROR_BUSY,	    /* another process has it */
	ERROR_NOT_FOUND,    /* no such process, file or function */
	ERROR_BAD_DATA,	    /* foreign bytes break their format's rules */
	ERROR_UNSUPPORTED,  /* well-formed, but not something we know */
	ERROR_NO_MEMORY,
};

struct error {
	enum error_code code;
	char *message; /* owned; constant for error_nomem */
};

/** The error for a failed allocation; needs none itself, never freed. */
extern struct error error_nomem;

struct error *error_create(enum error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** "<formatted>: <strerror(errnum)>", ERROR_PERMISSION for EACCES and EPERM. */
struct error *error_from_errno(int errnum, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Prefixes "<formatted>: " to @error's message and yields @error. */
struct error *error_wrap(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void error_destroy(struct error *error);

static inline void error_destroyp(struct error **error)
{
	error_destroy(*error);
}

#define _cleanup_error_ _cleanup_(error_destroyp)

#endif
