/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ELF file held in memory, checked once, so that everything that reads it
 * afterwards can trust its offsets. Foreign files are never mmapped: somebody
 * could truncate them under us (SIGBUS).
 *
 * Reads only what is needed: headers, then sections one by one on request
 * (decompressed within a limit). Owned by its module.
 */
#ifndef BRINDLE_UNWIND_NATIVE_ELF_IMAGE_H
#define BRINDLE_UNWIND_NATIVE_ELF_IMAGE_H

#include "base/error.h"

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct elf_image;

/** A section's bytes. Borrowed from the image, which keeps them. */
struct elf_section {
	const uint8_t *bytes;
	size_t size;
	uint64_t vaddr;
	uint64_t file_offset;
};

struct elf_load {
	uint64_t file_offset, vaddr, file_size, memory_size;
	bool executable;
};

/** Reads from @fd (pread; stays the caller's). Regular files only. */
struct error *elf_image_open(int fd, struct elf_image **ret);

/** Over @bytes, which are copied: the vdso, tests, fuzz targets. */
struct error *elf_image_from_bytes(const void *bytes, size_t size,
				   struct elf_image **ret);
void elf_image_destroy(struct elf_image *image);

uint16_t elf_image_machine(const struct elf_image *image);

/** Where the kernel starts the program, or its loader (e_entry); 0: nowhere. */
uint64_t elf_image_entry(const struct elf_image *image);

/** False: the file has no such section (or it is broken or too large). */
bool elf_image_section(struct elf_image *image, const char *name,
		       struct elf_section *ret);

/** Frees the bytes of a section that nobody will use any more. */
void elf_image_drop_section(struct elf_image *image, const char *name);
/** The same of all of them. */
void elf_image_drop_sections(struct elf_image *image);

size_t elf_image_load_count(const struct elf_image *image);
const struct elf_load *elf_image_load(const struct elf_image *image, size_t i);

/** ELF vaddr of a file offset, through the load headers. */
bool elf_image_vaddr_of_offset(const struct elf_image *image,
			       uint64_t file_offset, uint64_t *ret);

/** Bytes at an ELF vaddr in the file (not .bss). False: not in the file. */
bool elf_image_read(struct elf_image *image, uint64_t vaddr, void *ret,
		    size_t size);

/** The GNU build-id note; size 0 when there is none. Borrowed. */
const uint8_t *elf_image_build_id(const struct elf_image *image,
				  size_t *ret_size);

/** A symbol of .dynsym or .symtab by exact name. */
bool elf_image_find_symbol(struct elf_image *image, const char *name,
			   uint64_t *ret_vaddr, uint64_t *ret_size);

/**
 * Calls @visit for every defined function symbol of both tables, until it
 * returns false. Names are borrowed for the call.
 */
typedef bool (*elf_symbol_fn)(void *context, const char *name, uint64_t vaddr,
			      uint64_t size, unsigned char info);
void elf_image_each_function(struct elf_image *image, elf_symbol_fn visit,
			     void *context);

/**
 * Whether since the last call something of the file was not told though the
 * file has it: it could not be read, or there was no memory. What was not found
 * meanwhile may be there, and can be asked for again.
 */
bool elf_image_take_failure(struct elf_image *image);

/** The libelf handle over the same bytes, for libdw. Borrowed; may be NULL. */
Elf *elf_image_elf(struct elf_image *image);

#endif
