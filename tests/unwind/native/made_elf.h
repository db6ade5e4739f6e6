/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF files made by tests: a header, one executable segment at MADE_BASE, and
 * the sections one asks for.
 */
#ifndef BRINDLE_TESTS_UNWIND_NATIVE_MADE_ELF_H
#define BRINDLE_TESTS_UNWIND_NATIVE_MADE_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MADE_BASE = 0x1000,   /* vaddr of the code */
	MADE_CODE = 0x100000, /* its bytes, all of them .bss */
	MADE_SECTION_VADDR = 0x400000, /* of each section's first byte */
	MADE_SECTIONS_MAX = 8,
};

struct made_section {
	const char *name;
	uint32_t type;
	uint64_t flags;
	uint32_t link;
	const void *bytes;
	size_t size;
};

/** Sections are numbered from 1; the names come last. Free() the result. */
void *made_elf(uint16_t machine, const struct made_section *sections,
	       size_t count, size_t *ret_size);

#endif
