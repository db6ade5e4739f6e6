// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/recorded_image.h"

#include "base/array.h"
#include "base/reader.h"
#include "unwind/python/binary.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define IMAGE_MAGIC "brindle image 1\n"

enum { MAGIC_BYTES = 16, FILE_BYTES_MAX = 32 << 20, READ_STEP = 1 << 16 };

struct image_page *recorded_image_page(const struct recorded_image *image,
				       uint64_t vaddr)
{
	size_t low = 0, high = image->page_count;

	vaddr -= vaddr % IMAGE_PAGE_BYTES;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->pages[middle].vaddr < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < image->page_count && image->pages[low].vaddr == vaddr ?
		       &image->pages[low] :
		       NULL;
}

struct image_page *recorded_image_add_page(struct recorded_image *image,
					   uint64_t vaddr)
{
	size_t at = image->page_count;

	if (at >= IMAGE_PAGES_MAX ||
	    !array_reserve_one(image->pages, image->page_count,
			       image->page_capacity))
		return NULL;
	while (at && image->pages[at - 1].vaddr > vaddr)
		at--;
	memmove(&image->pages[at + 1], &image->pages[at],
		(image->page_count - at) * sizeof(image->pages[0]));
	image->page_count++;
	memset(&image->pages[at], 0, sizeof(image->pages[at]));
	image->pages[at].vaddr = vaddr - vaddr % IMAGE_PAGE_BYTES;
	return &image->pages[at];
}

ssize_t recorded_image_read(void *context, uint64_t vaddr, void *ret,
			    size_t size)
{
	const struct recorded_image *image = context;
	size_t done = 0;

	while (done < size) {
		const struct image_page *page =
			recorded_image_page(image, vaddr + done);
		size_t offset = (vaddr + done) % IMAGE_PAGE_BYTES;
		size_t part = IMAGE_PAGE_BYTES - offset;

		if (!page || page->gone)
			break;
		if (part > size - done)
			part = size - done;
		memcpy((uint8_t *)ret + done, page->bytes + offset, part);
		done += part;
	}
	if (done || !size)
		return (ssize_t)done;
	errno = EFAULT;
	return -1;
}

static struct error *unpack(const char *path, uint8_t **ret, size_t *ret_size)
{
	gzFile file = gzopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t size = 0, capacity = 0;
	int got = 0;

	if (!file)
		return error_from_errno(errno, "open '%s'", path);
	do {
		size += (size_t)got;
		if (size > FILE_BYTES_MAX ||
		    !array_reserve((void **)&bytes, &capacity, size + READ_STEP,
				   1)) {
			got = -1;
			break;
		}
		got = gzread(file, bytes + size, READ_STEP);
	} while (got > 0);
	gzclose(file);
	if (got < 0) {
		free(bytes);
		return error_create(ERROR_BAD_DATA, "unpack '%s'", path);
	}
	*ret = bytes;
	*ret_size = size;
	return NULL;
}

struct error *recorded_image_pack(const char *path, const void *bytes,
				  size_t size)
{
	gzFile file = gzopen(path, "wb9");
	int written;

	if (!file)
		return error_from_errno(errno, "open '%s'", path);
	written = gzwrite(file, bytes, (unsigned int)size);
	if (gzclose(file) != Z_OK || written != (int)size)
		return error_create(ERROR_SYSTEM, "write '%s'", path);
	return NULL;
}

static bool read_page(struct recorded_image *image, struct reader *reader)
{
	uint64_t vaddr = reader_u64(reader), mask = reader_u64(reader);
	struct image_page *page = recorded_image_page(image, vaddr);

	if (!page)
		page = recorded_image_add_page(image, vaddr);
	for (unsigned int i = 0; page && i < 64; i++) {
		const uint8_t *bytes =
			mask >> i & 1 ? reader_bytes(reader, IMAGE_PART_BYTES) :
					NULL;

		if (bytes)
			memcpy(page->bytes + i * IMAGE_PART_BYTES, bytes,
			       IMAGE_PART_BYTES);
	}
	return page && !reader->failed;
}

static struct error *read_pages(const char *path, struct recorded_image *image)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	struct reader reader;
	const uint8_t *magic;
	size_t size;
	struct error *error = unpack(path, &bytes, &size);

	if (error)
		return error;
	reader_init(&reader, bytes, size);
	magic = reader_bytes(&reader, MAGIC_BYTES);
	if (!magic || memcmp(magic, IMAGE_MAGIC, MAGIC_BYTES))
		return error_create(ERROR_BAD_DATA, "'%s': no image", path);
	while (reader_left(&reader))
		if (!read_page(image, &reader))
			return error_create(ERROR_BAD_DATA, "'%s': cut", path);
	return NULL;
}

struct error *recorded_image_write_pages(const struct recorded_image *image,
					 const char *path)
{
	static const uint8_t zeros[IMAGE_PART_BYTES];
	size_t page_bytes = sizeof(struct image_page) + sizeof(uint64_t);
	_cleanup_free_ uint8_t *bytes =
		malloc(MAGIC_BYTES + image->page_count * page_bytes);
	uint8_t *at = bytes;

	if (!bytes)
		return &error_nomem;
	memcpy(at, IMAGE_MAGIC, MAGIC_BYTES);
	at += MAGIC_BYTES;
	for (size_t i = 0; i < image->page_count; i++) {
		const struct image_page *page = &image->pages[i];
		uint8_t *head = at;
		uint64_t mask = 0;

		at += 2 * sizeof(uint64_t);
		for (unsigned int k = 0; k < 64; k++) {
			const uint8_t *part = page->bytes + k * IMAGE_PART_BYTES;

			if (!memcmp(part, zeros, IMAGE_PART_BYTES))
				continue;
			mask |= UINT64_C(1) << k;
			memcpy(at, part, IMAGE_PART_BYTES);
			at += IMAGE_PART_BYTES;
		}
		memcpy(head, &page->vaddr, sizeof(page->vaddr));
		memcpy(head + sizeof(page->vaddr), &mask, sizeof(mask));
	}
	return recorded_image_pack(path, bytes, (size_t)(at - bytes));
}

bool recorded_image_find_python(struct recorded_image *image)
{
	const struct mapping *mapping = space_find_python(image->sample.space);
	const struct python_binary *python =
		mapping ? module_python(mapping->module) : NULL;

	if (!python || !python->layout)
		return false;
	image->layout = python->layout;
	image->runtime = mapping->bias + python->runtime_vaddr;
	image->code_type = python->code_type_vaddr ?
				   mapping->bias + python->code_type_vaddr :
				   0;
	// The eval loop's ranges come with its CFI.
	module_cfi(mapping->module);
	image->entry = mapping->bias + python->eval[0].start;
	image->entry_end = mapping->bias + python->entry_end;
	return true;
}

static struct error *read_sample(const char *path, struct recorded_image *image)
{
	size_t size;
	FILE *file;
	struct error *error = unpack(path, &image->sample_bytes, &size);

	if (error)
		return error;
	file = size ? fmemopen(image->sample_bytes, size, "r") : NULL;
	if (!file)
		return error_from_errno(errno, "read '%s'", path);
	error = sample_reader_from(file, &image->reader);
	if (!error)
		error = sample_reader_get(image->reader, 0, &image->sample);
	if (error)
		return error_wrap(error, "'%s'", path);
	return recorded_image_find_python(image) ?
		       NULL :
		       error_create(ERROR_BAD_DATA, "'%s': no Python", path);
}

struct error *recorded_image_open(const char *path, struct recorded_image *ret)
{
	_cleanup_free_ char *pages = NULL, *sample = NULL;
	struct error *error;

	*ret = (struct recorded_image){ 0 };
	if (asprintf(&pages, "%s.pages.gz", path) < 0 ||
	    asprintf(&sample, "%s.sample.gz", path) < 0)
		return &error_nomem;
	error = read_pages(pages, ret);
	if (!error)
		error = read_sample(sample, ret);
	if (error)
		recorded_image_deinit(ret);
	return error;
}

void recorded_image_deinit(struct recorded_image *image)
{
	sample_reader_destroy(image->reader);
	free(image->sample_bytes);
	free(image->pages);
	*image = (struct recorded_image){ 0 };
}
