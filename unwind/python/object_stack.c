// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/object_stack.h"

enum {
	OBJECT_ALIGNMENT = 8,
	BYTES_PER_UNIT = 2, // 3.10 counts f_lasti in code units
	INSTRUCTION_MAX = 1 << 25,
	EVAL_FRAME_BYTES_MAX = 4096,
	GENERATOR_BEFORE_INSTRUCTION = 8, // f_gen, then f_lasti
};

static bool holds(const struct python_activation *activation, uint64_t address)
{
	for (size_t i = 0; i < activation->held_count; i++) {
		if (activation->held[i] == address)
			return true;
	}
	return false;
}

static int32_t instruction_of(const struct python_layout *layout,
			      const uint8_t *bytes)
{
	int32_t last;

	memcpy(&last, bytes + layout->frame.instruction, sizeof(last));
	if (last < 0 || last > INSTRUCTION_MAX)
		return -1;
	return layout->lines == PYTHON_LINES_PAIRS ? last * BYTES_PER_UNIT :
						     last;
}

/*
 * throw() goes through generators that wait for another's yield in C, inwards,
 * and 3.9 and 3.10 make each the current frame meanwhile (Objects/genobject.c,
 * _gen_throw()). No activation runs it, and its own f_back is NULL, so that the
 * chain ends there and misses all who called throw().
 */
static bool is_cut_off(const struct python_layout *layout, const uint8_t *bytes,
		       uint64_t previous)
{
	uint64_t generator;

	memcpy(&generator,
	       bytes + layout->frame.instruction - GENERATOR_BEFORE_INSTRUCTION,
	       sizeof(generator));
	return !previous && generator;
}

void object_stack_init(struct state_chain *chain,
		       const struct snapshot *snapshot)
{
	uint64_t first;

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		const uint8_t *records = snapshot->bytes + piece->offset;

		if (piece->kind != SNAPSHOT_OBJECTS ||
		    piece->size < sizeof(first))
			continue;
		memcpy(&first, records, sizeof(first));
		if (first != chain->cursor)
			continue;
		chain->objects = records;
		chain->objects_size = piece->size;
		return;
	}
}

// The bytes of the frame at the cursor. Records are in the order of the chain.
static const uint8_t *next_object(struct state_chain *chain)
{
	size_t stride = snapshot_object_stride(chain->layout->frame.size);
	const uint8_t *record = chain->objects;
	uint64_t address;

	if (chain->objects_size < stride)
		return memory_at(chain->memory, chain->cursor,
				 chain->layout->frame.size);
	memcpy(&address, record, sizeof(address));
	if (address != chain->cursor)
		return NULL;
	chain->objects += stride;
	chain->objects_size -= stride;
	return record + sizeof(address);
}

// The frame at the cursor, and the cursor one further out.
static enum python_match take_frame(struct state_chain *chain,
				    struct python_frame *ret)
{
	const struct python_layout *layout = chain->layout;
	const uint8_t *bytes;
	uint64_t previous;

	if (!chain->frames_left)
		return PYTHON_MATCH_LOST;
	chain->frames_left--;
	bytes = next_object(chain);
	if (!bytes)
		return PYTHON_MATCH_LOST;
	ret->address = chain->cursor;
	memcpy(&ret->code, bytes + layout->frame.code, sizeof(ret->code));
	memcpy(&previous, bytes + layout->frame.previous, sizeof(previous));
	ret->instruction = instruction_of(layout, bytes);
	if (!ret->code || ret->code % OBJECT_ALIGNMENT ||
	    previous % OBJECT_ALIGNMENT || previous == chain->cursor)
		return PYTHON_MATCH_CONTRADICTION;
	if (is_cut_off(layout, bytes, previous))
		return PYTHON_MATCH_LOST;
	chain->cursor = previous;
	chain->finished = previous == 0;
	return PYTHON_MATCH_FRAMES;
}

enum python_match object_stack_match(struct state_chain *chain,
				     const struct python_activation *activation,
				     struct python_frame *ret)
{
	enum python_match match;

	if (chain->finished || !holds(activation, chain->cursor))
		return PYTHON_MATCH_ELSEWHERE;
	chain->first = false;
	match = take_frame(chain, ret);
	if (match == PYTHON_MATCH_CONTRADICTION)
		chain->broken = true;
	if (match == PYTHON_MATCH_LOST)
		chain->lost = true;
	return match;
}

static bool has_word(const struct state_chain *chain,
		     const struct python_activation *activation)
{
	uint64_t size = activation->cfa - activation->sp, word;

	if (size > EVAL_FRAME_BYTES_MAX)
		return false;
	for (uint64_t at = 0; at < size; at += sizeof(word)) {
		if (memory_read_u64(chain->memory, activation->sp + at,
				    &word) &&
		    word == chain->cursor)
			return true;
	}
	return false;
}

enum python_match
object_stack_match_spilled(struct state_chain *chain,
			   const struct python_activation *activation,
			   struct python_frame *ret)
{
	enum python_match match;

	if (chain->finished || chain->lost || chain->broken ||
	    !has_word(chain, activation))
		return PYTHON_MATCH_ELSEWHERE;
	match = take_frame(chain, ret);
	return match == PYTHON_MATCH_FRAMES && chain->finished ?
		       PYTHON_MATCH_CONTRADICTION : match;
}
