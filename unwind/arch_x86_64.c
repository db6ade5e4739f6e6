// SPDX-License-Identifier: Apache-2.0
#include "unwind/arch.h"

#include <elf.h>
#include <errno.h>

enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, R13, R14, R15, RIP };

#define BIT(n) (UINT64_C(1) << (n))

// PERF_REG_X86_* 0-11 and 16-23: AX BX CX DX SI DI BP SP IP FLAGS CS SS and
// R8-R15. The kernel refuses DS, ES, FS and GS (12-15) of a 64-bit task.
static const int8_t perf_to_dwarf[] = {
	0, RBX, 2, 1, 4, 5, RBP, RSP, RIP, -1, -1, -1,
	8, 9, 10, 11, R12, R13, R14, R15,
};

static const char *const reg_names[ARCH_REG_MAX] = {
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
	"r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.reg_count = RIP + 1,
	.sp = RSP,
	.fp = RBP,
	.return_address = RIP,
	.fp_to_return_address = 8,
	.return_address_in_register = false,
	.pc_mask = ~UINT64_C(0),
	.callee_saved = BIT(RBX) | BIT(RBP) | BIT(R12) | BIT(R13) |
			BIT(R14) | BIT(R15),
	.perf_mask = 0xff0fff,
	.perf_count = sizeof(perf_to_dwarf),
	.perf_to_dwarf = perf_to_dwarf,
	.perf_pc = 8,
	// entry_SYSCALL_64 stores -ENOSYS; the call's result replaces it.
	.perf_result = 0,
	.result_pending = (uint64_t)-ENOSYS,
	.reg_names = reg_names,
};
