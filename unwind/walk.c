// SPDX-License-Identifier: Apache-2.0
#include "unwind/walk.h"

#include "unwind/native/native_step.h"
#include "unwind/python/python_stack.h"
#include "unwind/stack_search.h"
#include "unwind/walk_place.h"

enum {
	// See walker_leave_compiled().
	COMPILED_SAVED_WORDS = 5,
	COMPILED_PUSHED_WORDS_MAX = 8,
	COMPILED_OWN_WORDS_MAX = 32,
	// Of a walk: a step has one or none, but for a signal frame's 17, and
	// may have 34 that take a thousand times as long as other rules.
	EXPRESSIONS_MAX = 1024,
	// Frames in no file that turned out not to be CPython's compiled code.
	NOT_COMPILED_MAX = 64,
};

static const struct walk_place *place_of(const struct walk_input *input,
					 uint64_t pc)
{
	return walk_place_of(input->cache, input->space, pc);
}

struct walker {
	const struct walk_input *input;
	struct walk_result *result;
	struct regs regs;
	bool exact_pc; // the sampled frame, or one that a signal interrupted
	bool guessed;  // this frame was reached by a frame-pointer guess
	bool sampled;  // still in the sampled frame
	bool greenlet; // the frame before is greenlet's
	bool eval;     // the frame before is the eval loop's
	bool searched; // the stack, for a way out
	/*
	 * Code that CPython compiled at run time has been met, in no file. It
	 * need not have told the thread state which frame it runs, but has it in
	 * a register: these, as they were there.
	 */
	bool compiled;
	struct regs compiled_regs;
	unsigned int not_compiled; // of NOT_COMPILED_MAX
	unsigned int expressions;  // of EXPRESSIONS_MAX
	unsigned int search_effort;
};

static struct frame *walker_add(struct walker *walker, enum frame_kind kind,
				enum frame_status status)
{
	struct walk_result *result = walker->result;
	struct frame *frame;

	if (result->frame_count >= walker->input->frame_limit)
		return NULL;
	frame = &result->frames[result->frame_count++];
	*frame = (struct frame){ .kind = kind,
				 .status = status,
				 .instruction = -1 };
	return frame;
}

static bool walker_add_native(struct walker *walker, uint64_t pc,
			      const struct walk_place *place)
{
	struct frame *frame = walker_add(walker, FRAME_NATIVE,
					 walker->guessed ? FRAME_GUESSED :
							   FRAME_EXACT);

	if (!frame)
		return false;
	frame->pc = pc;
	frame->module = place->module;
	frame->module_vaddr = place->vaddr;
	return true;
}

// The marker of an activation whose Python frames cannot be told.
static bool walker_add_unread(struct walker *walker)
{
	return walker_add(walker, FRAME_OTHER, FRAME_UNRESOLVED) != NULL;
}

static bool walker_add_python(struct walker *walker,
			      const struct python_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct frame *frame =
			walker_add(walker, FRAME_PYTHON, FRAME_UNPROVEN);

		if (!frame)
			return false;
		frame->code = frames[i].code;
		frame->instruction = frames[i].instruction;
	}
	return true;
}

// The registers that the frame has saved for its caller and uses itself.
static size_t own_registers(const struct walker *walker,
			    const struct cfi_row *row, uint64_t *ret)
{
	const struct arch *arch = walker->input->arch;
	size_t count = 0;

	for (unsigned int i = 0; i < row->rule_count; i++) {
		const struct cfi_rule *rule = &row->rules[i];

		if (rule->kind == CFI_OFFSET && rule->reg < ARCH_REG_MAX &&
		    arch->callee_saved >> rule->reg & 1 &&
		    regs_get(&walker->regs, rule->reg, &ret[count]))
			count++;
	}
	return count;
}

// Whether what the thread state says is what compiled code had at hand: in a
// register, or among what it has pushed, which ends at its return address.
static bool compiled_agrees(const struct walker *walker)
{
	const struct walk_input *input = walker->input;
	const struct regs *regs = &walker->compiled_regs;
	uint64_t sp = regs->value[input->arch->sp], word;

	for (unsigned int i = 0; i < ARCH_REG_MAX; i++) {
		if (regs->known >> i & 1 &&
		    regs->value[i] == python_stack_top(input->python))
			return true;
	}
	for (unsigned int i = 0; i < COMPILED_PUSHED_WORDS_MAX; i++) {
		if (!memory_read_u64(input->memory, sp + i * sizeof(word),
				     &word) ||
		    place_of(input, word)->mapped)
			return false;
		if (word == python_stack_top(input->python))
			return true;
	}
	return false;
}

static bool walker_activation_python(struct walker *walker, uint64_t cfa,
				     const struct walk_place *place,
				     enum python_match *ret)
{
	struct python_frame *frames = walker->input->cache->python;
	uint64_t held[CFI_ROW_RULES_MAX];
	const struct python_activation activation = {
		.sp = walker->regs.value[walker->input->arch->sp],
		.cfa = cfa,
		.entering = walker->sampled && place->entering,
		.exact_pc = walker->exact_pc,
		.held = held,
		.held_count = own_registers(walker, place->row, held),
	};
	size_t count = 0;

	if (walker->compiled && walker->input->python->first &&
	    !compiled_agrees(walker))
		walker->input->python->broken = true;
	*ret = python_stack_activation(walker->input->python, &activation,
				       frames, PYTHON_STACK_FRAME_MAX, &count);
	return walker_add_python(walker, frames, count);
}

// An activation of the eval loop: its Python frames in its place. Where there
// are none the native frame itself stays, for that is what is known.
static bool walker_add_activation(struct walker *walker, uint64_t pc,
				  const struct walk_place *place, uint64_t cfa)
{
	struct walk_result *result = walker->result;
	enum python_match match = PYTHON_MATCH_LOST;
	size_t before = result->frame_count;

	result->eval_activations++;
	if (walker->input->python &&
	    !walker_activation_python(walker, cfa, place, &match))
		return false;
	if (match == PYTHON_MATCH_FRAMES && result->frame_count > before)
		return true;
	if (match == PYTHON_MATCH_CONTRADICTION)
		result->contradiction = true;
	if (match == PYTHON_MATCH_LOST || match == PYTHON_MATCH_CONTRADICTION) {
		result->unmatched_activations++;
		if (!walker_add_unread(walker))
			return false;
	}
	return walker_add_native(walker, pc, place);
}

static enum walk_end end_of_step(enum step_result step)
{
	switch (step) {
	case STEP_OK:
	case STEP_ROOT:
		return WALK_END_ROOT;
	case STEP_STACK_BOUND:
		return WALK_END_STACK_BOUND;
	case STEP_BAD_CFA:
		return WALK_END_BAD_CFA;
	case STEP_BAD_EXPRESSION:
		return WALK_END_BAD_EXPRESSION;
	}
	return WALK_END_BAD_CFA;
}

static bool is_code(void *context, uint64_t pc)
{
	return space_find(context, pc) != NULL;
}

// By CFI: emits the frame, steps to the caller. False: the walk has ended.
static bool walker_step_cfi(struct walker *walker, uint64_t pc,
			    const struct walk_place *place)
{
	const struct walk_input *input = walker->input;
	const struct cfi_row *row = place->row;
	bool signal_frame = row->signal_frame;
	enum step_result step;
	uint64_t cfa;

	walker->expressions += place->expressions;
	if (walker->expressions > EXPRESSIONS_MAX)
		goto full;
	step = native_cfa(input->arch, place->cfi, row, &walker->regs,
			  input->memory, &cfa);
	if (place->eval && place->unsupported)
		walker->result->eval_activations++;
	if (step == STEP_OK && place->eval && !place->unsupported) {
		if (!walker_add_activation(walker, pc, place, cfa))
			goto full;
	} else if (!walker_add_native(walker, pc, place)) {
		goto full;
	}
	if (step == STEP_OK)
		step = native_step(input->arch, place->cfi, row, cfa,
				   walker->exact_pc, input->memory,
				   &walker->regs);
	walker->exact_pc = signal_frame;
	walker->guessed = false;
	walker->result->end = end_of_step(step);
	return step == STEP_OK;
full:
	walker->result->end = WALK_END_FRAME_LIMIT;
	return false;
}

// A leaf without CFI has most likely not touched the stack: a system call stub
// (glibc ends clone3's CFI before the call returns), a trampoline, a function
// at its first instruction. Its return address must lead to code with CFI.
static bool walker_leave_leaf(struct walker *walker)
{
	const struct arch *arch = walker->input->arch;
	struct regs *regs = &walker->regs;
	uint64_t sp = regs->value[arch->sp], pc;

	if (!walker->sampled)
		return false;
	if (arch->return_address_in_register) {
		if (!regs_get(regs, arch->return_address, &pc))
			return false;
	} else if (!memory_read_u64(walker->input->memory, sp, &pc)) {
		return false;
	}
	pc &= arch->pc_mask;
	if (!pc || !place_of(walker->input, pc - 1)->row)
		return false;
	if (!arch->return_address_in_register)
		regs_set(regs, arch->sp, sp + sizeof(pc));
	regs->pc = pc;
	return true;
}

// CPython 3.15 keeps the frame pointer while it runs compiled code: it leads to
// the function that entered it.
static bool is_entered_by_frame_pointer(const struct walker *walker)
{
	const struct walk_input *input = walker->input;
	struct regs regs = walker->regs;
	uint64_t cfa;

	return native_step_frame_pointer(input->arch, input->memory, is_code,
					 input->space, &regs, &cfa) == STEP_OK &&
	       place_of(input, regs.pc - 1)->eval;
}

static bool is_compiled(const struct walker *walker, uint64_t pc)
{
	const struct walk_place *place = place_of(walker->input, pc);

	return place->mapped && !place->module;
}

// Into the eval loop, whose return address is the word @index of the stack. A
// frame pointer that compiled code has saved is the word before its own return
// address. Of two that may be it the inner one is.
static bool walker_enter_eval(struct walker *walker, unsigned int index,
			      unsigned int saved)
{
	const struct arch *arch = walker->input->arch;
	uint64_t sp = walker->regs.value[arch->sp], fp, cfa;
	struct regs as_is = walker->regs, restored;

	if (!memory_read_u64(walker->input->memory, sp + index * sizeof(sp),
			     &as_is.pc))
		return false;
	as_is.pc &= arch->pc_mask;
	if (!as_is.pc || !place_of(walker->input, as_is.pc - 1)->eval)
		return false;
	regs_set(&as_is, arch->sp, sp + (index + 1) * sizeof(sp));
	cfa = stack_search_cfa(walker->input, &as_is);
	walker->regs = as_is;
	if (!saved || !memory_read_u64(walker->input->memory,
				       sp + (saved - 1) * sizeof(sp), &fp))
		return cfa != UINT64_MAX;
	restored = as_is;
	regs_set(&restored, arch->fp, fp);
	if (stack_search_cfa(walker->input, &restored) < cfa)
		walker->regs = restored;
	return stack_search_cfa(walker->input, &walker->regs) != UINT64_MAX;
}

/*
 * CPython 3.14's eval loop calls a stub, which saves what its caller expects
 * and calls the compiled code. That is made of pieces that jump to each other;
 * each keeps the frame pointer, or saves it first (Clang's preserve_none):
 *
 *     sp + 0        arguments for who is called: CPython 3.14's bytecodes.c has
 *                   arrays of 11, STACKREFS_TO_PYOBJECTS()
 *                   what the piece has pushed; last the frame pointer
 *     sp + n        return address, in the stub
 *     sp + n + 8    rbx, r12, r13, r14, r15
 *     sp + n + 48   return address, in the eval loop
 *
 * Arrays may hold what an earlier one has left: returns how many places look
 * like it, and leaves by one that is the only one.
 */
static unsigned int walker_leave_piece(struct walker *walker)
{
	const struct walk_input *input = walker->input;
	struct regs before = walker->regs, found;
	uint64_t sp = before.value[input->arch->sp], pc;
	unsigned int count = 0;

	for (unsigned int i = 0; i <= COMPILED_OWN_WORDS_MAX; i++) {
		if (!memory_read_u64(input->memory, sp + i * sizeof(sp), &pc))
			break;
		if (pc && is_compiled(walker, pc - 1) &&
		    walker_enter_eval(walker, i + 1 + COMPILED_SAVED_WORDS, i) &&
		    !count++)
			found = walker->regs;
		walker->regs = before;
	}
	if (count == 1)
		walker->regs = found;
	return count;
}

// In the stub itself some of the five have been pushed, and nothing else.
static bool walker_leave_stub(struct walker *walker)
{
	struct regs before = walker->regs;
	unsigned int places = walker_leave_piece(walker);

	if (places)
		return places == 1;
	for (unsigned int i = 0; walker->sampled && i <= COMPILED_SAVED_WORDS;
	     i++) {
		if (walker_enter_eval(walker, i, 0))
			return true;
		walker->regs = before;
	}
	return false;
}

static bool walker_leave_compiled(struct walker *walker)
{
	if (walker->not_compiled >= NOT_COMPILED_MAX)
		return false;
	if (!walker->compiled)
		walker->compiled_regs = walker->regs;
	// What it has called did not keep the others.
	if (!walker->compiled && !walker->sampled)
		walker->compiled_regs.known &=
			walker->input->arch->callee_saved;
	walker->compiled = true;
	if (is_entered_by_frame_pointer(walker))
		return false;
	if (walker_leave_stub(walker))
		return true;
	walker->not_compiled++;
	return false;
}

// With `-X perf` CPython 3.12+ enters the eval loop through a trampoline, in no
// file. It keeps one word on the stack: room, or the caller's frame pointer.
static bool walker_leave_trampoline(struct walker *walker)
{
	const struct walk_input *input = walker->input;
	const struct arch *arch = input->arch;
	struct regs *regs = &walker->regs;
	uint64_t sp = regs->value[arch->sp], word, fp, pc;

	if (!walker->eval || !memory_read_u64(input->memory, sp, &word) ||
	    !memory_read_u64(input->memory, sp + sizeof(word), &pc))
		return false;
	pc &= arch->pc_mask;
	if (!pc || !place_of(input, pc - 1)->row)
		return false;
	if (regs_get(regs, arch->fp, &fp) && fp == sp)
		regs_set(regs, arch->fp, word);
	regs_set(regs, arch->sp, sp + 2 * sizeof(word));
	regs->pc = pc;
	return true;
}

/*
 * Of musl, which containers of Alpine have, no function has CFI, nor a frame
 * pointer. While there are Python frames that nothing has claimed yet, the stack
 * is searched for the way out. What is found may be what an earlier call has
 * left there; but an activation is matched by address, and where this leads past
 * one, or to one that is none, chain and stack contradict each other. Past all
 * of them it may lead to a root that is none, where what was left behind has
 * come to a zero.
 */
static bool walker_leave_uncovered(struct walker *walker)
{
	const struct walk_input *input = walker->input;

	if (!input->python || python_stack_is_finished(input->python) ||
	    input->arch->return_address_in_register ||
	    !stack_search(input, &walker->regs, &walker->search_effort))
		return false;
	walker->searched = true;
	return true;
}

// Without CFI: the way out of a leaf, or a frame pointer that leads to code and
// up the stack.
static bool walker_step_guess(struct walker *walker, uint64_t pc,
			      const struct walk_place *place)
{
	const struct walk_input *input = walker->input;
	enum step_result step;
	uint64_t cfa;

	if (!walker_add_native(walker, pc, place)) {
		walker->result->end = WALK_END_FRAME_LIMIT;
		return false;
	}
	if (!place->mapped && !walker->sampled) {
		walker->result->end = WALK_END_NO_MAPPING;
		return false;
	}
	walker->guessed = true;
	walker->exact_pc = false;
	walker->result->end = WALK_END_NO_CFI;
	if (place->mapped && !place->module && walker_leave_trampoline(walker))
		return true;
	if (input->python && place->mapped && !place->module &&
	    walker_leave_compiled(walker))
		return true;
	if (place->module && walker_leave_uncovered(walker))
		return true;
	if (walker_leave_leaf(walker))
		return true;
	step = native_step_frame_pointer(input->arch, input->memory, is_code,
					 input->space, &walker->regs, &cfa);
	return step == STEP_OK;
}

// A greenlet's own stack ends where its Python frames have ended and greenlet
// began it. What lies further out is the stack of whoever started it, which may
// have gone on since.
static bool is_greenlet_root(const struct walker *walker,
			     const struct walk_place *place)
{
	return walker->greenlet && !place->greenlet && walker->input->python &&
	       python_stack_has_ended(walker->input->python);
}

// rt_sigreturn() does not return: a signal's trampoline ends with the system
// call, and a thread that is in there stands behind the trampoline's last byte.
static const struct walk_place *place_of_frame(const struct walker *walker,
					       uint64_t pc)
{
	const struct walk_place *place = place_of(walker->input, pc);

	if (place->row || !walker->sampled)
		return place;
	place = place_of(walker->input, pc - 1);
	return place->row && place->row->signal_frame ?
		       place : place_of(walker->input, pc);
}

static void walk_once(const struct walk_input *input, struct frame *frames,
		      struct walk_result *ret)
{
	struct walker walker = { .input = input,
				 .result = ret,
				 .regs = input->regs,
				 .exact_pc = true,
				 .sampled = true };
	bool more = true;

	*ret = (struct walk_result){ .frames = frames, .end = WALK_END_ROOT };
	while (more) {
		// A return address may lie behind the last instruction of its
		// function (a call that never returns), so callers are looked
		// up by the byte before it.
		uint64_t pc = walker.regs.pc - (walker.exact_pc ? 0 : 1);
		const struct walk_place *place = place_of_frame(&walker, pc);

		if (is_greenlet_root(&walker, place)) {
			ret->end = WALK_END_ROOT;
			break;
		}
		ret->native_steps++;
		walker.greenlet = place->greenlet;
		if (place->greenlet && input->python &&
		    (input->python->first || input->python->chain_count > 1))
			ret->switching = true;
		more = place->row ? walker_step_cfi(&walker, pc, place) :
				    walker_step_guess(&walker, pc, place);
		walker.sampled = false;
		walker.eval = place->eval;
	}
	if (walker.searched && ret->end == WALK_END_ROOT &&
	    !python_stack_is_finished(input->python))
		ret->end = WALK_END_NO_CFI;
}

// A second look where the first one has not found what the innermost activation
// runs; and the first one again, if that was no better.
void walk(const struct walk_input *input, struct frame *frames,
	  struct walk_result *ret)
{
	struct python_stack *python = input->python, before;
	uint64_t steps = 0;

	if (!python || !python->objects) {
		walk_once(input, frames, ret);
		return;
	}
	before = *python;
	walk_once(input, frames, ret);
	for (int spilled = 1;
	     spilled >= 0 && ret->contradiction && python->unheld; spilled--) {
		steps += ret->native_steps;
		*python = before;
		python->spilled = spilled;
		walk_once(input, frames, ret);
	}
	ret->native_steps += steps;
}
