/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An architecture as a table: how the kernel numbers the user registers of a
 * perf sample, how DWARF numbers them, and which of them mean something to an
 * unwinder. All other code speaks DWARF register numbers only.
 *
 * Authority: psABI x86-64 figure 3.36, AADWARF64 section 4.1, and the kernel's
 * arch/<arch>/include/uapi/asm/perf_regs.h (Linux 5.0 and newer).
 */
#ifndef BRINDLE_UNWIND_ARCH_H
#define BRINDLE_UNWIND_ARCH_H

#include <stdbool.h>
#include <stdint.h>

enum { ARCH_REG_MAX = 34 };

/** Registers by DWARF number. `known` has bit n set when value[n] is valid. */
struct regs {
	uint64_t value[ARCH_REG_MAX];
	uint64_t known;
	uint64_t pc;
};

/**
 * What a register holds at a signal handler's first instruction, and where the
 * kernel has saved what it held before.
 */
struct arch_signal_register {
	enum {
		ARCH_SIGNAL_KEPT,   /* what it held before */
		ARCH_SIGNAL_SET,    /* @offset itself */
		ARCH_SIGNAL_STACK,  /* the stack pointer + @offset */
		ARCH_SIGNAL_NUMBER, /* the signal's */
		ARCH_SIGNAL_HANDLER,/* the handler's address */
	} at_entry;
	uint16_t offset;
	uint16_t saved;	  /* bytes above the stack pointer; 0: nowhere */
	uint32_t cleared; /* bits that the kernel clears of what is kept */
};

struct arch {
	const char *name;	  /* "x86_64", as uname -m prints it */
	uint16_t elf_machine;	  /* EM_* */
	uint8_t reg_count;	  /* DWARF registers that exist here */
	uint8_t sp;		  /* DWARF number of the stack pointer */
	uint8_t fp;		  /* of the frame pointer */
	uint8_t return_address;	  /* the CFI's return address column */
	uint8_t fp_to_return_address; /* bytes from *fp to the saved pc */
	bool return_address_in_register; /* aarch64: x30 at a leaf */
	uint64_t pc_mask;	  /* bits of a code address; PAC lies outside */
	uint64_t callee_saved;	  /* bit set of DWARF numbers */
	uint64_t perf_mask;	  /* attr.sample_regs_user */
	uint8_t perf_count;	  /* bits set in perf_mask */
	const int8_t *perf_to_dwarf; /* [i]: i-th set bit of perf_mask; -1: none */
	uint8_t perf_pc;	  /* which of them is the program counter */
	/*
	 * Which of them holds a system call's result, and what it holds while
	 * the call is under way; -1: that cannot be told.
	 */
	int8_t perf_result;
	uint64_t result_pending;
	/*
	 * By perf register; NULL: not known. All of it lies within
	 * signal_bytes, a multiple of 8, from the stack pointer on.
	 */
	const struct arch_signal_register *perf_signal;
	uint16_t signal_bytes;
	const char *const *reg_names; /* [DWARF number] */
};

extern const struct arch arch_x86_64;
extern const struct arch arch_aarch64; /* untested on real samples */

/** The architecture this program was compiled for. */
const struct arch *arch_native(void);

/** By ELF machine, or NULL. */
const struct arch *arch_by_machine(uint16_t elf_machine);

/** Fills @ret from the @perf_count values that follow the ABI word. */
void arch_regs_from_perf(const struct arch *arch, const uint64_t *values,
			 struct regs *ret);

static inline bool regs_get(const struct regs *regs, unsigned int number,
			    uint64_t *ret)
{
	if (number >= ARCH_REG_MAX || !(regs->known >> number & 1))
		return false;
	*ret = regs->value[number];
	return true;
}

static inline void regs_set(struct regs *regs, unsigned int number,
			    uint64_t value)
{
	regs->value[number] = value;
	regs->known |= UINT64_C(1) << number;
}

#endif
