// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/native/exercise_elf.h"

#include "unwind/native/elf_image.h"
#include "unwind/native/native_step.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_UPS = 600, STACK = 0x7000, STACK_BYTES = 512 };

struct tally {
	size_t names, bytes;
};

// elf_symbol_fn; touches all of the name.
static bool count_symbol(void *context, const char *name, uint64_t vaddr,
			 uint64_t size, unsigned char info)
{
	struct tally *tally = context;

	tally->bytes += strlen(name) + vaddr + size + info;
	return ++tally->names < 100000;
}

static void step_from(const struct cfi_table *table, const struct cfi_row *row,
		      uint64_t vaddr)
{
	static const uint8_t stack[STACK_BYTES];
	struct memory memory = { .segment_count = 0 };
	struct regs regs = { .pc = vaddr };
	uint64_t cfa;

	for (unsigned int i = 0; i < arch_x86_64.reg_count; i++)
		regs_set(&regs, i, STACK + 8 * i);
	memory_add(&memory, STACK, stack, sizeof(stack));
	if (native_cfa(&arch_x86_64, table, row, &regs, &memory, &cfa) ==
	    STEP_OK)
		native_step(&arch_x86_64, table, row, cfa, vaddr & 1, &memory,
			    &regs);
}

void exercise_table(const struct cfi_table *table)
{
	uint64_t start, end;

	for (uint64_t i = 0; i < LOOK_UPS; i++) {
		uint64_t vaddr = 0xff0 + i;
		const struct cfi_row *row = cfi_table_find(table, vaddr);

		if (row)
			step_from(table, row, vaddr);
		if (row && (!cfi_table_function(table, vaddr, &start, &end) ||
			    vaddr < start || vaddr >= end))
			abort();
	}
	cfi_table_find(table, 0);
	cfi_table_find(table, UINT64_MAX);
	if (cfi_table_row_count(table) > cfi_table_bytes(table))
		abort();
}

static void ask_sections(struct elf_image *image)
{
	static const char *const names[] = {
		".text", ".eh_frame", ".debug_frame", ".dynstr", ".symtab",
		".gnu_debugdata", ".note.gnu.build-id", "", ".shstrtab",
	};
	struct elf_section section;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int again = 0; again < 2; again++)
			if (elf_image_section(image, names[i], &section) &&
			    section.size && section.bytes[section.size])
				abort();
}

static void ask_addresses(struct elf_image *image)
{
	static const uint64_t probes[] = { 0, 1, 0x40, 0x1000, UINT64_MAX };
	uint64_t word, vaddr;

	for (size_t i = 0; i < elf_image_load_count(image); i++) {
		const struct elf_load *load = elf_image_load(image, i);

		elf_image_read(image, load->vaddr, &word, sizeof(word));
		elf_image_read(image, load->vaddr + load->file_size - 8, &word,
			       sizeof(word));
		elf_image_read(image, load->vaddr + load->file_size - 7, &word,
			       sizeof(word));
		elf_image_vaddr_of_offset(image, load->file_offset, &vaddr);
	}
	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		elf_image_read(image, probes[i], &word, sizeof(word));
		elf_image_vaddr_of_offset(image, probes[i], &vaddr);
	}
}

static void ask_rest(struct elf_image *image)
{
	struct tally tally = { 0 };
	struct cfi_table *table;
	struct error *error;
	uint64_t vaddr, size;
	size_t id_size;

	if (elf_image_build_id(image, &id_size) ? !id_size : id_size)
		abort();
	elf_image_find_symbol(image, "main", &vaddr, &size);
	elf_image_each_function(image, count_symbol, &tally);
	error = cfi_table_build(image, &arch_x86_64, &table);
	if (!error) {
		exercise_table(table);
		cfi_table_destroy(table);
	}
	error_destroy(error);
	(void)elf_kind(elf_image_elf(image));
}

bool exercise_elf(const void *bytes, size_t size)
{
	struct elf_image *image;
	struct error *error = elf_image_from_bytes(bytes, size, &image);

	if (error) {
		if (!error->message[0])
			abort();
		error_destroy(error);
		return false;
	}
	elf_image_machine(image);
	ask_sections(image);
	ask_addresses(image);
	ask_rest(image);
	elf_image_destroy(image);
	return true;
}
