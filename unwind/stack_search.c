// SPDX-License-Identifier: Apache-2.0
#include "unwind/stack_search.h"

#include "unwind/native/native_step.h"
#include "unwind/walk_place.h"

enum {
	// Of the stack of functions without CFI; most need a few.
	SCAN_WORDS_MAX = 512,
	CALL_ALIGNMENT = 16, // of the stack; psABI x86-64 3.2.2
	// Of all searches of a walk, in words and steps. One takes some hundred.
	EFFORT_MAX = 16384,
};

static const struct walk_place *place_of(const struct walk_input *input,
					 uint64_t pc)
{
	return walk_place_of(input->cache, input->space, pc);
}

uint64_t stack_search_cfa(const struct walk_input *input,
			  const struct regs *regs)
{
	const struct walk_place *place = place_of(input, regs->pc - 1);
	uint64_t sp = regs->value[input->arch->sp], cfa, pc;

	if (!place->row ||
	    native_cfa(input->arch, place->cfi, place->row, regs,
		       input->memory, &cfa) != STEP_OK ||
	    cfa <= sp || cfa - sp > EVAL_FRAME_BYTES_MAX ||
	    !memory_read_u64(input->memory, cfa - sizeof(pc), &pc))
		return UINT64_MAX;
	return pc && place_of(input, pc - 1)->row ? cfa : UINT64_MAX;
}

// What an earlier call has left behind leads on for a few frames, and then into
// data, or to a zero that looks like the root. Code without CFI, past which
// there may be another search, and the end of the copy tell nothing against it.
static bool leads_to_activation(const struct walk_input *input,
				struct regs regs, unsigned int *effort)
{
	enum step_result step = STEP_OK;
	uint64_t cfa;

	while (step == STEP_OK) {
		const struct walk_place *place = place_of(input, regs.pc - 1);

		if (!place->row || place->eval || place->greenlet)
			return place->mapped;
		*effort += 1U + place->expressions;
		if (*effort > EFFORT_MAX)
			return false;
		step = native_cfa(input->arch, place->cfi, place->row, &regs,
				  input->memory, &cfa);
		if (step == STEP_OK)
			step = native_step(input->arch, place->cfi, place->row,
					   cfa, place->row->signal_frame,
					   input->memory, &regs);
	}
	return step == STEP_STACK_BOUND;
}

bool stack_search(const struct walk_input *input, struct regs *regs,
		  unsigned int *effort)
{
	uint64_t sp = regs->value[input->arch->sp], pc;

	for (unsigned int i = 0; i < SCAN_WORDS_MAX; i++) {
		struct regs found = *regs;

		if (++*effort > EFFORT_MAX)
			return false;
		if (!memory_read_u64(input->memory, sp + i * sizeof(sp), &pc))
			return false;
		found.pc = pc & input->arch->pc_mask;
		regs_set(&found, input->arch->sp, sp + (i + 1) * sizeof(sp));
		if (found.value[input->arch->sp] % CALL_ALIGNMENT ||
		    !found.pc ||
		    stack_search_cfa(input, &found) == UINT64_MAX ||
		    !leads_to_activation(input, found, effort))
			continue;
		*regs = found;
		return true;
	}
	return false;
}
