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

/*
 * Linux arch/x86/kernel/signal_64.c, x64_setup_rt_frame(): at the stack pointer
 * lie a return address, a struct ucontext, whose struct sigcontext_64 begins
 * after 40 bytes, and the siginfo. handle_signal() in signal.c clears DF, RF and
 * TF. The segments are those of any code.
 */
enum {
	SIGNAL_CONTEXT = 8,
	SIGNAL_INFO = SIGNAL_CONTEXT + 304,
	SIGNAL_REGS = SIGNAL_CONTEXT + 40,
	SIGNAL_REGS_BYTES = 18 * 8,
	SIGNAL_FLAGS_CLEARED = 0x10500,
};

#define SAVED(n) .saved = SIGNAL_REGS + 8 * (n)

static const struct arch_signal_register perf_signal[] = {
	{ ARCH_SIGNAL_SET, SAVED(13) },
	{ ARCH_SIGNAL_KEPT, SAVED(11) },
	{ ARCH_SIGNAL_KEPT, SAVED(14) },
	{ ARCH_SIGNAL_STACK, SIGNAL_CONTEXT, SAVED(12) },
	{ ARCH_SIGNAL_STACK, SIGNAL_INFO, SAVED(9) },
	{ ARCH_SIGNAL_NUMBER, SAVED(8) },
	{ ARCH_SIGNAL_KEPT, SAVED(10) },
	{ ARCH_SIGNAL_STACK, 0, SAVED(15) },
	{ ARCH_SIGNAL_HANDLER, SAVED(16) },
	{ ARCH_SIGNAL_KEPT, SAVED(17), .cleared = SIGNAL_FLAGS_CLEARED },
	{ .at_entry = ARCH_SIGNAL_KEPT },
	{ .at_entry = ARCH_SIGNAL_KEPT },
	{ ARCH_SIGNAL_KEPT, SAVED(0) },
	{ ARCH_SIGNAL_KEPT, SAVED(1) },
	{ ARCH_SIGNAL_KEPT, SAVED(2) },
	{ ARCH_SIGNAL_KEPT, SAVED(3) },
	{ ARCH_SIGNAL_KEPT, SAVED(4) },
	{ ARCH_SIGNAL_KEPT, SAVED(5) },
	{ ARCH_SIGNAL_KEPT, SAVED(6) },
	{ ARCH_SIGNAL_KEPT, SAVED(7) },
};

_Static_assert(sizeof(perf_signal) / sizeof(perf_signal[0]) ==
	       sizeof(perf_to_dwarf), "a row for each register");

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
	.perf_signal = perf_signal,
	.signal_bytes = SIGNAL_REGS + SIGNAL_REGS_BYTES,
	.reg_names = reg_names,
};
