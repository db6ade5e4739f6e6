// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/exclusion.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 15 }; // TASK_COMM_LEN, less its NUL

// A longer word names what the kernel cut.
static bool is_name(const char *word, size_t size, const char *name)
{
	if (size > NAME_BYTES)
		size = NAME_BYTES;
	return strlen(name) == size && !memcmp(word, name, size);
}

bool exclusion_matches(const char *words, pid_t pid, const char *name)
{
	char number[16];
	size_t digits = (size_t)snprintf(number, sizeof(number), "%d",
					 (int)pid);

	while (words && *words) {
		size_t size = strcspn(words, " \t,");

		if (size && is_name(words, size, name))
			return true;
		if (size == digits && !memcmp(words, number, size))
			return true;
		words += size + (words[size] != 0);
	}
	return false;
}
