// SPDX-License-Identifier: Apache-2.0
#include "unwind/walk.h"

#include "unwind/native/cfi_table.h"
#include "unwind/native/native_step.h"
#include "unwind/python/binary.h"
#include "unwind/python/python_stack.h"

#include <stdlib.h>

enum { WALK_CACHE_SLOTS = 4096 }; // power of two

// What a pc means in one address space at one generation of its mappings.
struct walk_place {
	const struct space *space;
	uint64_t generation;
	uint64_t pc;
	struct module *module;
	const struct cfi_table *cfi;
	const struct cfi_row *row; // NULL: no CFI here
	uint64_t vaddr;
	bool mapped;
	bool eval;
	bool unsupported; // of a version that is not read
	bool entering; // the eval loop's straight-line entry
};

struct walk_cache {
	struct walk_place place[WALK_CACHE_SLOTS];
	struct python_frame python[PYTHON_STACK_FRAME_MAX];
};

struct walk_cache *walk_cache_create(void)
{
	return calloc(1, sizeof(struct walk_cache));
}

void walk_cache_destroy(struct walk_cache *cache)
{
	free(cache);
}

static void place_look_up(struct space *space, uint64_t pc,
			  struct walk_place *ret)
{
	const struct mapping *mapping = space_find(space, pc);
	const struct python_binary *python;

	*ret = (struct walk_place){ .space = space,
				    .generation = space->generation,
				    .pc = pc,
				    .mapped = mapping != NULL };
	if (!mapping || !mapping->module)
		return;
	ret->module = mapping->module;
	ret->vaddr = pc - mapping->bias;
	ret->cfi = module_cfi(mapping->module);
	if (ret->cfi)
		ret->row = cfi_table_find(ret->cfi, ret->vaddr);
	python = module_python(mapping->module);
	if (!python)
		return;
	ret->eval = python_binary_in_eval(python, ret->vaddr);
	ret->unsupported = !python->layout;
	ret->entering = python->eval_count &&
			ret->vaddr >= python->eval[0].start &&
			ret->vaddr < python->entry_end;
}

// Addresses of one call site recur in every sample, so that a small
// direct-mapped cache turns three binary searches into one comparison.
static const struct walk_place *place_of(const struct walk_input *input,
					 uint64_t pc)
{
	struct walk_place *slot = &input->cache->place[(pc ^ pc >> 12) &
						       (WALK_CACHE_SLOTS - 1)];

	if (slot->pc != pc || slot->space != input->space ||
	    slot->generation != input->space->generation)
		place_look_up(input->space, pc, slot);
	return slot;
}

struct walker {
	const struct walk_input *input;
	struct walk_result *result;
	struct regs regs;
	bool exact_pc; // the sampled frame, or one that a signal interrupted
	bool guessed;  // this frame was reached by a frame-pointer guess
	bool sampled;  // still in the sampled frame
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

static bool walker_activation_python(struct walker *walker, uint64_t cfa,
				     const struct walk_place *place,
				     enum python_match *ret)
{
	struct python_frame *frames = walker->input->cache->python;
	size_t count = 0;
	bool entering = walker->sampled && place->entering;

	*ret = python_stack_activation(walker->input->python,
				       walker->regs.value[walker->input->arch->sp],
				       cfa, entering, frames,
				       PYTHON_STACK_FRAME_MAX, &count);
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
	if (walker_leave_leaf(walker))
		return true;
	step = native_step_frame_pointer(input->arch, input->memory, is_code,
					 input->space, &walker->regs, &cfa);
	return step == STEP_OK;
}

void walk(const struct walk_input *input, struct frame *frames,
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
		const struct walk_place *place = place_of(input, pc);

		ret->native_steps++;
		more = place->row ? walker_step_cfi(&walker, pc, place) :
				    walker_step_guess(&walker, pc, place);
		walker.sampled = false;
	}
}

static const char *const walk_end_names[WALK_END_COUNT] = {
	[WALK_END_ROOT] = "root",
	[WALK_END_NO_MAPPING] = "no-mapping",
	[WALK_END_NO_CFI] = "no-cfi",
	[WALK_END_STACK_BOUND] = "stack-bound",
	[WALK_END_BAD_CFA] = "bad-cfa",
	[WALK_END_BAD_EXPRESSION] = "bad-expression",
	[WALK_END_FRAME_LIMIT] = "frame-limit",
	[WALK_END_KERNEL_THREAD] = "kernel-thread",
};

const char *walk_end_name(enum walk_end end)
{
	return walk_end_names[end];
}

static const char *const frame_status_names[FRAME_STATUS_COUNT] = {
	[FRAME_EXACT] = "exact",
	[FRAME_GUESSED] = "guessed",
	[FRAME_PROVEN] = "proven",
	[FRAME_UNPROVEN] = "unproven",
	[FRAME_UNRESOLVED] = "unresolved",
};

const char *frame_status_name(enum frame_status status)
{
	return frame_status_names[status];
}

static const char *const frame_kind_names[] = {
	[FRAME_NATIVE] = "native",
	[FRAME_PYTHON] = "python",
	[FRAME_KERNEL] = "kernel",
	[FRAME_OTHER] = "other",
};

const char *frame_kind_name(enum frame_kind kind)
{
	return frame_kind_names[kind];
}
