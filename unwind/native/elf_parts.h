/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an ELF image, shared by the three files that implement it:
 * elf_image.c checks headers, elf_section.c fetches and inflates sections,
 * elf_symbols.c walks symbol tables. Their test includes it, nobody else.
 */
#ifndef BRINDLE_UNWIND_NATIVE_ELF_PARTS_H
#define BRINDLE_UNWIND_NATIVE_ELF_PARTS_H

#include "unwind/native/elf_image.h"

#include <elf.h>
#include <stddef.h>

enum elf_section_state {
	ELF_SECTION_UNREAD,
	ELF_SECTION_READ,
	ELF_SECTION_UNUSABLE,
};

/** What became of a section; parallel to the section headers. */
struct elf_section_cache {
	enum elf_section_state state;
	uint8_t *bytes; /* owned; zeros follow, so that strings end */
	size_t size;
};

struct elf_image {
	int fd;		     /* owned duplicate; -1: the file is in `bytes` */
	uint8_t *bytes;	     /* owned, or NULL */
	uint64_t size;
	uint16_t machine;
	uint64_t entry;
	Elf64_Shdr *section; /* owned */
	struct elf_section_cache *cache; /* owned */
	size_t section_count;
	size_t name_section; /* index of .shstrtab; 0: none */
	struct elf_load *load; /* owned */
	size_t load_count;
	uint64_t bytes_held; /* by all section caches */
	uint8_t *build_id;   /* owned, or NULL */
	size_t build_id_size;
	Elf *elf;	     /* owned; made when asked for */
	bool elf_tried;
	bool failed; /* see elf_image_take_failure() */
};

/** All of the range or false, with a message left to the caller. A read that
 *  fails inside of the file is a failure of the image, too. */
bool elf_image_fetch(struct elf_image *image, uint64_t offset, void *ret,
		     size_t size);

/** The bytes of section @index, read and inflated once. */
bool elf_image_section_at(struct elf_image *image, size_t index,
			  struct elf_section *ret);

/** Frees what elf_image_section_at() keeps; it can be asked for again. */
void elf_image_drop_section_at(struct elf_image *image, size_t index);

#endif
