/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine instruction, decoded as far as is needed to follow code: its
 * length, whether it may go elsewhere and where, and whether it stores a
 * 64-bit register at a constant offset from another one. Answers "where does
 * this function jump to?" for a stripped binary.
 *
 * Pure: bytes in, struct out.
 */
#ifndef BRINDLE_UNWIND_PYTHON_INSTRUCTION_H
#define BRINDLE_UNWIND_PYTHON_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum instruction_kind {
	INSTRUCTION_PLAIN,
	INSTRUCTION_STORE,  /* of a 64-bit register to [register + offset] */
	INSTRUCTION_JUMP,   /* direct, always */
	INSTRUCTION_BRANCH, /* direct, on a condition */
	INSTRUCTION_CALL,   /* direct or not */
	INSTRUCTION_LEAVE,  /* return, indirect jump, trap */
};

struct instruction {
	enum instruction_kind kind;
	uint8_t size;
	uint64_t target; /* of a JUMP or a BRANCH */
	int32_t offset;	 /* of a STORE; its base is not the stack pointer */
};

/**
 * Decodes the instruction of ELF machine @machine at @bytes, whose vaddr is
 * @vaddr. False: not an instruction we know, or not all of it is there.
 */
bool instruction_decode(uint16_t machine, const uint8_t *bytes, size_t size,
			uint64_t vaddr, struct instruction *ret);

#endif
