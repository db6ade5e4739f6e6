// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_corrupt.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/profile_file.h"

#define INFIX ".corrupt-"

// A disk that damages what is written to it would fill up with them.
enum { SET_ASIDE_MAX = 3, DROPPED_MAX = 1000 };

static struct error *move_beside(const char *path, const char *new_path,
				 const char *suffix)
{
	_cleanup_free_ char *from = profile_file_beside(path, suffix);
	_cleanup_free_ char *to = profile_file_beside(new_path, suffix);

	if (!from || !to)
		return &error_nomem;
	if (rename(from, to) < 0 && errno != ENOENT)
		return error_from_errno(errno, "rename '%s'", from);
	return NULL;
}

// A name beside @path that is free, and says what the file is and since when.
static char *corrupt_name(const char *path)
{
	time_t now = (time_t)(clock_now_ns(CLOCK_REALTIME) / NS_PER_SEC);
	char *name = NULL;

	for (int tries = 0; tries < 64; tries++, now++) {
		char text[32];
		struct tm utc;

		if (!gmtime_r(&now, &utc) ||
		    !strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc) ||
		    asprintf(&name, "%s" INFIX "%s", path, text) < 0)
			return NULL;
		if (access(name, F_OK) < 0)
			return name;
		free(name);
	}
	return NULL;
}

// "d.db.corrupt-20261120T143005Z", of @base "d.db"; -wal and -shm are not.
static bool is_set_aside(const char *name, const char *base)
{
	static const char digits[] = "0123456789";
	size_t length = strlen(base);

	if (strncmp(name, base, length) != 0)
		return false;
	name += length;
	if (strncmp(name, INFIX, strlen(INFIX)) != 0)
		return false;
	name += strlen(INFIX);
	return strspn(name, digits) == 8 && name[8] == 'T' &&
	       strspn(name + 9, digits) == 6 && strcmp(name + 15, "Z") == 0;
}

// The oldest, by its name, of those that are one too many. Owned; NULL: none.
static char *find_oldest(DIR *folder, const char *base)
{
	const struct dirent *entry;
	char *oldest = NULL;
	unsigned int count = 0;

	rewinddir(folder);
	while ((entry = readdir(folder))) {
		if (!is_set_aside(entry->d_name, base))
			continue;
		count++;
		if (oldest && strcmp(entry->d_name, oldest) >= 0)
			continue;
		free(oldest);
		oldest = strdup(entry->d_name);
	}
	if (count > SET_ASIDE_MAX)
		return oldest;
	free(oldest);
	return NULL;
}

static bool drop(DIR *folder, const char *name)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	int result = -1;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		_cleanup_free_ char *file = profile_file_beside(name,
								suffixes[i]);

		result = file ? unlinkat(dirfd(folder), file, 0) : -1;
	}
	return result == 0;
}

// How many; what cannot be removed stays.
static unsigned int drop_oldest(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	_cleanup_free_ char *parent =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	DIR *folder = parent ? opendir(parent) : NULL;
	unsigned int dropped = 0;

	while (folder && dropped < DROPPED_MAX) {
		_cleanup_free_ char *name = find_oldest(folder, base);

		if (!name || !drop(folder, name))
			break;
		dropped++;
	}
	if (folder)
		closedir(folder);
	return dropped;
}

// The log goes with the file: it may be what is missing there.
struct error *store_set_aside(const char *path, char **ret_name,
			      unsigned int *ret_dropped)
{
	_cleanup_free_ char *name = corrupt_name(path);
	struct error *error;

	if (!name)
		return &error_nomem;
	error = move_beside(path, name, "");
	if (!error)
		error = move_beside(path, name, "-wal");
	if (!error)
		error = move_beside(path, name, "-shm");
	if (error)
		return error;
	*ret_dropped = drop_oldest(path);
	*ret_name = take_ptr(name);
	return NULL;
}
