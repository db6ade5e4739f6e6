// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes of a CFI section become a table, look-ups and steps. The first byte
 * chooses: 'e' .eh_frame, 'd' .debug_frame, anything else both from the same
 * bytes.
 */
#include "tests/unwind/native/exercise_elf.h"
#include "tests/unwind/native/made_elf.h"
#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct made_section sections[] = {
		{ ".eh_frame", SHT_PROGBITS, 0, 0, data, 0 },
		{ ".debug_frame", SHT_PROGBITS, 0, 0, data, 0 },
	};
	struct elf_image *image;
	struct cfi_table *table;
	size_t file_size;
	void *file;

	if (!size)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		sections[i].bytes = data + 1;
		if (data[0] != (i ? 'e' : 'd'))
			sections[i].size = size - 1;
	}
	file = made_elf(EM_X86_64, sections, 2, &file_size);
	if (elf_image_from_bytes(file, file_size, &image) ||
	    cfi_table_build(image, &arch_x86_64, &table))
		abort();
	exercise_table(table);
	cfi_table_destroy(table);
	elf_image_destroy(image);
	free(file);
	return 0;
}
