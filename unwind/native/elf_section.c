// SPDX-License-Identifier: Apache-2.0
/*
 * Sections by name or index. A compressed section (SHF_COMPRESSED) starts with
 *
 *     Elf64_Chdr { ch_type: 1 zlib, 2 zstd; ch_size: inflated; ch_addralign }
 *
 * Authority: gABI "Sections", "Section Compression".
 */
#include "unwind/native/elf_parts.h"

#include "base/cleanup.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
	// Largest met: 230 MiB, the .strtab of a browser with all symbols.
	SECTION_BYTES_MAX = 256 << 20,
	// Per file, so that a thousand sections cannot add up.
	IMAGE_BYTES_MAX = 512 << 20,
	// A bomb is refused by its header: real debug sections inflate about
	// 3 times, string tables up to 20 times.
	INFLATED_BYTES_MAX = 64 << 20,
	INFLATE_RATIO_MAX = 100,
	// Zeros after the bytes end the last string of a string table.
	PADDING_BYTES = 8,
};

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

static bool inflate_zlib(const uint8_t *from, size_t from_size, uint8_t *to,
			 size_t to_size)
{
	uLongf size = to_size;

	return uncompress(to, &size, from, from_size) == Z_OK &&
	       size == to_size;
}

static bool inflate_zstd(const uint8_t *from, size_t from_size, uint8_t *to,
			 size_t to_size)
{
	size_t size = ZSTD_decompress(to, to_size, from, from_size);

	return !ZSTD_isError(size) && size == to_size;
}

static bool inflate_section(const uint8_t *raw, size_t raw_size, size_t room,
			    struct elf_section_cache *ret)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	Elf64_Chdr header;
	bool good;

	if (raw_size < sizeof(header))
		return false;
	memcpy(&header, raw, sizeof(header));
	raw += sizeof(header);
	raw_size -= sizeof(header);
	if (header.ch_size > INFLATED_BYTES_MAX || header.ch_size > room ||
	    header.ch_size / INFLATE_RATIO_MAX > raw_size)
		return false;
	bytes = calloc(1, header.ch_size + PADDING_BYTES);
	if (!bytes)
		return false;
	if (header.ch_type == ELFCOMPRESS_ZLIB)
		good = inflate_zlib(raw, raw_size, bytes, header.ch_size);
	else if (header.ch_type == ELFCOMPRESS_ZSTD)
		good = inflate_zstd(raw, raw_size, bytes, header.ch_size);
	else
		good = false;
	if (!good)
		return false;
	ret->size = header.ch_size;
	ret->bytes = take_ptr(bytes);
	return true;
}

static bool read_section(struct elf_image *image, const Elf64_Shdr *header,
			 struct elf_section_cache *ret)
{
	size_t room = IMAGE_BYTES_MAX - image->bytes_held;
	_cleanup_free_ uint8_t *bytes = NULL;

	if (header->sh_type == SHT_NOBITS || header->sh_type == SHT_NULL ||
	    header->sh_size > SECTION_BYTES_MAX || header->sh_size > room ||
	    header->sh_offset > image->size ||
	    header->sh_size > image->size - header->sh_offset)
		return false;
	bytes = malloc(header->sh_size + PADDING_BYTES);
	if (!bytes) {
		image->failed = true;
		return false;
	}
	if (!elf_image_fetch(image, header->sh_offset, bytes, header->sh_size))
		return false;
	memset(bytes + header->sh_size, 0, PADDING_BYTES);
	if (header->sh_flags & SHF_COMPRESSED)
		return inflate_section(bytes, header->sh_size, room, ret);
	ret->size = header->sh_size;
	ret->bytes = take_ptr(bytes);
	return true;
}

// What only failed now is to be had another time.
static void look_at_section(struct elf_image *image, size_t index)
{
	struct elf_section_cache *cache = &image->cache[index];
	bool failed = elf_image_take_failure(image);

	if (read_section(image, &image->section[index], cache)) {
		cache->state = ELF_SECTION_READ;
		image->bytes_held += cache->size;
	} else if (!image->failed) {
		cache->state = ELF_SECTION_UNUSABLE;
	}
	image->failed |= failed;
}

bool elf_image_section_at(struct elf_image *image, size_t index,
			  struct elf_section *ret)
{
	struct elf_section_cache *cache;

	if (index == SHN_UNDEF || index >= image->section_count)
		return false;
	cache = &image->cache[index];
	if (cache->state == ELF_SECTION_UNREAD)
		look_at_section(image, index);
	if (cache->state != ELF_SECTION_READ)
		return false;
	*ret = (struct elf_section){
		.bytes = cache->bytes,
		.size = cache->size,
		.vaddr = image->section[index].sh_addr,
		.file_offset = image->section[index].sh_offset,
	};
	return true;
}

void elf_image_drop_section_at(struct elf_image *image, size_t index)
{
	struct elf_section_cache *cache = &image->cache[index];

	if (cache->state != ELF_SECTION_READ)
		return;
	image->bytes_held -= cache->size;
	free(cache->bytes);
	*cache = (struct elf_section_cache){ .state = ELF_SECTION_UNREAD };
}

// 0, the section that is none, when there is no such name.
static size_t find_section(struct elf_image *image, const char *name)
{
	size_t name_size = strlen(name) + 1;
	struct elf_section names;

	if (!elf_image_section_at(image, image->name_section, &names))
		return SHN_UNDEF;
	for (size_t i = 1; i < image->section_count; i++) {
		size_t offset = image->section[i].sh_name;

		if (offset < names.size && name_size <= names.size - offset &&
		    !memcmp(names.bytes + offset, name, name_size))
			return i;
	}
	return SHN_UNDEF;
}

bool elf_image_section(struct elf_image *image, const char *name,
		       struct elf_section *ret)
{
	return elf_image_section_at(image, find_section(image, name), ret);
}

void elf_image_drop_section(struct elf_image *image, const char *name)
{
	size_t index = find_section(image, name);

	if (index != SHN_UNDEF && index != image->name_section)
		elf_image_drop_section_at(image, index);
}

void elf_image_drop_sections(struct elf_image *image)
{
	for (size_t i = 0; i < image->section_count; i++)
		if (i != image->name_section)
			elf_image_drop_section_at(image, i);
}
