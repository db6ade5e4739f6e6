// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

struct error error_nomem = { ERROR_NO_MEMORY, "out of memory" };

static struct error *error_take_message(enum error_code code, char *message)
{
	struct error *error;

	if (!message)
		return &error_nomem;
	error = malloc(sizeof(*error));
	if (!error) {
		free(message);
		return &error_nomem;
	}
	error->code = code;
	error->message = message;
	return error;
}

static char *format_message(const char *format, va_list args)
{
	char *text;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

static char *join_messages(const char *context, const char *cause)
{
	char *joined;

	if (!context)
		return NULL;
	return asprintf(&joined, "%s: %s", context, cause) < 0 ? NULL : joined;
}

struct error *error_create(enum error_code code, const char *format, ...)
{
	va_list args;
	char *message;

	va_start(args, format);
	message = format_message(format, args);
	va_end(args);
	return error_take_message(code, message);
}

static enum error_code code_of_errno(int errnum)
{
	if (errnum == EACCES || errnum == EPERM)
		return ERROR_PERMISSION;
	if (errnum == ENOENT || errnum == ESRCH)
		return ERROR_NOT_FOUND;
	return errnum == ENOMEM ? ERROR_NO_MEMORY : ERROR_SYSTEM;
}

struct error *error_from_errno(int errnum, const char *format, ...)
{
	_cleanup_free_ char *context = NULL;
	va_list args;

	va_start(args, format);
	context = format_message(format, args);
	va_end(args);
	return error_take_message(code_of_errno(errnum),
				  join_messages(context, strerror(errnum)));
}

struct error *error_wrap(struct error *error, const char *format, ...)
{
	_cleanup_free_ char *context = NULL;
	char *joined;
	va_list args;

	if (!error || error == &error_nomem)
		return error;
	va_start(args, format);
	context = format_message(format, args);
	va_end(args);
	joined = join_messages(context, error->message);
	if (!joined)
		return error;
	free(error->message);
	error->message = joined;
	return error;
}

void error_destroy(struct error *error)
{
	if (!error || error == &error_nomem)
		return;
	free(error->message);
	free(error);
}
