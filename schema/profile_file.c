// SPDX-License-Identifier: Apache-2.0
#include "schema/profile_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "schema/migration.h"
#include "schema/sql.h"

enum { HEADER_BYTES = 100 };

char *profile_file_beside(const char *path, const char *suffix)
{
	char *beside;

	return asprintf(&beside, "%s%s", path, suffix) < 0 ? NULL : beside;
}

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

// Offsets: 16 page size (1 means 65,536), 24 change counter, 28 pages, 68
// application id, 92 the change counter for which the page count is right.
static void parse_header(const uint8_t *header, struct profile_file *file)
{
	uint32_t page_bytes = (uint32_t)header[16] << 8 | header[17];

	file->kind = PROFILE_FILE_DATABASE;
	if (big_endian(header + 68) != MIGRATION_APPLICATION_ID)
		return;
	file->kind = PROFILE_FILE_OURS;
	if (page_bytes == 1)
		page_bytes = 65536;
	if (big_endian(header + 24) == big_endian(header + 92))
		file->wanted_bytes =
			(uint64_t)big_endian(header + 28) * page_bytes;
}

static uint64_t size_beside(const char *path, const char *suffix)
{
	_cleanup_free_ char *beside = profile_file_beside(path, suffix);
	struct stat status;

	if (!beside || stat(beside, &status) < 0)
		return 0;
	return (uint64_t)status.st_size;
}

static struct error *check_type(const char *path, const struct stat *status)
{
	if (S_ISDIR(status->st_mode))
		return error_create(ERROR_USAGE, "'%s' is a directory", path);
	if (!S_ISREG(status->st_mode))
		return error_create(ERROR_USAGE, "'%s' is not a regular file",
				    path);
	return NULL;
}

/*
 * Through SQLite's own file, for POSIX has a trap: closing any descriptor of a
 * file drops all locks that the process has on it, and so those of another
 * connection to the same profile (sqlite.org/howtocorrupt.html 2.2).
 */
static struct error *read_header(const char *path, uint8_t *header)
{
	_cleanup_database_ sqlite3 *database = NULL;
	sqlite3_file *file;
	int result;

	result = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL);
	if (result == SQLITE_CANTOPEN)
		return error_from_errno(sqlite3_system_errno(database),
					"open '%s'", path);
	if (result == SQLITE_OK)
		result = sqlite3_file_control(database, "main",
					      SQLITE_FCNTL_FILE_POINTER, &file);
	if (result == SQLITE_OK)
		result = file->pMethods->xRead(file, header, HEADER_BYTES, 0);
	if (result == SQLITE_OK || result == SQLITE_IOERR_SHORT_READ)
		return NULL;
	return error_wrap(sql_error(database, result), "read '%s'", path);
}

struct error *profile_file_inspect(const char *path, struct profile_file *ret)
{
	static const char magic[] = "SQLite format 3";
	struct profile_file file = { .kind = PROFILE_FILE_FOREIGN };
	uint8_t header[HEADER_BYTES] = { 0 };
	struct stat status;
	struct error *error;

	if (stat(path, &status) < 0) {
		if (errno != ENOENT)
			return error_from_errno(errno, "open '%s'", path);
		*ret = (struct profile_file){ .kind = PROFILE_FILE_NONE };
		return NULL;
	}
	error = check_type(path, &status);
	if (!error)
		error = read_header(path, header);
	if (error)
		return error;
	file.size_bytes = (uint64_t)status.st_size;
	if (file.size_bytes == 0)
		file.kind = PROFILE_FILE_EMPTY;
	else if (file.size_bytes >= HEADER_BYTES &&
		 memcmp(header, magic, sizeof(magic)) == 0)
		parse_header(header, &file);
	file.wal_bytes = size_beside(path, "-wal");
	*ret = file;
	return NULL;
}
