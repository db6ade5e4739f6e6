// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/debug_file.h"

#include "base/reader.h"
#include "unwind/native/elf_image.h"
#include "unwind/regular_file.h"

#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <string.h>

enum {
	BUILD_ID_MAX = 64,
	CRC_BLOCK_BYTES = 64 << 10,
	EMBEDDED_BYTES_MAX = 64 << 20,
	// Symbol tables compress 3 to 10 times; a bomb, thousands of times.
	EMBEDDED_RATIO_MAX = 100,
	// What xz -9 needs is 65 MiB.
	DECODER_BYTES_MAX = 80 << 20,
};

// Beyond that the sum alone would take seconds.
#define CRC_FILE_BYTES_MAX (UINT64_C(2) << 30)

static bool same_build_id(const struct elf_image *a, const struct elf_image *b)
{
	size_t a_size, b_size;
	const uint8_t *a_id = elf_image_build_id(a, &a_size);
	const uint8_t *b_id = elf_image_build_id(b, &b_size);

	return a_size && a_size == b_size && !memcmp(a_id, b_id, a_size);
}

static struct elf_image *open_by_build_id(const struct elf_image *image,
					  const char *root)
{
	char hex[2 * BUILD_ID_MAX + 1], path[PATH_MAX];
	_cleanup_error_ struct error *error = NULL;
	_cleanup_close_ int fd = -1;
	struct elf_image *found = NULL;
	size_t size;
	const uint8_t *id = elf_image_build_id(image, &size);

	if (size < 2 || size > BUILD_ID_MAX)
		return NULL;
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", root, hex,
		 hex + 2);
	error = regular_file_open(path, NULL, &fd);
	if (!error)
		error = elf_image_open(fd, &found);
	if (error || same_build_id(image, found))
		return found;
	elf_image_destroy(found);
	return NULL;
}

static bool file_has_crc(int fd, uint32_t wanted)
{
	_cleanup_free_ uint8_t *block = malloc(CRC_BLOCK_BYTES);
	uint64_t offset = 0;
	uint32_t crc = 0;

	while (block && offset < CRC_FILE_BYTES_MAX) {
		ssize_t got = pread(fd, block, CRC_BLOCK_BYTES, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return !got && crc == wanted;
		crc = lzma_crc32(block, (size_t)got, crc);
		offset += (uint64_t)got;
	}
	return false;
}

/**
 * The section is a file name, zeros up to a multiple of 4, and the CRC-32 of
 * the whole debug file:
 *
 *     libfoo.so.debug\0 5e 1c 93 a0
 */
static const char *read_debuglink(struct elf_image *image, uint32_t *ret_crc)
{
	struct elf_section section;
	struct reader reader;
	const char *name;

	if (!elf_image_section(image, ".gnu_debuglink", &section))
		return NULL;
	reader_init(&reader, section.bytes, section.size);
	name = reader_string(&reader);
	reader_seek(&reader, (reader.offset + 3) & ~(size_t)3);
	*ret_crc = reader_u32(&reader);
	// A name, not a path: the file must not send us anywhere.
	if (reader.failed || !*name || strchr(name, '/') ||
	    strlen(name) > NAME_MAX || !strcmp(name, ".."))
		return NULL;
	return name;
}

/** A file without a build-id is known by the link's CRC. */
static struct elf_image *open_linked(struct elf_image *image, const char *path,
				     uint32_t crc)
{
	_cleanup_error_ struct error *error = NULL;
	_cleanup_close_ int fd = -1;
	struct elf_image *found = NULL;
	size_t id_size;

	error = regular_file_open(path, NULL, &fd);
	if (error)
		return NULL;
	elf_image_build_id(image, &id_size);
	if (!id_size && !file_has_crc(fd, crc))
		return NULL;
	error = elf_image_open(fd, &found);
	if (error || !id_size || same_build_id(image, found))
		return found;
	elf_image_destroy(found);
	return NULL;
}

static struct elf_image *open_by_debuglink(struct elf_image *image,
					   const char *path, const char *root)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *const prefixes[] = { "", "", root };
	const char *const middles[] = { "/", "/.debug/", "/" };
	struct elf_image *found = NULL;
	const char *name;
	uint32_t crc;

	if (!slash || path[0] != '/')
		return NULL;
	name = read_debuglink(image, &crc);
	for (size_t i = 0; name && !found && i < 3; i++) {
		char candidate[PATH_MAX];
		int size = snprintf(candidate, sizeof(candidate), "%s%.*s%s%s",
				    prefixes[i], (int)(slash - path), path,
				    middles[i], name);

		// Without a build-id a file could name itself.
		if (size > 0 && size < PATH_MAX && strcmp(candidate, path))
			found = open_linked(image, candidate, crc);
	}
	return found;
}

struct elf_image *debug_file_open(struct elf_image *image, const char *path,
				  const char *root)
{
	struct elf_image *found = open_by_build_id(image, root);

	return found ? found : open_by_debuglink(image, path, root);
}

/** Decodes all of @from into a growing buffer of at most @limit bytes. */
static bool inflate(lzma_stream *stream, size_t limit, uint8_t **bytes,
		    size_t *ret_size)
{
	size_t room = 0, size = 0;
	lzma_ret status = LZMA_OK;

	while (status == LZMA_OK && size < limit) {
		size_t wanted = room ? room * 2 : 256 << 10;
		uint8_t *grown;

		wanted = wanted < limit ? wanted : limit;
		grown = realloc(*bytes, wanted);
		if (!grown)
			return false;
		*bytes = grown;
		room = wanted;
		stream->next_out = grown + size;
		stream->avail_out = room - size;
		status = lzma_code(stream, LZMA_FINISH);
		size = room - stream->avail_out;
	}
	*ret_size = size;
	return status == LZMA_STREAM_END;
}

struct elf_image *debug_file_embedded(struct elf_image *image)
{
	_cleanup_error_ struct error *error = NULL;
	_cleanup_free_ uint8_t *bytes = NULL;
	lzma_stream stream = LZMA_STREAM_INIT;
	struct elf_image *found = NULL;
	struct elf_section section;
	size_t limit, size;
	bool good;

	if (!elf_image_section(image, ".gnu_debugdata", &section))
		return NULL;
	if (lzma_stream_decoder(&stream, DECODER_BYTES_MAX, 0) != LZMA_OK)
		return NULL;
	stream.next_in = section.bytes;
	stream.avail_in = section.size;
	limit = EMBEDDED_BYTES_MAX;
	if (section.size < limit / EMBEDDED_RATIO_MAX)
		limit = section.size * EMBEDDED_RATIO_MAX;
	good = inflate(&stream, limit, &bytes, &size);
	lzma_end(&stream);
	elf_image_drop_section(image, ".gnu_debugdata");
	if (good)
		error = elf_image_from_bytes(bytes, size, &found);
	return found;
}
