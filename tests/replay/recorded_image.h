/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded image: of one thread of a real interpreter, at one instant, all
 * that is needed to read and to walk it again without the interpreter. The
 * memory that was read, as pages; registers, the top of the stack, mappings and
 * CFI rows, as a kept sample (daemon/replay/sample_format.h).
 *
 *     NAME.pages.gz   "brindle image 1\n", then pages: vaddr u64, mask u64,
 *                     64 bytes for each bit of the mask, from bit 0 on. What
 *                     no bit stands for was not needed, and is zero.
 *     NAME.sample.gz  one sample, without a snapshot
 *     NAME.txt        what the interpreter itself said: a line for each Python
 *                     frame, leaf first: "qualified name <tab> file <tab> line"
 *
 * The first two are made by record_image.c, all three by record_images.sh.
 */
#ifndef BRINDLE_TESTS_REPLAY_RECORDED_IMAGE_H
#define BRINDLE_TESTS_REPLAY_RECORDED_IMAGE_H

#include "daemon/replay/sample_reader.h"
#include "unwind/live_memory.h"

enum {
	IMAGE_PAGE_BYTES = 4096,
	IMAGE_PART_BYTES = 64, /* what one bit of a page's mask stands for */
	IMAGE_PAGES_MAX = 4096,
};

struct image_page {
	uint64_t vaddr;
	bool gone; /* not mapped any more: a test's doing */
	uint8_t bytes[IMAGE_PAGE_BYTES];
};

struct recorded_image {
	struct image_page *pages; /* owned; by ascending address */
	size_t page_count, page_capacity;
	struct sample_reader *reader; /* owned */
	struct kept_sample sample;    /* borrowed from the reader */
	uint8_t *sample_bytes;	      /* owned; what the reader reads */
	/* Of the interpreter, in the process. */
	uint64_t runtime, code_type, entry, entry_end;
	const struct python_layout *layout;
};

/** Reads PATH.pages.gz and PATH.sample.gz. */
struct error *recorded_image_open(const char *path, struct recorded_image *ret);

/** Zeros are left out. */
struct error *recorded_image_write_pages(const struct recorded_image *image,
					 const char *path);
void recorded_image_deinit(struct recorded_image *image);

/** The page of @vaddr, or NULL. Borrowed until one is added. */
struct image_page *recorded_image_page(const struct recorded_image *image,
				       uint64_t vaddr);

/** A page that is not there yet, zeroed. NULL: no memory, or too many. */
struct image_page *recorded_image_add_page(struct recorded_image *image,
					   uint64_t vaddr);

/** Fills in what follows from the sample. False: it has no interpreter. */
bool recorded_image_find_python(struct recorded_image *image);

/** As pread(2): reads what was recorded. @context is the image. */
ssize_t recorded_image_read(void *context, uint64_t vaddr, void *ret,
			    size_t size);

/** Compresses @bytes into a file. */
struct error *recorded_image_pack(const char *path, const void *bytes,
				  size_t size);

#endif
