// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes that are not an ELF file: whatever table they make, a look-up yields a
 * symbol that holds the address, with a name that ends.
 */
#include "unwind/native/elf_image.h"
#include "unwind/symbols/demangle.h"
#include "unwind/symbols/symbol_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct symbol_table *table, uint64_t vaddr)
{
	const struct symbol *symbol = symbol_table_find(table, vaddr);
	char *name;

	if (!symbol)
		return;
	if (vaddr - symbol->vaddr >= symbol->size || !*symbol->name)
		abort();
	name = demangle(symbol->name);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbol_table *table = NULL;
	struct elf_image *image = NULL;
	struct error *error = elf_image_from_bytes(data, size, &image);

	if (!error)
		error = symbol_table_build(image, NULL, &table);
	if (!error) {
		for (uint64_t vaddr = 0; vaddr < 0x3000; vaddr += 24)
			look_up(table, vaddr);
		look_up(table, UINT64_MAX);
	}
	symbol_table_destroy(table);
	elf_image_destroy(image);
	error_destroy(error);
	return 0;
}
