// SPDX-License-Identifier: Apache-2.0
// Stands in for what has not been written yet, so that the program links.
#include "daemon/command.h"
#include "schema/profile.h"

#define ABSENT(type, ...) __attribute__((weak)) type __VA_ARGS__

static struct error *absent(void)
{
	return error_create(ERROR_UNSUPPORTED, "not built yet");
}

ABSENT(int, command_record(int argc, char **argv))
{
	(void)argc, (void)argv;
	return command_fail(absent());
}

ABSENT(int, command_dump(int argc, char **argv))
{
	(void)argc, (void)argv;
	return command_fail(absent());
}

ABSENT(int, command_replay(int argc, char **argv))
{
	(void)argc, (void)argv;
	return command_fail(absent());
}

ABSENT(struct error *, profile_open(const char *path, struct profile **ret))
{
	(void)path, (void)ret;
	return absent();
}

ABSENT(void, profile_close(struct profile *profile))
{
	(void)profile;
}

ABSENT(struct error *,
       profile_query(struct profile *profile, const char *sql,
		     enum query_format format, FILE *out))
{
	(void)profile, (void)sql, (void)format, (void)out;
	return absent();
}

ABSENT(struct error *,
       profile_report(struct profile *profile,
		      const struct report_options *options, FILE *out))
{
	(void)profile, (void)options, (void)out;
	return absent();
}

ABSENT(struct error *, profile_export_folded(struct profile *profile, FILE *out))
{
	(void)profile, (void)out;
	return absent();
}

ABSENT(struct error *,
       profile_flame(struct profile *profile, const char *title, FILE *out))
{
	(void)profile, (void)title, (void)out;
	return absent();
}
