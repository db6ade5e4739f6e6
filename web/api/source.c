// SPDX-License-Identifier: Apache-2.0
#include "web/api/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

void source_text_deinit(struct source_text *source)
{
	free(source->text);
	*source = (struct source_text){ 0 };
}

// What source files end with; what else a profile names is not shown.
static bool is_source(const char *path)
{
	static const char *const endings[] = {
		".py", ".pyx", ".pxd", ".pyi", ".c",  ".h",   ".cc",
		".cpp", ".cxx", ".hh", ".hpp", ".S",  ".s",   ".rs",
		".go", ".f90", ".js",  ".ts",  ".rb", ".pl",  ".sh",
	};
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t size = strlen(endings[i]);

		if (length > size &&
		    strcmp(path + length - size, endings[i]) == 0)
			return true;
	}
	return false;
}

// NULL: it was read.
static const char *read_bytes(int fd, size_t size, char **ret)
{
	char *bytes = malloc(size + 1);
	size_t done = 0;
	ssize_t count;

	if (!bytes)
		return "There is no memory for it.";
	while (done < size) {
		count = read(fd, bytes + done, size - done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	*ret = text_repair(bytes, done);
	free(bytes);
	return *ret ? NULL : "There is no memory for it.";
}

// Neither waiting for a pipe's other end nor opening a device does harm so.
static const char *read_file(const char *path, char **ret)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) != 0)
		return errno == ENOENT || errno == ENOTDIR ?
			       "There is no such file on this host." :
			       "The server may not read this file.";
	if (!S_ISREG(stat.st_mode))
		return "It is not a regular file.";
	if (stat.st_size > SOURCE_BYTES_MAX)
		return "It is larger than 4 MiB.";
	return read_bytes(fd, (size_t)stat.st_size, ret);
}

struct error *source_text_read(struct source_text *source,
			       const struct api_host *host, const char *path)
{
	*source = (struct source_text){ 0 };
	if (!host->source_files)
		source->note = "This server does not show source files.";
	else if (*path != '/' || strstr(path, "/../"))
		source->note = "Where this file is, is not known.";
	else if (!is_source(path))
		source->note = "Its name does not end like that of a source "
			       "file.";
	else
		source->note = read_file(path, &source->text);
	return NULL;
}
