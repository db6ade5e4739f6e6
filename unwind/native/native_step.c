// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/native_step.h"

#include "unwind/native/dwarf_expression.h"

#include <string.h>

enum {
	WORD_BYTES = 8,
	// A frame pointer further up is some other value: no frame is as
	// large, and the default limit of a whole stack is this.
	FRAME_BYTES_MAX = 8 << 20,
	// Return address and the callee-saved registers of x86-64.
	WINDOW_BYTES = 7 * WORD_BYTES,
	CFA_REG_NONE = UINT8_MAX,
};

/* What the rules of one row say, before any of it is believed. */
struct recovery {
	const struct arch *arch;
	const struct cfi_table *table;
	const struct regs *regs;
	const struct memory *memory;
	uint64_t cfa;
	uint64_t popped_below; /* slots below this are gone */
	unsigned int cfa_reg;  /* what the CFA is told by; CFA_REG_NONE */
	/* The bytes right below the CFA, where nearly all slots are, found
	 * once for all rules; NULL: not known as a whole. */
	const uint8_t *window;
};

enum recovered { RECOVERED, UNCHANGED, UNKNOWN, NOT_IN_MEMORY, BAD };

enum step_result native_cfa(const struct arch *arch,
			    const struct cfi_table *table,
			    const struct cfi_row *row, const struct regs *regs,
			    const struct memory *memory, uint64_t *ret_cfa)
{
	uint64_t value;

	if (row->cfa_kind == CFI_CFA_EXPRESSION)
		return dwarf_expression_evaluate(
			arch, cfi_table_expression(table, row->cfa_operand),
			regs, memory, NULL, ret_cfa);
	if (!regs_get(regs, row->cfa_reg, &value))
		return STEP_BAD_CFA;
	*ret_cfa = value + (uint64_t)(int64_t)row->cfa_operand;
	return STEP_OK;
}

static enum recovered load(const struct recovery *recovery, unsigned int reg,
			   uint64_t slot, uint64_t *ret)
{
	uint64_t below = recovery->cfa - slot;

	// An epilogue has popped this register, which holds its value again;
	// but not one that the CFA still is told by (libffi 3.4
	// src/x86/unix64.S, ffi_call_unix64(), reads it from the red zone).
	if (slot < recovery->popped_below && reg != recovery->cfa_reg)
		return UNCHANGED;
	if (recovery->window && below - WORD_BYTES <= WINDOW_BYTES - WORD_BYTES) {
		memcpy(ret, recovery->window + WINDOW_BYTES - below,
		       sizeof(*ret));
		return RECOVERED;
	}
	if (!memory_read_u64(recovery->memory, slot, ret))
		return NOT_IN_MEMORY;
	return RECOVERED;
}

static enum recovered evaluate(const struct recovery *recovery,
			       const struct cfi_rule *rule, uint64_t *ret)
{
	struct cfi_expression expression =
		cfi_table_expression(recovery->table, rule->operand);

	switch (dwarf_expression_evaluate(recovery->arch, expression,
					  recovery->regs, recovery->memory,
					  &recovery->cfa, ret)) {
	case STEP_OK:
		return RECOVERED;
	case STEP_STACK_BOUND:
		return NOT_IN_MEMORY;
	case STEP_ROOT:
	case STEP_BAD_CFA:
	case STEP_BAD_EXPRESSION:
		break;
	}
	return BAD;
}

static enum recovered recover(const struct recovery *recovery,
			      const struct cfi_rule *rule, uint64_t *ret)
{
	uint64_t by_offset = recovery->cfa + (uint64_t)(int64_t)rule->operand;
	enum recovered result;
	uint64_t slot;

	switch ((enum cfi_rule_kind)rule->kind) {
	case CFI_SAME:
		return UNCHANGED;
	case CFI_UNDEFINED:
		return UNKNOWN;
	case CFI_OFFSET:
		return load(recovery, rule->reg, by_offset, ret);
	case CFI_VAL_OFFSET:
		*ret = by_offset;
		return RECOVERED;
	case CFI_REGISTER:
		return regs_get(recovery->regs, (unsigned int)rule->operand,
				ret) ? RECOVERED : UNKNOWN;
	case CFI_EXPRESSION:
		result = evaluate(recovery, rule, &slot);
		if (result != RECOVERED)
			return result;
		return load(recovery, rule->reg, slot, ret);
	case CFI_VAL_EXPRESSION:
		return evaluate(recovery, rule, ret);
	}
	return BAD;
}

// The CFA is the stack pointer before the call, so it lies above ours. A
// signal may have been taken on another stack.
static bool cfa_is_believable(const struct cfi_row *row, uint64_t cfa,
			      uint64_t sp, bool leaf)
{
	return row->signal_frame || (leaf ? cfa >= sp : cfa > sp);
}

// What no rule speaks of keeps its value: only what changed is collected.
struct changes {
	uint64_t value[CFI_ROW_RULES_MAX];
	uint8_t reg[CFI_ROW_RULES_MAX];
	unsigned int count;
	uint64_t unknown; /* bit set of registers */
};

static enum step_result return_address_failure(enum recovered result)
{
	switch (result) {
	case UNKNOWN:
		return STEP_ROOT;
	case NOT_IN_MEMORY:
		return STEP_STACK_BOUND;
	case BAD:
		return STEP_BAD_EXPRESSION;
	case RECOVERED:
	case UNCHANGED: // its slot lies below the stack pointer
		break;
	}
	return STEP_BAD_CFA;
}

// Where the caller goes on: @ret_pc starts as what a leaf has in its register.
static enum step_result collect(const struct recovery *recovery,
				const struct cfi_row *row,
				struct changes *changes, uint64_t *ret_pc,
				bool *has_pc)
{
	const struct arch *arch = recovery->arch;

	for (unsigned int i = 0; i < row->rule_count; i++) {
		const struct cfi_rule *rule = &row->rules[i];
		uint64_t value;
		enum recovered result = recover(recovery, rule, &value);

		if (rule->reg == arch->return_address) {
			if (result == UNCHANGED && *has_pc)
				continue;
			if (result != RECOVERED)
				return return_address_failure(result);
			*ret_pc = value;
			*has_pc = true;
		}
		if (result == RECOVERED) {
			changes->value[changes->count] = value;
			changes->reg[changes->count++] = rule->reg;
		} else if (result != UNCHANGED) {
			changes->unknown |= UINT64_C(1) << rule->reg;
		}
	}
	return STEP_OK;
}

static void apply(const struct arch *arch, const struct changes *changes,
		  uint64_t cfa, uint64_t pc, bool keep_sp, struct regs *regs)
{
	if (!keep_sp)
		regs_set(regs, arch->sp, cfa);
	regs->known &= ~changes->unknown;
	for (unsigned int i = 0; i < changes->count; i++)
		regs_set(regs, changes->reg[i], changes->value[i]);
	regs->pc = pc;
}

static bool keeps_sp(const struct arch *arch, const struct cfi_row *row)
{
	for (unsigned int i = 0; i < row->rule_count; i++)
		if (row->rules[i].reg == arch->sp)
			return row->rules[i].kind == CFI_SAME;
	return false;
}

enum step_result native_step(const struct arch *arch,
			     const struct cfi_table *table,
			     const struct cfi_row *row, uint64_t cfa, bool leaf,
			     const struct memory *memory, struct regs *regs)
{
	struct recovery recovery = {
		.arch = arch,
		.table = table,
		.regs = regs,
		.memory = memory,
		.cfa = cfa,
		.cfa_reg = row->cfa_kind == CFI_CFA_REG_OFFSET ? row->cfa_reg :
								 CFA_REG_NONE,
		.window = memory_at(memory, cfa - WINDOW_BYTES, WINDOW_BYTES),
	};
	struct changes changes;
	enum step_result result;
	uint64_t sp, pc = 0;
	bool has_pc;

	if (!regs_get(regs, arch->sp, &sp) ||
	    !cfa_is_believable(row, cfa, sp, leaf))
		return STEP_BAD_CFA;
	recovery.popped_below = row->signal_frame ? 0 : sp;
	changes.count = 0;
	changes.unknown = 0;
	has_pc = arch->return_address_in_register &&
		 regs_get(regs, arch->return_address, &pc);
	result = collect(&recovery, row, &changes, &pc, &has_pc);
	if (result != STEP_OK)
		return result;
	pc &= arch->pc_mask;
	if (!has_pc || pc == 0)
		return STEP_ROOT;
	apply(arch, &changes, cfa, pc, keeps_sp(arch, row), regs);
	return STEP_OK;
}

enum step_result native_step_frame_pointer(const struct arch *arch,
					   const struct memory *memory,
					   native_is_code_fn is_code,
					   void *context, struct regs *regs,
					   uint64_t *ret_cfa)
{
	uint64_t fp, sp, cfa, caller_fp, pc;

	if (!regs_get(regs, arch->fp, &fp) || !regs_get(regs, arch->sp, &sp) ||
	    fp % WORD_BYTES || fp < sp || fp - sp > FRAME_BYTES_MAX)
		return STEP_BAD_CFA;
	cfa = fp + arch->fp_to_return_address + WORD_BYTES;
	if (cfa <= sp)
		return STEP_BAD_CFA;
	if (!memory_read_u64(memory, fp, &caller_fp) ||
	    !memory_read_u64(memory, fp + arch->fp_to_return_address, &pc))
		return STEP_STACK_BOUND;
	pc &= arch->pc_mask;
	if (!pc || !is_code(context, pc))
		return STEP_BAD_CFA;
	regs_set(regs, arch->sp, cfa);
	regs_set(regs, arch->fp, caller_fp);
	regs_set(regs, arch->return_address, pc);
	regs->pc = pc;
	*ret_cfa = cfa;
	return STEP_OK;
}
