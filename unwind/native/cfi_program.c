// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_program.h"

#include <dwarf.h>

// Newer than elfutils 0.188.
enum { CFA_AARCH64_NEGATE_RA_STATE_WITH_PC = 0x2c };

/* One program being run. */
struct run {
	struct cfi_machine *machine;
	const struct cfi_cie *cie;
	const struct cfi_state *initial; /* NULL: this is the CIE's program */
	struct reader reader;
	uint64_t end;
};

static bool fits(int64_t value)
{
	return value == (int32_t)value;
}

static bool set_rule(struct run *run, uint64_t reg, enum cfi_rule_kind kind,
		     int64_t operand)
{
	struct cfi_state *state = &run->machine->current;

	if (run->reader.failed || !fits(operand))
		return false;
	// Vector registers and the like: not needed to find the caller.
	if (reg >= run->machine->arch->reg_count)
		return true;
	state->kind[reg] = (uint8_t)kind;
	state->operand[reg] = (int32_t)operand;
	state->ruled |= UINT64_C(1) << reg;
	run->machine->dirty = true;
	return true;
}

static bool set_factored(struct run *run, uint64_t reg, enum cfi_rule_kind kind,
			 int64_t factored)
{
	int64_t offset;

	return !__builtin_mul_overflow(factored, run->cie->data_align,
				       &offset) &&
	       set_rule(run, reg, kind, offset);
}

// uleb offsets beyond the signed range are never meant. 0 then: it may be negated.
static int64_t read_unsigned(struct run *run)
{
	uint64_t value = reader_uleb128(&run->reader);

	if (value > INT64_MAX)
		run->reader.failed = true;
	return run->reader.failed ? 0 : (int64_t)value;
}

static bool set_register(struct run *run, uint64_t reg, uint64_t source)
{
	return source < run->machine->arch->reg_count &&
	       set_rule(run, reg, CFI_REGISTER, (int64_t)source);
}

static bool take_expression(struct run *run, int32_t *ret)
{
	uint64_t size = reader_uleb128(&run->reader);
	const uint8_t *bytes = reader_bytes(&run->reader, size);
	uint32_t id;

	if (!bytes || !size || size > CFI_EXPRESSION_BYTES_MAX ||
	    !cfi_intern_add(run->machine->expressions, bytes, size, &id))
		return false;
	*ret = (int32_t)id;
	return true;
}

static bool set_expression(struct run *run, enum cfi_rule_kind kind)
{
	uint64_t reg = reader_uleb128(&run->reader);
	int32_t id;

	return take_expression(run, &id) && set_rule(run, reg, kind, id);
}

static bool set_cfa(struct run *run, uint64_t reg, int64_t offset)
{
	struct cfi_state *state = &run->machine->current;

	if (run->reader.failed || reg >= run->machine->arch->reg_count ||
	    !fits(offset))
		return false;
	state->cfa_known = true;
	state->cfa_kind = CFI_CFA_REG_OFFSET;
	state->cfa_reg = (uint8_t)reg;
	state->cfa_operand = (int32_t)offset;
	run->machine->dirty = true;
	return true;
}

static bool set_cfa_factored(struct run *run, uint64_t reg, int64_t factored)
{
	int64_t offset;

	return !__builtin_mul_overflow(factored, run->cie->data_align,
				       &offset) &&
	       set_cfa(run, reg, offset);
}

static bool set_cfa_expression(struct run *run)
{
	struct cfi_state *state = &run->machine->current;

	if (!take_expression(run, &state->cfa_operand))
		return false;
	state->cfa_known = true;
	state->cfa_kind = CFI_CFA_EXPRESSION;
	run->machine->dirty = true;
	return true;
}

// def_cfa_register and def_cfa_offset change one half of a register rule.
static bool cfa_is_register(const struct run *run)
{
	const struct cfi_state *state = &run->machine->current;

	return state->cfa_known && state->cfa_kind == CFI_CFA_REG_OFFSET;
}

static bool change_cfa_register(struct run *run)
{
	uint64_t reg = reader_uleb128(&run->reader);

	return cfa_is_register(run) &&
	       set_cfa(run, reg, run->machine->current.cfa_operand);
}

static bool change_cfa_offset(struct run *run, int64_t offset)
{
	return cfa_is_register(run) &&
	       set_cfa(run, run->machine->current.cfa_reg, offset);
}

static bool change_cfa_offset_factored(struct run *run, int64_t factored)
{
	return cfa_is_register(run) &&
	       set_cfa_factored(run, run->machine->current.cfa_reg, factored);
}

static bool restore_rule(struct run *run, uint64_t reg)
{
	struct cfi_state *state = &run->machine->current;

	if (run->reader.failed || !run->initial)
		return false;
	if (reg >= run->machine->arch->reg_count)
		return true;
	state->kind[reg] = run->initial->kind[reg];
	state->operand[reg] = run->initial->operand[reg];
	state->ruled &= ~(UINT64_C(1) << reg);
	state->ruled |= run->initial->ruled & UINT64_C(1) << reg;
	run->machine->dirty = true;
	return true;
}

static bool remember_state(struct cfi_machine *machine)
{
	if (machine->remembered_count == CFI_REMEMBER_MAX)
		return false;
	machine->remembered[machine->remembered_count++] = machine->current;
	return true;
}

static bool restore_state(struct cfi_machine *machine)
{
	if (!machine->remembered_count)
		return false;
	machine->current = machine->remembered[--machine->remembered_count];
	machine->dirty = true;
	return true;
}

static void yield_state(struct cfi_machine *machine)
{
	if (!machine->dirty)
		return;
	machine->yield(machine->context, machine->location,
		       machine->current.cfa_known ? &machine->current : NULL);
	machine->dirty = false;
}

static bool move_to(struct run *run, uint64_t location)
{
	if (run->reader.failed || !run->initial ||
	    location < run->machine->location)
		return false;
	if (location == run->machine->location)
		return true;
	yield_state(run->machine);
	run->machine->location = location;
	return true;
}

static bool advance(struct run *run, uint64_t delta)
{
	uint64_t bytes, location;

	return !__builtin_mul_overflow(delta, run->cie->code_align, &bytes) &&
	       !__builtin_add_overflow(run->machine->location, bytes,
				       &location) &&
	       move_to(run, location);
}

static bool set_location(struct run *run)
{
	uint64_t location;

	return cfi_pointer_read(run->machine->section, &run->reader,
				run->cie->pointer_encoding, &location) &&
	       move_to(run, location);
}

static bool run_extended(struct run *run, uint8_t opcode)
{
	struct reader *reader = &run->reader;
	uint64_t reg;

	switch (opcode) {
	case DW_CFA_nop:
	case DW_CFA_GNU_window_save: // also aarch64 negate_ra_state: pc_mask
	case CFA_AARCH64_NEGATE_RA_STATE_WITH_PC: // strips the signature
		return true;
	case DW_CFA_set_loc:
		return set_location(run);
	case DW_CFA_advance_loc1:
		return advance(run, reader_u8(reader));
	case DW_CFA_advance_loc2:
		return advance(run, reader_u16(reader));
	case DW_CFA_advance_loc4:
		return advance(run, reader_u32(reader));
	case DW_CFA_MIPS_advance_loc8:
		return advance(run, reader_u64(reader));
	case DW_CFA_offset_extended:
		reg = reader_uleb128(reader);
		return set_factored(run, reg, CFI_OFFSET, read_unsigned(run));
	case DW_CFA_offset_extended_sf:
		reg = reader_uleb128(reader);
		return set_factored(run, reg, CFI_OFFSET,
				    reader_sleb128(reader));
	case DW_CFA_GNU_negative_offset_extended:
		reg = reader_uleb128(reader);
		return set_factored(run, reg, CFI_OFFSET, -read_unsigned(run));
	case DW_CFA_val_offset:
		reg = reader_uleb128(reader);
		return set_factored(run, reg, CFI_VAL_OFFSET,
				    read_unsigned(run));
	case DW_CFA_val_offset_sf:
		reg = reader_uleb128(reader);
		return set_factored(run, reg, CFI_VAL_OFFSET,
				    reader_sleb128(reader));
	case DW_CFA_restore_extended:
		return restore_rule(run, reader_uleb128(reader));
	case DW_CFA_undefined:
		return set_rule(run, reader_uleb128(reader), CFI_UNDEFINED, 0);
	case DW_CFA_same_value:
		return set_rule(run, reader_uleb128(reader), CFI_SAME, 0);
	case DW_CFA_register:
		reg = reader_uleb128(reader);
		return set_register(run, reg, reader_uleb128(reader));
	case DW_CFA_expression:
		return set_expression(run, CFI_EXPRESSION);
	case DW_CFA_val_expression:
		return set_expression(run, CFI_VAL_EXPRESSION);
	case DW_CFA_remember_state:
		return remember_state(run->machine);
	case DW_CFA_restore_state:
		return restore_state(run->machine);
	case DW_CFA_def_cfa:
		reg = reader_uleb128(reader);
		return set_cfa(run, reg, read_unsigned(run));
	case DW_CFA_def_cfa_sf:
		reg = reader_uleb128(reader);
		return set_cfa_factored(run, reg, reader_sleb128(reader));
	case DW_CFA_def_cfa_register:
		return change_cfa_register(run);
	case DW_CFA_def_cfa_offset:
		return change_cfa_offset(run, read_unsigned(run));
	case DW_CFA_def_cfa_offset_sf:
		return change_cfa_offset_factored(run, reader_sleb128(reader));
	case DW_CFA_def_cfa_expression:
		return set_cfa_expression(run);
	case DW_CFA_GNU_args_size:
		reader_uleb128(reader);
		return !reader->failed;
	default:
		return false;
	}
}

static bool run_one(struct run *run)
{
	uint8_t opcode = reader_u8(&run->reader);
	uint8_t operand = opcode & 0x3f;

	switch (opcode & 0xc0) {
	case DW_CFA_advance_loc:
		return advance(run, operand);
	case DW_CFA_offset:
		return set_factored(run, operand, CFI_OFFSET,
				    read_unsigned(run));
	case DW_CFA_restore:
		return restore_rule(run, operand);
	default:
		return run_extended(run, opcode);
	}
}

// Stops early once the rest lies behind the code that the FDE covers.
static bool run_program(struct run *run)
{
	while (reader_left(&run->reader) &&
	       run->machine->location < run->end) {
		if (!run->machine->work_left)
			return false;
		run->machine->work_left--;
		if (!run_one(run))
			return false;
	}
	return true;
}

bool cfi_machine_run_cie(struct cfi_machine *machine,
			 const struct cfi_cie *cie, struct cfi_state *ret)
{
	struct run run = {
		.machine = machine,
		.cie = cie,
		.reader = cie->program,
		.end = UINT64_MAX,
	};

	machine->current = (struct cfi_state){ 0 };
	machine->remembered_count = 0;
	machine->location = 0;
	if (!run_program(&run))
		return false;
	*ret = machine->current;
	return true;
}

void cfi_machine_run_fde(struct cfi_machine *machine,
			 const struct cfi_cie *cie,
			 const struct cfi_state *initial,
			 const struct cfi_fde *fde)
{
	struct run run = {
		.machine = machine,
		.cie = cie,
		.initial = initial,
		.reader = fde->program,
		.end = fde->end,
	};
	bool good;

	machine->current = *initial;
	machine->remembered_count = 0;
	machine->location = fde->start;
	machine->dirty = true;
	good = run_program(&run);
	if (machine->location >= fde->end)
		return;
	if (!good)
		machine->current.cfa_known = false;
	machine->dirty |= !good;
	yield_state(machine);
}
