// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/python_files.h"

#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"

#include <uthash.h>

struct file_key {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

// A file may have gone out of reach with the process that had it mapped, or
// cannot be read for the moment: so often it is tried again.
enum { OPENS_MAX = 8 };

struct known_file {
	struct file_key key;
	unsigned int opens_left; // 0: what it is has been decided
	uint64_t generation; // 0: not known
	struct python_file file; // binary NULL: not a CPython
	UT_hash_handle hh;
};

struct python_files {
	const struct opener *opener; // borrowed
	struct known_file *known; // uthash by key
};

struct python_files *python_files_create(const struct opener *opener)
{
	struct python_files *files = calloc(1, sizeof(*files));

	if (files)
		files->opener = opener;
	return files;
}

static void forget(struct python_files *files, struct known_file *known)
{
	HASH_DEL(files->known, known);
	python_binary_destroy(known->file.binary);
	elf_image_destroy(known->file.image);
	free(known);
}

static void forget_all(struct python_files *files)
{
	struct known_file *known, *next;

	HASH_ITER(hh, files->known, known, next)
		forget(files, known);
}

void python_files_destroy(struct python_files *files)
{
	if (!files)
		return;
	forget_all(files);
	free(files);
}

// What a file is, is decided unless a part of it could not be read.
static bool is_decided(struct elf_image *image, const struct error *error)
{
	if (error && error->code != ERROR_BAD_DATA &&
	    error->code != ERROR_UNSUPPORTED)
		return false;
	return !image || !elf_image_take_failure(image);
}

// The image is kept for CPythons only: its load headers give the bias. What was
// read of it is 1 to 3 MiB, and each container brings a file of its own.
static bool read_file(int fd, struct python_file *ret)
{
	_cleanup_error_ struct error *error = elf_image_open(fd, &ret->image);
	bool decided;

	if (!error)
		error = python_binary_read(ret->image, &ret->binary);
	decided = is_decided(ret->image, error);
	if (ret->binary && decided) {
		elf_image_drop_sections(ret->image);
		return true;
	}
	python_binary_destroy(ret->binary);
	elf_image_destroy(ret->image);
	*ret = (struct python_file){ 0 };
	return decided;
}

static void open_file(const struct opener *opener, pid_t pid,
		      const struct opener_mapping *mapping,
		      struct known_file *known)
{
	_cleanup_close_ int fd = -1;
	struct error *error = opener_mapped_file(opener, pid, mapping, &fd);

	known->opens_left--;
	if (error) {
		error_destroy(error);
		return;
	}
	if (read_file(fd, &known->file))
		known->opens_left = 0;
}

const struct python_file *python_files_get(struct python_files *files,
					   pid_t pid,
					   const struct opener_mapping *mapping,
					   uint64_t generation)
{
	struct file_key key = { mapping->inode, mapping->dev_major,
				mapping->dev_minor };
	struct known_file *known;

	if (!mapping->inode)
		return NULL;
	HASH_FIND(hh, files->known, &key, sizeof(key), known);
	if (known && generation && known->generation &&
	    generation != known->generation) {
		forget(files, known);
		known = NULL;
	}
	if (!known) {
		if (HASH_COUNT(files->known) >= PYTHON_FILES_MAX)
			forget_all(files);
		known = calloc(1, sizeof(*known));
		if (!known)
			return NULL;
		known->key = key;
		known->opens_left = OPENS_MAX;
		HASH_ADD(hh, files->known, key, sizeof(key), known);
	}
	if (known->opens_left)
		open_file(files->opener, pid, mapping, known);
	if (generation)
		known->generation = generation;
	return known->file.binary ? &known->file : NULL;
}
