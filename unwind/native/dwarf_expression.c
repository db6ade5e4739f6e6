// SPDX-License-Identifier: Apache-2.0
/*
 * Format: operations of one byte with operands behind it. The row of an x86-64
 * PLT entry, whose first 11 bytes run before the push:
 *
 *     77 08 80 00 3f 1a 3b 2a 33 24 22
 *     breg7+8 breg16+0 lit15 and lit11 ge lit3 shl plus
 */
#include "unwind/native/dwarf_expression.h"

#include "base/reader.h"

#include <dwarf.h>

struct evaluation {
	const struct arch *arch;
	const struct regs *regs;
	const struct memory *memory;
	struct reader reader;
	uint64_t stack[DWARF_EXPRESSION_STACK_MAX];
	unsigned int depth;
	enum step_result result; /* other than STEP_OK: over */
};

static void fail(struct evaluation *e, enum step_result why)
{
	if (e->result == STEP_OK)
		e->result = why;
}

static void push(struct evaluation *e, uint64_t value)
{
	if (e->depth == DWARF_EXPRESSION_STACK_MAX)
		fail(e, STEP_BAD_EXPRESSION);
	else
		e->stack[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
	if (!e->depth) {
		fail(e, STEP_BAD_EXPRESSION);
		return 0;
	}
	return e->stack[--e->depth];
}

static void pick(struct evaluation *e, unsigned int index)
{
	if (index >= e->depth)
		fail(e, STEP_BAD_EXPRESSION);
	else
		push(e, e->stack[e->depth - 1 - index]);
}

static void push_register(struct evaluation *e, uint64_t number, int64_t offset)
{
	uint64_t value = 0;

	// x86-64: the return address column is the program counter itself.
	if (number == e->arch->return_address &&
	    !e->arch->return_address_in_register)
		value = e->regs->pc;
	else if (number >= ARCH_REG_MAX ||
		 !regs_get(e->regs, (unsigned int)number, &value))
		fail(e, STEP_BAD_EXPRESSION);
	push(e, value + (uint64_t)offset);
}

static void dereference(struct evaluation *e, unsigned int size)
{
	uint64_t address = pop(e), value = 0;

	if (size == 0 || size > sizeof(value))
		fail(e, STEP_BAD_EXPRESSION);
	else if (!memory_read(e->memory, address, &value, size))
		fail(e, STEP_STACK_BOUND);
	push(e, value);
}

static void rotate(struct evaluation *e)
{
	uint64_t first = pop(e), second = pop(e), third = pop(e);

	push(e, first);
	push(e, third);
	push(e, second);
}

static void swap(struct evaluation *e)
{
	uint64_t first = pop(e), second = pop(e);

	push(e, first);
	push(e, second);
}

static void divide(struct evaluation *e)
{
	int64_t divisor = (int64_t)pop(e), dividend = (int64_t)pop(e);

	if (divisor == 0)
		fail(e, STEP_BAD_EXPRESSION);
	else if (divisor == -1) // INT64_MIN / -1 traps
		push(e, -(uint64_t)dividend);
	else
		push(e, (uint64_t)(dividend / divisor));
}

static void modulo(struct evaluation *e)
{
	uint64_t divisor = pop(e), dividend = pop(e);

	if (divisor == 0)
		fail(e, STEP_BAD_EXPRESSION);
	else
		push(e, dividend % divisor);
}

static uint64_t shift(uint8_t opcode, uint64_t value, uint64_t count)
{
	bool all = count > 63;

	if (opcode == DW_OP_shl)
		return all ? 0 : value << count;
	if (opcode == DW_OP_shr)
		return all ? 0 : value >> count;
	return (uint64_t)((int64_t)value >> (all ? 63 : count));
}

static void binary(struct evaluation *e, uint8_t opcode)
{
	uint64_t right = pop(e), left = pop(e);

	switch (opcode) {
	case DW_OP_and:
		return push(e, left & right);
	case DW_OP_or:
		return push(e, left | right);
	case DW_OP_xor:
		return push(e, left ^ right);
	case DW_OP_plus:
		return push(e, left + right);
	case DW_OP_minus:
		return push(e, left - right);
	case DW_OP_mul:
		return push(e, left * right);
	case DW_OP_eq:
		return push(e, left == right);
	case DW_OP_ne:
		return push(e, left != right);
	case DW_OP_lt:
		return push(e, (int64_t)left < (int64_t)right);
	case DW_OP_le:
		return push(e, (int64_t)left <= (int64_t)right);
	case DW_OP_gt:
		return push(e, (int64_t)left > (int64_t)right);
	case DW_OP_ge:
		return push(e, (int64_t)left >= (int64_t)right);
	default:
		return push(e, shift(opcode, left, right));
	}
}

static void unary(struct evaluation *e, uint8_t opcode)
{
	uint64_t value = pop(e);

	if (opcode == DW_OP_not)
		push(e, ~value);
	else if (opcode == DW_OP_neg || (int64_t)value < 0)
		push(e, -value);
	else
		push(e, value);
}

// Backward jumps are allowed; the count of operations ends them.
static void jump(struct evaluation *e)
{
	int64_t distance = (int16_t)reader_u16(&e->reader);
	int64_t target = (int64_t)e->reader.offset + distance;

	if (target < 0)
		e->reader.failed = true;
	else
		reader_seek(&e->reader, (size_t)target);
}

static void branch(struct evaluation *e)
{
	if (pop(e))
		jump(e);
	else
		reader_u16(&e->reader);
}

static void constant(struct evaluation *e, uint8_t opcode)
{
	struct reader *reader = &e->reader;

	switch (opcode) {
	case DW_OP_const1u:
		return push(e, reader_u8(reader));
	case DW_OP_const1s:
		return push(e, (uint64_t)(int8_t)reader_u8(reader));
	case DW_OP_const2u:
		return push(e, reader_u16(reader));
	case DW_OP_const2s:
		return push(e, (uint64_t)(int16_t)reader_u16(reader));
	case DW_OP_const4u:
		return push(e, reader_u32(reader));
	case DW_OP_const4s:
		return push(e, (uint64_t)(int32_t)reader_u32(reader));
	case DW_OP_const8u:
	case DW_OP_const8s:
		return push(e, reader_u64(reader));
	case DW_OP_constu:
		return push(e, reader_uleb128(reader));
	default:
		return push(e, (uint64_t)reader_sleb128(reader));
	}
}

static void operate(struct evaluation *e, uint8_t opcode)
{
	uint64_t number;

	switch (opcode) {
	case DW_OP_const1u ... DW_OP_consts:
		return constant(e, opcode);
	case DW_OP_lit0 ... DW_OP_lit31:
		return push(e, opcode - DW_OP_lit0);
	case DW_OP_breg0 ... DW_OP_breg31:
		return push_register(e, opcode - DW_OP_breg0,
				     reader_sleb128(&e->reader));
	case DW_OP_bregx:
		number = reader_uleb128(&e->reader);
		return push_register(e, number, reader_sleb128(&e->reader));
	case DW_OP_deref:
		return dereference(e, sizeof(uint64_t));
	case DW_OP_deref_size:
		return dereference(e, reader_u8(&e->reader));
	case DW_OP_dup:
		return pick(e, 0);
	case DW_OP_over:
		return pick(e, 1);
	case DW_OP_pick:
		return pick(e, reader_u8(&e->reader));
	case DW_OP_drop:
		pop(e);
		return;
	case DW_OP_swap:
		return swap(e);
	case DW_OP_rot:
		return rotate(e);
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
		return unary(e, opcode);
	case DW_OP_plus_uconst:
		number = pop(e);
		return push(e, number + reader_uleb128(&e->reader));
	case DW_OP_div:
		return divide(e);
	case DW_OP_mod:
		return modulo(e);
	case DW_OP_and:
	case DW_OP_or:
	case DW_OP_xor:
	case DW_OP_plus:
	case DW_OP_minus:
	case DW_OP_mul:
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra:
	case DW_OP_eq ... DW_OP_ne:
		return binary(e, opcode);
	case DW_OP_skip:
		return jump(e);
	case DW_OP_bra:
		return branch(e);
	case DW_OP_nop:
		return;
	default: // DW_OP_addr needs relocation; the rest is not for CFI
		return fail(e, STEP_BAD_EXPRESSION);
	}
}

enum step_result dwarf_expression_evaluate(const struct arch *arch,
					   struct cfi_expression expression,
					   const struct regs *regs,
					   const struct memory *memory,
					   const uint64_t *initial,
					   uint64_t *ret)
{
	struct evaluation e;
	unsigned int operations = 0;

	// Not an initializer: clearing the stack would cost more than the rest.
	e.arch = arch;
	e.regs = regs;
	e.memory = memory;
	e.depth = 0;
	e.result = STEP_OK;
	reader_init(&e.reader, expression.bytes, expression.size);
	if (initial)
		push(&e, *initial);
	while (reader_left(&e.reader) && e.result == STEP_OK) {
		if (operations++ == DWARF_EXPRESSION_OPS_MAX)
			return STEP_BAD_EXPRESSION;
		operate(&e, reader_u8(&e.reader));
		if (e.reader.failed)
			return STEP_BAD_EXPRESSION;
	}
	if (e.result != STEP_OK)
		return e.result;
	if (!e.depth)
		return STEP_BAD_EXPRESSION;
	*ret = e.stack[e.depth - 1];
	return STEP_OK;
}
