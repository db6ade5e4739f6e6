// SPDX-License-Identifier: Apache-2.0
#include "unwind/arch.h"

#include <elf.h>

enum { X19 = 19, X29 = 29, X30, SP, PC };

// PERF_REG_ARM64_*: X0-X30, SP and PC, in the order of DWARF.
static const int8_t perf_to_dwarf[] = {
	0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, X29, X30, SP, -1,
};

static const char *const reg_names[ARCH_REG_MAX] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",	 "x7",	"x8",
	"x9",  "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
	"x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
	"x27", "x28", "x29", "x30", "sp",  "pc",
};

const struct arch arch_aarch64 = {
	.name = "aarch64",
	.elf_machine = EM_AARCH64,
	.reg_count = PC + 1,
	.sp = SP,
	.fp = X29,
	.return_address = X30,
	.fp_to_return_address = 8,
	.return_address_in_register = true,
	// 48-bit user addresses: the pointer authentication code lies above.
	.pc_mask = (UINT64_C(1) << 48) - 1,
	.callee_saved = 0x3ffull << X19 | UINT64_C(1) << X29,
	.perf_mask = (UINT64_C(1) << 33) - 1,
	.perf_count = sizeof(perf_to_dwarf),
	.perf_to_dwarf = perf_to_dwarf,
	.perf_pc = PC,
	.perf_result = -1,
	.reg_names = reg_names,
};
