// SPDX-License-Identifier: Apache-2.0
// Stands in for what has not been written yet, so that the program links.
#include "daemon/command.h"
#include "schema/profile.h"

#define ABSENT(type, ...) __attribute__((weak)) type __VA_ARGS__

static struct error *absent(void)
{
	return error_create(ERROR_UNSUPPORTED, "not built yet");
}

ABSENT(int, command_replay(int argc, char **argv))
{
	(void)argc, (void)argv;
	return command_fail(absent());
}
