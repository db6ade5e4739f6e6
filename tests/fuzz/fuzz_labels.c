// SPDX-License-Identifier: Apache-2.0
/* Texts of /proc and /etc/passwd that others wrote: what is made of them has
 * its bounds. */
#include "daemon/process/cgroup_name.h"
#include "daemon/process/command_line.h"
#include "daemon/process/user_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cgroup(const char *text, size_t size)
{
	char path[CGROUP_PATH_MAX];
	struct cgroup_name name;

	if (!cgroup_path_of(text, size, path))
		return;
	if (path[0] != '/')
		abort();
	cgroup_name_parse(path, &name);
	if (strlen(name.container) >= CGROUP_PART_MAX ||
	    strlen(name.unit) >= CGROUP_PART_MAX)
		abort();
}

static void check_command_line(const char *text, size_t size)
{
	struct command_line_policy policy = {
		.keep = COMMAND_LINE_ALL,
		.secrets = command_line_secrets,
	};
	char line[COMMAND_LINE_MAX];

	command_line_format(&policy, text, size, line);
	if (strlen(line) >= COMMAND_LINE_MAX)
		abort();
}

static void check_users(const char *text, size_t size)
{
	struct user *users;
	size_t count;

	if (!user_table_parse(text, size, &users, &count))
		return;
	for (size_t i = 1; i < count; i++)
		if (users[i - 1].uid > users[i].uid)
			abort();
	free(users);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_cgroup(text, size);
	check_command_line(text, size);
	check_users(text, size);
	return 0;
}
