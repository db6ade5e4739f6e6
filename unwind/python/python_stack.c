// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/python_stack.h"

/*
 * The chain, as CPython leaves it in memory (Python/ceval.c and
 * Include/internal/pycore_frame.h of each version):
 *
 *   3.11  thread state -> cframe -> cframe -> root cframe. A cframe is a local
 *         of one activation. It names its top frame; frames are linked through
 *         `previous`, and the last of an activation has is_entry set.
 *   3.12  The same cframes; an activation's frames end at an entry frame, which
 *         is a local of the activation too.
 *   3.13  thread state -> top frame. Frames as in 3.12; what the entry frame
 *         names as previous is the top frame of the next outer activation.
 */

enum {
	// enum _frameowner: on the data stack, and the last value that is used
	// before entry frames came.
	OWNER_THREAD = 0,
	OWNER_FRAME_OBJECT = 2,

	WORD_BYTES = 8,
	PAGE_BYTES = 4096,
	CHUNK_BYTES_MIN = 16384, // DATA_STACK_CHUNK_SIZE, Python/pystate.c
	UNIT_BYTES = 2,
	INSTRUCTION_NONE = -1,
};

// One _PyInterpreterFrame.
struct chain_frame {
	uint64_t address, code, previous, instruction;
	uint8_t owner, is_entry;
};

// The frames of one activation, and what ties each to the one it called.
struct collector {
	struct python_frame *frames;
	size_t room, count;
	uint64_t callee;	 // data-stack frame met last here; 0: none
	bool innermost;		 // the activation that runs, perhaps half-way
	bool fresh; // frames met so far may not have run an instruction yet,
		    // and what they say may not have been written
	struct chain_frame last; // the frame that ended the activation
};

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

static uint64_t word_at(const uint8_t *bytes, uint32_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

static bool has_cframes(const struct python_layout *layout)
{
	return layout->chain != PYTHON_CHAIN_TSTATE;
}

// The bottom cframe is no local of an activation but part of the thread state.
static bool is_root_record(const struct python_stack *stack, uint64_t record)
{
	return record == 0 ||
	       record - stack->thread_state < stack->layout->thread.size;
}

static void stack_set_cursor(struct python_stack *stack, uint64_t cursor)
{
	stack->cursor = cursor;
	stack->entry = 0;
	stack->finished = has_cframes(stack->layout) ?
				  is_root_record(stack, cursor) :
				  cursor == 0;
}

void python_stack_init(struct python_stack *stack,
		       const struct python_layout *layout,
		       const struct snapshot *snapshot,
		       const struct memory *memory)
{
	uint32_t offset = has_cframes(layout) ? layout->thread.cframe :
						layout->thread.current_frame;
	uint64_t cursor;

	*stack = (struct python_stack){
		.layout = layout,
		.memory = memory,
		.thread_state = snapshot->thread_state,
		.first = true,
		.frames_left = PYTHON_STACK_FRAME_MAX,
		.guard = { .limit = 1 },
	};
	if (snapshot->thread_state == 0 ||
	    !memory_read_u64(memory, snapshot->thread_state + offset, &cursor))
		stack->lost = true;
	else
		stack_set_cursor(stack, cursor);
}

bool python_stack_is_finished(const struct python_stack *stack)
{
	return stack->finished;
}

// True when @address was met before.
static bool guard_step(struct python_chain_guard *guard, uint64_t address)
{
	if (address == guard->mark)
		return true;
	if (++guard->steps == guard->limit) {
		guard->mark = address;
		guard->steps = 0;
		guard->limit *= 2;
	}
	return false;
}

// PYTHON_MATCH_FRAMES: @ret is a frame.
static enum python_match stack_read_frame(struct python_stack *stack,
					  uint64_t address,
					  struct chain_frame *ret)
{
	const struct python_layout *layout = stack->layout;
	const uint8_t *bytes;

	if (address == 0 || address % WORD_BYTES)
		return PYTHON_MATCH_CONTRADICTION;
	if (stack->frames_left == 0)
		return PYTHON_MATCH_LOST;
	stack->frames_left--;
	if (guard_step(&stack->guard, address))
		return PYTHON_MATCH_CONTRADICTION;
	bytes = memory_at(stack->memory, address, layout->frame.size);
	if (!bytes)
		return PYTHON_MATCH_LOST;
	*ret = (struct chain_frame){
		.address = address,
		.code = word_at(bytes, layout->frame.code),
		.previous = word_at(bytes, layout->frame.previous),
		.instruction = word_at(bytes, layout->frame.instruction),
		.owner = bytes[layout->frame.owner],
		.is_entry = layout->chain == PYTHON_CHAIN_IS_ENTRY ?
				    bytes[layout->frame.is_entry] :
				    0,
	};
	return PYTHON_MATCH_FRAMES;
}

static bool is_entry_frame(const struct python_stack *stack,
			   const struct chain_frame *frame)
{
	return stack->layout->chain != PYTHON_CHAIN_IS_ENTRY &&
	       frame->owner == stack->layout->owner_entry;
}

static bool stack_code_facts(const struct python_stack *stack, uint64_t code,
			     struct python_code_facts *ret)
{
	return stack->code_facts &&
	       stack->code_facts(stack->code_context, code, ret);
}

// Whether @slot is where a data-stack chunk begins to hold frames, and @caller
// lies in the chunk before it. Chunks are mmapped, hence whole pages.
static bool is_next_chunk(const struct python_stack *stack, uint64_t slot,
			  uint64_t caller)
{
	const struct python_layout *layout = stack->layout;
	uint64_t chunk = slot - layout->chunk.data;
	uint64_t previous, size;

	if (chunk % PAGE_BYTES ||
	    !memory_read_u64(stack->memory, chunk + layout->chunk.size, &size) ||
	    !memory_read_u64(stack->memory, chunk + layout->chunk.previous,
			     &previous))
		return false;
	if (size < CHUNK_BYTES_MIN || size % PAGE_BYTES || !previous ||
	    previous % PAGE_BYTES)
		return false;
	if (!memory_read_u64(stack->memory, previous + layout->chunk.size, &size))
		return true;
	return caller > previous && caller - previous < size;
}

/*
 * Within one activation frames tile the data stack: a frame begins where its
 * caller's ends, or a new chunk. This finds a frame that has been made current
 * while its `previous` still is what an earlier frame in that place left: the
 * compiler may swap the two stores. Such a stale chain cannot tile down to a
 * frame that is really there. Between activations there can be gaps, where a
 * frame is being cleared (and runs a __del__) or made.
 */
static bool stack_tiles(const struct python_stack *stack,
			const struct collector *collector,
			const struct chain_frame *caller,
			const struct python_code_facts *facts)
{
	uint64_t callee = collector->callee;

	if (!callee || caller->owner != OWNER_THREAD)
		return true;
	if (is_next_chunk(stack, callee, caller->address))
		return true;
	// Unknown code: nothing speaks against a caller, but nothing speaks
	// for what a frame that has just been pushed says either.
	if (!facts || !facts->frame_words)
		return !collector->fresh;
	return callee ==
	       caller->address + (uint64_t)facts->frame_words * WORD_BYTES;
}

static bool is_plausible(const struct python_stack *stack,
			 const struct chain_frame *frame)
{
	if (frame->code == 0 || frame->code % WORD_BYTES)
		return false;
	return frame->owner <= OWNER_FRAME_OBJECT && frame->is_entry <= 1 &&
	       frame->owner != stack->layout->owner_entry;
}

// Byte offset of the frame's instruction. 3.11 and 3.12 start a frame at one
// unit before its code. False: the pointer does not belong to the code.
static bool frame_offset(const struct python_layout *layout,
			 const struct chain_frame *frame,
			 const struct python_code_facts *facts, int32_t *ret)
{
	int64_t offset = (int64_t)(frame->instruction - frame->code -
				   layout->code.bytecode);
	int64_t lowest = layout->instruction_is_previous ? -UNIT_BYTES : 0;
	int64_t end = facts ? (int64_t)facts->unit_count * UNIT_BYTES :
			      INT32_MAX;

	if (offset % UNIT_BYTES || offset < lowest || offset >= end)
		return false;
	*ret = (int32_t)offset;
	return true;
}

// _PyFrame_IsIncomplete(): cells and generators are still being made. It also
// hides the code object _Py_InitCleanup of 3.13, named __init__.
static bool is_incomplete(const struct python_layout *layout,
			  const struct chain_frame *frame, int32_t offset,
			  const struct python_code_facts *facts)
{
	int64_t first = facts ? (int64_t)facts->first_traceable * UNIT_BYTES : 0;

	return frame->owner != layout->owner_generator && offset < first;
}

static void collector_add(struct collector *collector,
			  const struct chain_frame *frame, int32_t offset)
{
	if (collector->count >= collector->room)
		return;
	collector->frames[collector->count++] = (struct python_frame){
		.address = frame->address,
		.code = frame->code,
		.instruction = offset < 0 ? INSTRUCTION_NONE : offset,
	};
}

// False: the frame contradicts its code object or its callee.
static bool stack_visit(struct python_stack *stack, struct collector *collector,
			const struct chain_frame *frame)
{
	struct python_code_facts known;
	const struct python_code_facts *facts = NULL;
	bool incomplete;
	int32_t offset;

	if (!is_plausible(stack, frame))
		return false;
	if (stack_code_facts(stack, frame->code, &known))
		facts = &known;
	if (!frame_offset(stack->layout, frame, facts, &offset) ||
	    !stack_tiles(stack, collector, frame, facts)) {
		stack->suspect = facts ? frame->code : 0;
		return false;
	}
	incomplete = is_incomplete(stack->layout, frame, offset, facts);
	if (frame->owner == OWNER_THREAD) {
		// Beneath a frame that has run all were written long ago, be it
		// one that never is complete.
		collector->fresh &= offset <= 0 || incomplete;
		collector->callee = frame->address;
	}
	if (!incomplete)
		collector_add(collector, frame, offset);
	return true;
}

// A generator that is about to yield has been cut off its caller, while it
// still is the current frame: the compiler of 3.12.1 swaps the two stores of
// YIELD_VALUE.
static bool is_yielding(const struct python_stack *stack,
			const struct chain_frame *frame)
{
	return frame->previous == 0 &&
	       frame->owner == stack->layout->owner_generator;
}

// Nothing is wrong when the frame that has just been pushed does not lead on to
// a good one: for some instructions of a CALL its `previous` is a left-over.
static enum python_match stack_judge(const struct collector *collector,
				     uint64_t top, enum python_match match)
{
	if (match == PYTHON_MATCH_CONTRADICTION && collector->innermost &&
	    collector->callee == top && collector->fresh)
		return PYTHON_MATCH_LOST;
	return match;
}

// Follows the frames of one activation from @top to the frame that ends it.
static enum python_match stack_follow(struct python_stack *stack, uint64_t top,
				      struct collector *collector)
{
	struct chain_frame *frame = &collector->last;
	enum python_match match;

	for (uint64_t address = top;; address = frame->previous) {
		match = stack_read_frame(stack, address, frame);
		if (match == PYTHON_MATCH_FRAMES && is_entry_frame(stack, frame))
			return match;
		if (match == PYTHON_MATCH_FRAMES &&
		    !stack_visit(stack, collector, frame))
			match = PYTHON_MATCH_CONTRADICTION;
		if (match != PYTHON_MATCH_FRAMES)
			return stack_judge(collector, top, match);
		if (frame->is_entry)
			return PYTHON_MATCH_FRAMES;
		if (address == top && is_yielding(stack, frame))
			return PYTHON_MATCH_LOST;
	}
}

static enum python_match stack_contradict(struct python_stack *stack,
					  struct collector *collector)
{
	stack->broken = true;
	collector->count = 0;
	return PYTHON_MATCH_CONTRADICTION;
}

static enum python_match stack_lose(struct python_stack *stack)
{
	stack->lost = true;
	return PYTHON_MATCH_LOST;
}

// What an activation's last frame names as previous was the current frame when
// the activation began, and still is what the next outer record says. The root
// record says NULL.
static bool is_continued(const struct python_stack *stack,
			 const struct chain_frame *last, uint64_t next_record)
{
	uint64_t current;

	if (next_record == 0)
		return last->previous == 0;
	return !memory_read_u64(stack->memory,
				next_record + stack->layout->cframe.current_frame,
				&current) ||
	       current == last->previous;
}

// The frames from a complete record on. @previous is the next outer record.
static enum python_match stack_claim_record(struct python_stack *stack,
					    uint64_t sp, uint64_t cfa,
					    uint64_t top, uint64_t previous,
					    struct collector *collector)
{
	const struct chain_frame *last = &collector->last;
	enum python_match match = stack_follow(stack, top, collector);

	if (match == PYTHON_MATCH_CONTRADICTION)
		return stack_contradict(stack, collector);
	if (match == PYTHON_MATCH_FRAMES) {
		if (is_entry_frame(stack, last) &&
		    (last->address < sp || last->address >= cfa))
			return stack_contradict(stack, collector);
		if (!is_continued(stack, last, previous))
			return stack_contradict(stack, collector);
	}
	if (!is_root_record(stack, previous) && previous < cfa)
		return stack_contradict(stack, collector);
	stack_set_cursor(stack, previous);
	return match;
}

/*
 * The record of an activation that is being entered. Of the entry code's stores
 * the one that makes the record current comes first (seen in 3.11.2, 3.11.7 and
 * 3.12.1), so that @bytes may be left-overs. But every activation's record lies
 * equally far below its CFA.
 */
static void stack_step_over(struct python_stack *stack, uint64_t cfa,
			    const uint8_t *bytes)
{
	uint32_t previous = stack->layout->cframe.previous;

	stack->record_distance = cfa - stack->cursor;
	stack->finished = bytes &&
			  is_root_record(stack, word_at(bytes, previous));
}

// 3.11 and 3.12.
static enum python_match stack_match_record(struct python_stack *stack,
					    uint64_t sp, uint64_t cfa,
					    bool entering,
					    struct collector *collector)
{
	const struct python_layout *layout = stack->layout;
	uint64_t record = stack->cursor;
	const uint8_t *bytes;

	if (record >= cfa)
		return PYTHON_MATCH_NONE;
	if (record < sp || record % WORD_BYTES)
		return stack_contradict(stack, collector);
	stack->first = false;
	bytes = memory_at(stack->memory, record, layout->cframe.size);
	if (entering) {
		stack_step_over(stack, cfa, bytes);
		return PYTHON_MATCH_NONE;
	}
	if (!bytes)
		return stack_lose(stack);
	return stack_claim_record(stack, sp, cfa,
				  word_at(bytes, layout->cframe.current_frame),
				  word_at(bytes, layout->cframe.previous),
				  collector);
}

// 3.13. The frames at the cursor are followed to learn whose they are: their
// entry frame may lie further out, in the next eval-loop frame.
static enum python_match stack_match_entry(struct python_stack *stack,
					   uint64_t sp, uint64_t cfa,
					   bool entering,
					   struct collector *collector)
{
	struct python_stack before = *stack;
	enum python_match match;
	uint64_t entry;

	if (stack->entry >= cfa)
		return PYTHON_MATCH_NONE;
	match = stack_follow(stack, stack->cursor, collector);
	if (match == PYTHON_MATCH_CONTRADICTION)
		return stack_contradict(stack, collector);
	if (entering)
		collector->count = 0;
	if (match == PYTHON_MATCH_LOST)
		return stack_lose(stack);
	entry = collector->last.address;
	if (entry < sp)
		return stack_contradict(stack, collector);
	if (entry >= cfa) {
		*stack = before;
		stack->entry = entry;
		collector->count = 0;
		return PYTHON_MATCH_NONE;
	}
	stack->first = false;
	stack_set_cursor(stack, collector->last.previous);
	return PYTHON_MATCH_FRAMES;
}

static enum python_match stack_match(struct python_stack *stack, uint64_t sp,
				     uint64_t cfa, bool entering,
				     struct collector *collector)
{
	if (stack->broken)
		return PYTHON_MATCH_CONTRADICTION;
	if (stack->record_distance) {
		stack_set_cursor(stack, cfa - stack->record_distance);
		stack->record_distance = 0;
	}
	if (stack->lost)
		return PYTHON_MATCH_LOST;
	// Native frames of the loop beyond the chain belong to another one: of
	// a greenlet, or of a second interpreter.
	if (stack->finished)
		return stack->first ? PYTHON_MATCH_NONE : PYTHON_MATCH_LOST;
	return has_cframes(stack->layout) ?
		       stack_match_record(stack, sp, cfa, entering, collector) :
		       stack_match_entry(stack, sp, cfa, entering, collector);
}

enum python_match python_stack_activation(struct python_stack *stack,
					  uint64_t sp, uint64_t cfa,
					  bool entering,
					  struct python_frame *frames,
					  size_t room, size_t *ret_count)
{
	struct collector collector = { .frames = frames,
				       .room = room,
				       .innermost = stack->first,
				       .fresh = stack->first };
	enum python_match match =
		stack_match(stack, sp, cfa, entering, &collector);

	*ret_count = collector.count;
	if (match == PYTHON_MATCH_FRAMES && collector.count == 0)
		return PYTHON_MATCH_NONE;
	return match;
}
