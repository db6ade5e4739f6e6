// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/python_stack.h"

#include "unwind/python/object_stack.h"

bool snapshot_add_to_memory(const struct snapshot *snapshot,
			    size_t snapshot_size, struct memory *memory)
{
	if (snapshot_size < sizeof(*snapshot) ||
	    snapshot->piece_count > SNAPSHOT_PIECE_MAX ||
	    snapshot->byte_count > snapshot_size - sizeof(*snapshot))
		return false;
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		if (piece->offset > snapshot->byte_count ||
		    piece->size > snapshot->byte_count - piece->offset ||
		    piece->vaddr + piece->size < piece->vaddr)
			return false;
	}
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		if (piece->kind < SNAPSHOT_CODE &&
		    !memory_add(memory, piece->vaddr,
				snapshot->bytes + piece->offset, piece->size))
			return false;
	}
	return true;
}

// An address of the runtime's that says which state runs, as it was read with
// the lock. False: it was not read.
static bool running_state(const struct python_layout *layout,
			  const struct snapshot *snapshot, uint64_t *ret)
{
	const struct snapshot_piece *lock = snapshot_find(snapshot,
							  SNAPSHOT_GIL);

	if (!lock || lock->size < layout->gil.current + sizeof(*ret))
		return false;
	memcpy(ret, snapshot->bytes + lock->offset + layout->gil.current,
	       sizeof(*ret));
	return true;
}

// Whether the state's own word says that it is the one that runs.
static bool says_running(const struct state_chain *chain)
{
	const struct python_layout *layout = chain->layout;
	const uint8_t *bytes = memory_at(
		chain->memory, chain->thread_state + layout->thread.status,
		sizeof(uint32_t));
	uint32_t status;

	if (!bytes)
		return false;
	memcpy(&status, bytes, sizeof(status));
	return status & layout->thread.status_mask;
}

/*
 * The innermost activation is of the state that runs. When that is none of
 * those that were read, for it was made just now, an activation without a
 * record may be running frames that nobody has seen.
 */
static bool is_running(const struct python_stack *stack,
		       const struct python_layout *layout,
		       const struct snapshot *snapshot)
{
	unsigned int count = 0;
	uint64_t running;

	if (layout->gil.current != PYTHON_NO_OFFSET &&
	    !running_state(layout, snapshot, &running))
		return true;
	if (layout->gil.current == PYTHON_NO_OFFSET &&
	    !layout->thread.status_mask)
		return true;
	for (size_t i = 0; i < stack->chain_count; i++) {
		const struct state_chain *chain = &stack->chain[i];

		if (layout->gil.current != PYTHON_NO_OFFSET ?
			    chain->thread_state == running :
			    says_running(chain))
			count++;
	}
	// A thread runs one. Of two that say so another thread has one.
	return count == 1;
}

void python_stack_init(struct python_stack *stack,
		       const struct python_layout *layout,
		       const struct snapshot *snapshot,
		       const struct memory *memory)
{
	stack->objects = layout->chain == PYTHON_CHAIN_OBJECTS;
	stack->first = true;
	stack->unheld = stack->spilled = false;
	stack->broken = false;
	stack->suspect = 0;
	stack->code_facts = NULL;
	stack->code_context = NULL;
	state_chain_init(&stack->chain[0], layout, snapshot,
			 snapshot->thread_state, memory);
	stack->chain_count = 1;
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		if (piece->kind == SNAPSHOT_THREAD &&
		    piece->vaddr != snapshot->thread_state &&
		    stack->chain_count < SNAPSHOT_STATE_MAX)
			state_chain_init(&stack->chain[stack->chain_count++],
					 layout, snapshot, piece->vaddr, memory);
	}
	for (size_t i = 0; i < stack->chain_count; i++)
		stack->chain[i].looks_left =
			PYTHON_STACK_LOOKS_MAX / stack->chain_count;
	stack->running = is_running(stack, layout, snapshot);
}

uint64_t python_stack_top(const struct python_stack *stack)
{
	return stack->chain[0].cursor;
}

bool python_stack_is_finished(const struct python_stack *stack)
{
	for (size_t i = 0; i < stack->chain_count; i++)
		if (!stack->chain[i].finished)
			return false;
	return true;
}

bool python_stack_has_ended(const struct python_stack *stack)
{
	return !stack->first && python_stack_is_finished(stack);
}

static enum python_match contradict(struct python_stack *stack,
				    size_t *ret_count)
{
	stack->broken = true;
	*ret_count = 0;
	return PYTHON_MATCH_CONTRADICTION;
}

/*
 * An activation that has called something has a record: without one it is of
 * another chain. Up to 3.10 it has one only when its frame is being run.
 */
static enum python_match
match_without_record(struct python_stack *stack,
		     const struct python_activation *activation)
{
	bool finished = python_stack_is_finished(stack);
	bool by_register = stack->objects && !finished;
	bool innermost = stack->first;

	if (finished || by_register)
		stack->first = false;
	// Beyond the chain's end: of a greenlet, or of an unknown state.
	if (!innermost && finished)
		return PYTHON_MATCH_LOST;
	if (!innermost && by_register)
		return PYTHON_MATCH_CONTRADICTION;
	return stack->running && (by_register || activation->exact_pc) ?
		       PYTHON_MATCH_NONE :
		       PYTHON_MATCH_LOST;
}

static bool is_claim(enum python_match match)
{
	return match == PYTHON_MATCH_FRAMES || match == PYTHON_MATCH_NONE;
}

static void lend(const struct python_stack *stack, struct state_chain *chain)
{
	chain->first = stack->first;
	chain->code_facts = stack->code_facts;
	chain->code_context = stack->code_context;
}

// What all chains say: exactly one may claim the activation.
static enum python_match
ask_chains(struct python_stack *stack,
	   const struct python_activation *activation,
	   struct python_frame *frames, size_t room, size_t *ret_count)
{
	enum python_match match = PYTHON_MATCH_ELSEWHERE;

	for (size_t i = 0; i < stack->chain_count; i++) {
		struct state_chain *chain = &stack->chain[i];
		enum python_match said;
		size_t count;

		lend(stack, chain);
		said = state_chain_activation(chain, activation, frames,
					       is_claim(match) ? 0 : room,
					       &count);
		if (chain->suspect)
			stack->suspect = chain->suspect;
		if (said == PYTHON_MATCH_CONTRADICTION ||
		    (is_claim(said) && is_claim(match)))
			return PYTHON_MATCH_CONTRADICTION;
		if (is_claim(said) || match == PYTHON_MATCH_ELSEWHERE) {
			match = said;
			*ret_count = count;
		}
	}
	return match;
}

// With several chains a word of one could be a left-over of another.
static enum python_match match_spilled(struct python_stack *stack,
				       const struct python_activation *activation,
				       struct python_frame *frames, size_t room,
				       size_t *ret_count)
{
	enum python_match match;

	stack->unheld = stack->objects && stack->first &&
			stack->chain_count == 1;
	if (!stack->unheld || !stack->spilled || !room)
		return PYTHON_MATCH_ELSEWHERE;
	match = object_stack_match_spilled(&stack->chain[0], activation,
					   &frames[0]);
	*ret_count = match == PYTHON_MATCH_FRAMES;
	return match;
}

enum python_match
python_stack_activation(struct python_stack *stack,
			const struct python_activation *activation,
			struct python_frame *frames, size_t room,
			size_t *ret_count)
{
	enum python_match match;

	*ret_count = 0;
	if (stack->broken)
		return PYTHON_MATCH_CONTRADICTION;
	match = ask_chains(stack, activation, frames, room, ret_count);
	if (match == PYTHON_MATCH_ELSEWHERE && stack->first)
		match = match_spilled(stack, activation, frames, room,
				      ret_count);
	if (match == PYTHON_MATCH_CONTRADICTION)
		return contradict(stack, ret_count);
	if (is_claim(match))
		stack->first = false;
	if (match != PYTHON_MATCH_ELSEWHERE)
		return match;
	match = match_without_record(stack, activation);
	return match == PYTHON_MATCH_CONTRADICTION ?
		       contradict(stack, ret_count) :
		       match;
}
