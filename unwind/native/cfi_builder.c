// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_builder.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

// The largest browser has 500,000 FDEs with 4 million rows, made by 12 million
// instructions.
enum {
	FDE_MAX = 2 << 20,
	CHANGE_MAX = 8 << 20,
	WORK_MAX = 64 << 20,
};

void cfi_builder_init(struct cfi_builder *builder, const struct arch *arch,
		      uint64_t base, uint64_t limit)
{
	memset(builder, 0, sizeof(*builder));
	builder->arch = arch;
	builder->base = base;
	builder->limit = limit;
	builder->machine.work_left = WORK_MAX;
	cfi_intern_init(&builder->rows);
	cfi_intern_init(&builder->expressions);
}

void cfi_builder_deinit(struct cfi_builder *builder)
{
	cfi_intern_deinit(&builder->rows);
	cfi_intern_deinit(&builder->expressions);
	free(builder->changes);
}

static bool is_default(const struct cfi_builder *builder, unsigned int reg,
		       const struct cfi_state *state)
{
	// The stack pointer's default is the CFA, not its own value.
	return state->kind[reg] == CFI_SAME && reg != builder->arch->sp;
}

static size_t pack_row(const struct cfi_builder *builder,
		       const struct cfi_state *state,
		       struct cfi_packed_row *ret)
{
	uint64_t left = state->ruled & builder->kept_registers;
	size_t count = 0;

	for (; left; left &= left - 1) {
		unsigned int reg = (unsigned int)__builtin_ctzll(left);
		struct cfi_rule *rule = &ret->rules[count];

		if (is_default(builder, reg, state))
			continue;
		memset(rule, 0, sizeof(*rule));
		rule->kind = state->kind[reg];
		rule->reg = (uint8_t)reg;
		rule->operand = state->operand[reg];
		count++;
	}
	ret->cfa_kind = state->cfa_kind;
	ret->cfa_reg = state->cfa_kind == CFI_CFA_REG_OFFSET ? state->cfa_reg :
							       0;
	ret->cfa_operand = state->cfa_operand;
	ret->signal_frame = builder->signal_frame;
	ret->rule_count = (uint8_t)count;
	return offsetof(struct cfi_packed_row, rules) +
	       count * sizeof(struct cfi_rule);
}

// cfi_state_fn
static void add_change(void *context, uint64_t start,
		       const struct cfi_state *state)
{
	struct cfi_builder *builder = context;
	struct cfi_packed_row packed;
	uint32_t row = CFI_NO_ROW;

	if (builder->full)
		return;
	if (state && !cfi_intern_add(&builder->rows, &packed,
				     pack_row(builder, state, &packed), &row))
		builder->full = true;
	if (builder->change_count == CHANGE_MAX ||
	    !array_reserve_one(builder->changes, builder->change_count,
			       builder->change_capacity))
		builder->full = true;
	if (builder->full)
		return;
	builder->changes[builder->change_count++] = (struct cfi_change){
		(uint32_t)(start - builder->base), row
	};
}

static void spend(struct cfi_machine *machine, uint64_t work)
{
	machine->work_left -= work < machine->work_left ? work :
							  machine->work_left;
}

static const struct cfi_known_cie *find_cie(struct cfi_builder *builder,
					    uint64_t offset)
{
	const struct cfi_section *section = builder->machine.section;
	struct cfi_known_cie *known =
		&builder->known[offset / 4 % CFI_KNOWN_CIES];

	if (!known->filled || known->offset != offset) {
		known->filled = true;
		known->offset = offset;
		// Another return address column would need a second register
		// table; no compiler for our architectures uses one.
		known->usable = cfi_cie_read(section, offset, &known->cie) &&
				known->cie.return_address ==
					builder->arch->return_address &&
				cfi_machine_run_cie(&builder->machine,
						    &known->cie,
						    &known->initial);
		spend(&builder->machine, known->cie.size);
	}
	return known->usable ? known : NULL;
}

// A signal frame restores everything, and code interrupted by a signal may
// hold its CFA in any register; elsewhere only what calls preserve matters.
static uint64_t registers_to_keep(const struct cfi_builder *builder,
				  bool signal_frame)
{
	const struct arch *arch = builder->arch;

	if (signal_frame)
		return ~UINT64_C(0);
	return arch->callee_saved | UINT64_C(1) << arch->return_address |
	       UINT64_C(1) << arch->sp | UINT64_C(1) << arch->fp;
}

static bool add_fde(struct cfi_builder *builder, const struct cfi_entry *entry,
		    struct cfi_ranges *ranges)
{
	const struct cfi_known_cie *known = find_cie(builder,
						     entry->cie_offset);
	size_t first = builder->change_count;
	struct cfi_fde fde;

	if (!known ||
	    !cfi_fde_read(builder->machine.section, entry, &known->cie, &fde) ||
	    fde.start < builder->base || fde.end > builder->limit)
		return true;
	builder->signal_frame = known->cie.signal_frame;
	builder->kept_registers =
		registers_to_keep(builder, known->cie.signal_frame);
	cfi_machine_run_fde(&builder->machine, &known->cie, &known->initial,
			    &fde);
	return cfi_ranges_add(ranges, (struct cfi_range){
		.start = (uint32_t)(fde.start - builder->base),
		.end = (uint32_t)(fde.end - builder->base),
		.first_entry = (uint32_t)first,
		.entry_count = (uint32_t)(builder->change_count - first),
	});
}

bool cfi_builder_add(struct cfi_builder *builder,
		     const struct cfi_section *section,
		     struct cfi_ranges *ranges)
{
	struct cfi_entry entry;
	size_t offset = 0;

	for (size_t i = 0; i < CFI_KNOWN_CIES; i++)
		builder->known[i].filled = false;
	builder->machine.arch = builder->arch;
	builder->machine.section = section;
	builder->machine.expressions = &builder->expressions;
	builder->machine.yield = add_change;
	builder->machine.context = builder;
	while (cfi_entry_next(section, &offset, &entry)) {
		if (entry.is_cie)
			continue;
		if (builder->full || ranges->count == FDE_MAX ||
		    !builder->machine.work_left ||
		    !add_fde(builder, &entry, ranges))
			return false;
	}
	return true;
}
