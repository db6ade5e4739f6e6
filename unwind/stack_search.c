// SPDX-License-Identifier: Apache-2.0
#include "unwind/stack_search.h"

#include "unwind/native/native_step.h"
#include "unwind/walk_place.h"

enum {
	FRAME_BYTES_MAX = 4096, // of one that is gone on from
	// Of the stack of functions without CFI; most need a few.
	SCAN_WORDS_MAX = 512,
	CALL_ALIGNMENT = 16, // of the stack; psABI x86-64 3.2.2
	SAVED_WORDS_MAX = 6, // callee-saved; psABI x86-64 3.2.1
	// Of all searches of a walk, in words and steps. One takes some hundred.
	EFFORT_MAX = 16384,
	ASKED = 256,	     // effort of asking what is awaited,
	FRAMES_A_STEP = 16,  // of as many frames that are told,
	ASKED_LOOKS = 4096,  // and of a chain how much is looked at for that
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
	    cfa <= sp || cfa - sp > FRAME_BYTES_MAX ||
	    !memory_read_u64(input->memory, cfa - sizeof(pc), &pc))
		return UINT64_MAX;
	return pc && place_of(input, pc - 1)->row ? cfa : UINT64_MAX;
}

// Whether what the thread runs next, further out, is in the activation of @regs.
// Up to 3.10 that takes more than the two addresses: it is believed.
static bool is_awaited(const struct walk_input *input, const struct regs *regs,
		       const struct walk_place *place, unsigned int *effort)
{
	struct python_activation activation = {
		.sp = regs->value[input->arch->sp],
	};
	struct python_stack stack = *input->python;
	enum python_match match;
	size_t count;

	if (place->unsupported || stack.objects)
		return true;
	if (native_cfa(input->arch, place->cfi, place->row, regs,
		       input->memory, &activation.cfa) != STEP_OK)
		return false;
	for (size_t i = 0; i < stack.chain_count; i++)
		if (stack.chain[i].looks_left > ASKED_LOOKS)
			stack.chain[i].looks_left = ASKED_LOOKS;
	match = python_stack_activation(&stack, &activation,
					input->cache->python,
					PYTHON_STACK_FRAME_MAX, &count);
	*effort += ASKED + (unsigned int)count / FRAMES_A_STEP;
	return match == PYTHON_MATCH_FRAMES || match == PYTHON_MATCH_NONE;
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

		if (!place->row || place->greenlet)
			return place->mapped;
		if (place->eval)
			return is_awaited(input, &regs, place, effort);
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

// A function saves what its caller keeps in registers right below its return
// address, the frame pointer among it; in which of the words nothing tells.
static bool restore_frame_pointer(const struct walk_input *input,
				  struct regs *regs, unsigned int *effort)
{
	const struct walk_place *place = place_of(input, regs->pc - 1);
	const struct arch *arch = input->arch;
	uint64_t sp = regs->value[arch->sp], fp;
	struct regs restored = *regs;

	if (!place->row || place->row->cfa_kind != CFI_CFA_REG_OFFSET ||
	    place->row->cfa_reg != arch->fp)
		return false;
	for (unsigned int i = 2; i < 2 + SAVED_WORDS_MAX; i++) {
		if (!memory_read_u64(input->memory, sp - i * sizeof(fp), &fp))
			return false;
		regs_set(&restored, arch->fp, fp);
		if (stack_search_cfa(input, &restored) != UINT64_MAX &&
		    leads_to_activation(input, restored, effort)) {
			*regs = restored;
			return true;
		}
	}
	return false;
}

static bool is_way_out(const struct walk_input *input, struct regs *regs,
		       unsigned int *effort)
{
	return (stack_search_cfa(input, regs) != UINT64_MAX &&
		leads_to_activation(input, *regs, effort)) ||
	       restore_frame_pointer(input, regs, effort);
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
		    !found.pc || !is_way_out(input, &found, effort))
			continue;
		*regs = found;
		return true;
	}
	return false;
}
