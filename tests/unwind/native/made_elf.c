// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/native/made_elf.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 512, TABLE_OFFSET = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) };

static uint64_t add(uint8_t *file, uint64_t *offset, const void *bytes,
		    size_t size)
{
	uint64_t at = *offset;

	if (size)
		memcpy(file + at, bytes, size);
	*offset = at + size;
	return at;
}

static void fill_headers(uint8_t *file, uint16_t machine, size_t sections,
			 uint64_t table)
{
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = table,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (uint16_t)sections,
		.e_shstrndx = (uint16_t)(sections - 1),
	};
	Elf64_Phdr load = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = 0,
		.p_vaddr = MADE_BASE,
		.p_filesz = 0x40,
		.p_memsz = MADE_CODE,
		.p_align = 0x1000,
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), &load, sizeof(load));
}

void *made_elf(uint16_t machine, const struct made_section *sections,
	       size_t count, size_t *ret_size)
{
	size_t total = TABLE_OFFSET + NAMES_MAX +
		       (count + 2) * sizeof(Elf64_Shdr) + 64;
	Elf64_Shdr headers[MADE_SECTIONS_MAX + 2] = { 0 };
	char names[NAMES_MAX] = "";
	uint64_t offset = TABLE_OFFSET;
	size_t names_size = 1;
	uint8_t *file;

	for (size_t i = 0; i < count; i++)
		total += sections[i].size;
	file = calloc(1, total);
	if (!file || count > MADE_SECTIONS_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		Elf64_Shdr *header = &headers[i + 1];

		header->sh_name = (uint32_t)names_size;
		header->sh_type = sections[i].type;
		header->sh_flags = sections[i].flags;
		header->sh_link = sections[i].link;
		header->sh_addr = MADE_SECTION_VADDR;
		header->sh_size = sections[i].size;
		header->sh_offset = add(file, &offset, sections[i].bytes,
					sections[i].size);
		strcpy(names + names_size, sections[i].name);
		names_size += strlen(sections[i].name) + 1;
	}
	headers[count + 1].sh_name = (uint32_t)names_size;
	strcpy(names + names_size, ".shstrtab");
	names_size += sizeof(".shstrtab");
	headers[count + 1].sh_type = SHT_STRTAB;
	headers[count + 1].sh_size = names_size;
	headers[count + 1].sh_offset = add(file, &offset, names, names_size);
	offset = (offset + 7) & ~UINT64_C(7);
	fill_headers(file, machine, count + 2, offset);
	add(file, &offset, headers, (count + 2) * sizeof(Elf64_Shdr));
	*ret_size = offset;
	return file;
}
