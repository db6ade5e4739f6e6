// SPDX-License-Identifier: Apache-2.0
#include "schema/profile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "schema/migration.h"

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

static struct error *inspect_open(const char *path, int fd,
				  struct profile_file *file)
{
	static const char magic[] = "SQLite format 3";
	uint8_t header[HEADER_BYTES];
	struct stat status;
	ssize_t size;

	if (fstat(fd, &status) < 0)
		return error_from_errno(errno, "open '%s'", path);
	if (S_ISDIR(status.st_mode))
		return error_create(ERROR_USAGE, "'%s' is a directory", path);
	if (!S_ISREG(status.st_mode))
		return error_create(ERROR_USAGE, "'%s' is not a regular file",
				    path);
	size = pread(fd, header, sizeof(header), 0);
	if (size < 0)
		return error_from_errno(errno, "read '%s'", path);
	file->size_bytes = (uint64_t)status.st_size;
	if (size == 0)
		file->kind = PROFILE_FILE_EMPTY;
	else if (size == sizeof(header) &&
		 memcmp(header, magic, sizeof(magic)) == 0)
		parse_header(header, file);
	return NULL;
}

struct error *profile_file_inspect(const char *path, struct profile_file *ret)
{
	struct profile_file file = { .kind = PROFILE_FILE_FOREIGN };
	// A FIFO must not block us, a terminal not become ours.
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct error *error;

	if (fd < 0 && errno == ENOENT) {
		*ret = (struct profile_file){ .kind = PROFILE_FILE_NONE };
		return NULL;
	}
	if (fd < 0)
		return error_from_errno(errno, "open '%s'", path);
	error = inspect_open(path, fd, &file);
	if (error)
		return error;
	file.wal_bytes = size_beside(path, "-wal");
	*ret = file;
	return NULL;
}
