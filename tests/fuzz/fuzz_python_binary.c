// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as an ELF file that may be a CPython: version, debug offsets, jumps of
 * the eval loop. The seeds are tiny shared objects with the symbols, the entry
 * and an outlined part, as the assembler makes them from python_binary.S.
 */
#include "unwind/arch.h"
#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"
#include "unwind/python/instruction.h"

#include <elf.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct python_binary *binary)
{
	if (binary->eval_count > PYTHON_EVAL_RANGE_MAX)
		abort();
	if (!binary->layout && (binary->entry_end || !*binary->unsupported))
		abort();
	for (unsigned int i = 0; i < binary->eval_count; i++) {
		if (binary->eval[i].start >= binary->eval[i].end)
			abort();
	}
}

static void exercise_binary(struct elf_image *image, uint16_t machine)
{
	const struct arch *arch = arch_by_machine(machine);
	_cleanup_error_ struct error *error = NULL;
	struct python_binary *binary = NULL;
	struct cfi_table *cfi = NULL;

	error = python_binary_read(image, &binary);
	if (error || !binary)
		return;
	if (arch)
		error = cfi_table_build(image, arch, &cfi);
	if (!error)
		error = python_binary_find_eval(binary, image, cfi);
	check(binary);
	cfi_table_destroy(cfi);
	python_binary_destroy(binary);
}

static void exercise_decoder(uint16_t machine, const uint8_t *data, size_t size)
{
	struct instruction insn;

	for (size_t at = 0; at < size; at++) {
		if (!instruction_decode(machine, data + at, size - at, at,
					&insn))
			continue;
		if (!insn.size || insn.size > size - at)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_error_ struct error *error = NULL;
	struct elf_image *image = NULL;

	exercise_decoder(EM_X86_64, data, size);
	exercise_decoder(EM_AARCH64, data, size);
	error = elf_image_from_bytes(data, size, &image);
	if (error)
		return 0;
	exercise_binary(image, elf_image_machine(image));
	elf_image_destroy(image);
	return 0;
}
