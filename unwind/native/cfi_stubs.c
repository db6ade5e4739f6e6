// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_stubs.h"

#include <dwarf.h>
#include <elf.h>
#include <string.h>

enum {
	CODE_BYTES_MAX = 256 << 10, // libffi has 47 KB
	STUBS_MAX = 128,	    // a page of trampolines, and a few
	ALIGNMENT = 8,
	RSP = 7, // DWARF numbers of x86-64
	RIP = 16,
	CFA_AT_CALL = 8,
	LENGTH_BYTES = 4,
	FDE_BYTES = 29,
};

// How it begins, and the CFA's distance from the stack pointer, which the
// instruction before `moved_at` changes.
struct stub_kind {
	uint8_t bytes[16];
	uint8_t size, length, moved_at, before, after;
};

static const struct stub_kind kinds[] = {
	{ .bytes = { 0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x83, 0xec, 0x10, 0x4c, 0x89,
		     0x14, 0x24, 0x4c, 0x8b, 0x15 },
	  .size = 15,
	  .length = 40,
	  .moved_at = 8,
	  .before = 8,
	  .after = 24 },
	{ .bytes = { 0xf3, 0x0f, 0x1e, 0xfa, 0x4c, 0x8b, 0x54, 0x24, 0x08, 0x48,
		     0x83, 0xc4, 0x10, 0xe9 },
	  .size = 14,
	  .length = 18,
	  .moved_at = 13,
	  .before = 24,
	  .after = 8 },
};

static const struct stub_kind *find_kind(const uint8_t *bytes, size_t left)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].length <= left &&
		    !memcmp(bytes, kinds[i].bytes, kinds[i].size))
			return &kinds[i];
	return NULL;
}

static void put(uint8_t *bytes, size_t *size, const void *from, size_t count)
{
	memcpy(bytes + *size, from, count);
	*size += count;
}

// DWARF 5 6.4.1: an entry begins with the length of what follows.
static void put_length(uint8_t *bytes, size_t start, size_t end)
{
	uint32_t length = (uint32_t)(end - start - LENGTH_BYTES);

	memcpy(bytes + start, &length, sizeof(length));
}

// Version 1, no augmentation, factors 1 and -8, returns through RIP.
static void put_cie(uint8_t *bytes, size_t *size)
{
	static const uint8_t cie[] = {
		0,
		0,
		0,
		0,
		0xff,
		0xff,
		0xff,
		0xff,
		1,
		0,
		1,
		0x78,
		RIP,
		DW_CFA_def_cfa,
		RSP,
		CFA_AT_CALL,
		DW_CFA_offset | RIP,
		1,
	};

	put(bytes, size, cie, sizeof(cie));
	put_length(bytes, 0, *size);
}

static void put_fde(uint8_t *bytes, size_t *size, uint64_t vaddr,
		    const struct stub_kind *kind)
{
	static const uint8_t head[2 * LENGTH_BYTES]; // length, CIE at 0
	const uint8_t program[] = {
		DW_CFA_def_cfa_offset,
		kind->before,
		DW_CFA_advance_loc | kind->moved_at,
		DW_CFA_def_cfa_offset,
		kind->after,
	};
	uint64_t range = kind->length;
	size_t start = *size;

	put(bytes, size, head, sizeof(head));
	put(bytes, size, &vaddr, sizeof(vaddr));
	put(bytes, size, &range, sizeof(range));
	put(bytes, size, program, sizeof(program));
	put_length(bytes, start, *size);
}

static void put_stubs_of(struct elf_image *image, const struct elf_load *load,
			 uint8_t *ret, size_t *size)
{
	uint64_t count = load->file_size;
	_cleanup_free_ uint8_t *code = NULL;

	if (!load->executable || load->vaddr % ALIGNMENT ||
	    count > CODE_BYTES_MAX)
		return;
	code = malloc(count + 1);
	if (!code || !elf_image_read(image, load->vaddr, code, count))
		return;
	for (uint64_t at = 0; at < count; at += ALIGNMENT) {
		const struct stub_kind *kind = find_kind(code + at, count - at);

		if (kind && *size + FDE_BYTES <= CFI_STUBS_BYTES_MAX)
			put_fde(ret, size, load->vaddr + at, kind);
	}
}

size_t cfi_stubs_section(struct elf_image *image, uint8_t *ret)
{
	uint64_t vaddr, bytes;
	size_t size = 0;

	_Static_assert(STUBS_MAX * FDE_BYTES + 64 <= CFI_STUBS_BYTES_MAX,
		       "all of them fit");
	if (elf_image_machine(image) != EM_X86_64 ||
	    !elf_image_find_symbol(image, "ffi_closure_alloc", &vaddr, &bytes))
		return 0;
	put_cie(ret, &size);
	for (size_t i = 0; i < elf_image_load_count(image); i++)
		put_stubs_of(image, elf_image_load(image, i), ret, &size);
	return size;
}
