// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/state_chain.h"

#include "unwind/python/object_stack.h"

/*
 * The chain, as CPython leaves it in memory (Python/ceval.c and
 * Include/internal/pycore_frame.h of each version):
 *
 * <=3.10  thread state -> frame object -> frame object; see object_stack.h.
 *   3.11  thread state -> cframe -> cframe -> root cframe. A cframe is a local
 *         of one activation. It names its top frame; frames are linked through
 *         `previous`, and the last of an activation has is_entry set.
 *   3.12  The same cframes; an activation's frames end at an entry frame, which
 *         is a local of the activation too.
 *   3.13  thread state -> top frame. Frames as in 3.12; what the entry frame
 *         names as previous is the top frame of the next outer activation.
 *         Since 3.14 the pointer to the code has tag bits, since 3.15 the
 *         outermost entry frame names a frame in the thread state.
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
	uint64_t outer; // next outer record, of an activation that has one
	struct chain_frame last; // the frame that ended the activation
};

static uint64_t word_at(const uint8_t *bytes, uint32_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

static bool has_cframes(const struct python_layout *layout)
{
	return layout->thread.cframe != PYTHON_NO_OFFSET;
}

// The bottom cframe is no local of an activation but part of the thread state.
static bool is_root_record(const struct state_chain *chain, uint64_t record)
{
	return record == 0 ||
	       record - chain->thread_state < chain->layout->thread.size;
}

// Nothing calls the outermost frame; 3.15 says so by a frame in the thread state.
static bool is_end_of_frames(const struct state_chain *chain, uint64_t address)
{
	uint32_t base = chain->layout->thread.base_frame;

	return address == 0 || (base != PYTHON_NO_OFFSET &&
				address == chain->thread_state + base);
}

static void chain_set_cursor(struct state_chain *chain, uint64_t cursor)
{
	chain->cursor = cursor;
	chain->entry = 0;
	chain->finished = has_cframes(chain->layout) ?
				  is_root_record(chain, cursor) :
				  is_end_of_frames(chain, cursor);
}

void state_chain_init(struct state_chain *chain,
		      const struct python_layout *layout,
		      const struct snapshot *snapshot, uint64_t thread_state,
		      const struct memory *memory)
{
	uint32_t offset = has_cframes(layout) ? layout->thread.cframe :
						layout->thread.current_frame;
	uint64_t cursor;

	*chain = (struct state_chain){
		.layout = layout,
		.memory = memory,
		.thread_state = thread_state,
		.first = true,
		.frames_left = PYTHON_STACK_FRAME_MAX,
		.looks_left = PYTHON_STACK_LOOKS_MAX,
		.guard = { .limit = 1 },
	};
	if (thread_state == 0 ||
	    !memory_read_u64(memory, thread_state + offset, &cursor))
		chain->lost = true;
	else
		chain_set_cursor(chain, cursor);
	if (layout->chain == PYTHON_CHAIN_OBJECTS)
		object_stack_init(chain, snapshot);
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

static bool has_looked_enough(const struct state_chain *chain)
{
	return chain->looks_left < chain->memory->segment_count;
}

// All segments are looked at only where neither the stack's copy, which counts
// first, has the bytes nor one that had some before.
static const uint8_t *chain_bytes(struct state_chain *chain, uint64_t address,
				  uint64_t size)
{
	const struct memory *memory = chain->memory;
	const size_t likely[] = { 0, chain->hit[0], chain->hit[1] };
	const uint8_t *bytes = NULL;

	for (size_t i = 0; !bytes && memory->segment_count && i < 3; i++)
		bytes = memory_in(memory, likely[i], address, size);
	if (bytes || has_looked_enough(chain))
		return bytes;
	chain->looks_left -= memory->segment_count;
	for (size_t i = 0; !bytes && i < memory->segment_count; i++) {
		bytes = memory_in(memory, i, address, size);
		if (!bytes)
			continue;
		chain->hit[1] = chain->hit[0];
		chain->hit[0] = i;
	}
	return bytes;
}

static bool chain_word(struct state_chain *chain, uint64_t address,
		       uint64_t *ret)
{
	const uint8_t *bytes = chain_bytes(chain, address, sizeof(*ret));

	if (bytes)
		memcpy(ret, bytes, sizeof(*ret));
	return bytes;
}

// PYTHON_MATCH_FRAMES: @ret is a frame.
static enum python_match chain_read_frame(struct state_chain *chain,
					  uint64_t address,
					  struct chain_frame *ret)
{
	const struct python_layout *layout = chain->layout;
	const uint8_t *bytes;

	if (address == 0 || address % WORD_BYTES)
		return PYTHON_MATCH_CONTRADICTION;
	if (chain->frames_left == 0)
		return PYTHON_MATCH_LOST;
	chain->frames_left--;
	if (guard_step(&chain->guard, address))
		return PYTHON_MATCH_CONTRADICTION;
	bytes = chain_bytes(chain, address, layout->frame.size);
	if (!bytes)
		return PYTHON_MATCH_LOST;
	*ret = (struct chain_frame){
		.address = address,
		.code = word_at(bytes, layout->frame.code) &
			~(uint64_t)layout->frame.code_tags,
		.previous = word_at(bytes, layout->frame.previous),
		.instruction = word_at(bytes, layout->frame.instruction),
		.owner = bytes[layout->frame.owner],
		.is_entry = layout->chain == PYTHON_CHAIN_IS_ENTRY ?
				    bytes[layout->frame.is_entry] :
				    0,
	};
	return PYTHON_MATCH_FRAMES;
}

static bool is_entry_frame(const struct state_chain *chain,
			   const struct chain_frame *frame)
{
	return chain->layout->chain != PYTHON_CHAIN_IS_ENTRY &&
	       frame->owner == chain->layout->owner_entry;
}

static bool chain_code_facts(const struct state_chain *chain, uint64_t code,
			     struct python_code_facts *ret)
{
	return chain->code_facts &&
	       chain->code_facts(chain->code_context, code, ret);
}

// Whether @slot is where a data-stack chunk begins to hold frames, and @caller
// lies in the chunk before it. Chunks are mmapped, hence whole pages.
static bool is_next_chunk(struct state_chain *chain, uint64_t slot,
			  uint64_t caller)
{
	const struct python_layout *layout = chain->layout;
	uint64_t chunk = slot - layout->chunk.data;
	uint64_t previous, size;

	if (chunk % PAGE_BYTES ||
	    !chain_word(chain, chunk + layout->chunk.size, &size) ||
	    !chain_word(chain, chunk + layout->chunk.previous, &previous))
		return false;
	if (size < CHUNK_BYTES_MIN || size % PAGE_BYTES || !previous ||
	    previous % PAGE_BYTES)
		return false;
	if (!chain_word(chain, previous + layout->chunk.size, &size))
		return !has_looked_enough(chain);
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
static bool chain_tiles(struct state_chain *chain,
			const struct collector *collector,
			const struct chain_frame *caller,
			const struct python_code_facts *facts)
{
	uint64_t callee = collector->callee;

	if (!callee || caller->owner != OWNER_THREAD)
		return true;
	if (is_next_chunk(chain, callee, caller->address))
		return true;
	// Unknown code: nothing speaks against a caller, but nothing speaks
	// for what a frame that has just been pushed says either.
	if (!facts || !facts->frame_words)
		return !collector->fresh;
	return callee ==
	       caller->address + (uint64_t)facts->frame_words * WORD_BYTES;
}

static bool is_plausible(const struct state_chain *chain,
			 const struct chain_frame *frame)
{
	if (frame->code == 0 || frame->code % WORD_BYTES)
		return false;
	return frame->owner <= OWNER_FRAME_OBJECT && frame->is_entry <= 1 &&
	       frame->owner != chain->layout->owner_entry;
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
static bool chain_visit(struct state_chain *chain, struct collector *collector,
			const struct chain_frame *frame)
{
	struct python_code_facts known;
	const struct python_code_facts *facts = NULL;
	bool incomplete;
	int32_t offset;

	if (!is_plausible(chain, frame))
		return false;
	if (chain_code_facts(chain, frame->code, &known))
		facts = &known;
	if (!frame_offset(chain->layout, frame, facts, &offset) ||
	    !chain_tiles(chain, collector, frame, facts)) {
		chain->suspect = facts ? frame->code : 0;
		return false;
	}
	incomplete = is_incomplete(chain->layout, frame, offset, facts);
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
// YIELD_VALUE, one of 3.11 might those of _gen_throw().
static bool is_yielding(const struct state_chain *chain,
			const struct chain_frame *frame)
{
	return frame->previous == 0 &&
	       frame->owner == chain->layout->owner_generator;
}

// Nothing is wrong when the frame that has just been pushed does not lead on to
// a good one: for some instructions of a CALL its `previous` is a left-over.
static enum python_match chain_judge(const struct collector *collector,
				     uint64_t top, enum python_match match)
{
	if (match == PYTHON_MATCH_CONTRADICTION && collector->innermost &&
	    collector->callee == top && collector->fresh)
		return PYTHON_MATCH_LOST;
	return match;
}

// What an activation's last frame names as previous was the current frame when
// the activation began, and still is what the next outer record says. The root
// record says NULL.
static bool is_continued(struct state_chain *chain,
			 const struct chain_frame *last, uint64_t next_record)
{
	uint64_t current;

	if (next_record == 0)
		return last->previous == 0;
	next_record += chain->layout->cframe.current_frame;
	return chain_word(chain, next_record, &current) ?
		       current == last->previous : !has_looked_enough(chain);
}

/*
 * throw() goes through generators that wait for another's yield in C, inwards,
 * and makes each the current frame of the activation that called it (CPython
 * 3.11 Objects/genobject.c, _gen_throw()). No activation runs them, but they
 * still say that one did. The frame that one does run leads to the frame that
 * the next outer record names.
 */
static bool is_thrown_into(struct state_chain *chain,
			   const struct collector *collector,
			   const struct chain_frame *frame)
{
	return frame->owner == chain->layout->owner_generator &&
	       frame->previous &&
	       !is_continued(chain, frame, collector->outer);
}

// Follows the frames of one activation from @top to the frame that ends it.
static enum python_match chain_follow(struct state_chain *chain, uint64_t top,
				      struct collector *collector)
{
	struct chain_frame *frame = &collector->last;
	enum python_match match;

	for (uint64_t address = top;; address = frame->previous) {
		match = chain_read_frame(chain, address, frame);
		if (match == PYTHON_MATCH_FRAMES && is_entry_frame(chain, frame))
			return match;
		if (match == PYTHON_MATCH_FRAMES &&
		    !chain_visit(chain, collector, frame))
			match = PYTHON_MATCH_CONTRADICTION;
		if (match != PYTHON_MATCH_FRAMES)
			return chain_judge(collector, top, match);
		if (address == top && is_yielding(chain, frame))
			return PYTHON_MATCH_LOST;
		if (frame->is_entry && !is_thrown_into(chain, collector, frame))
			return PYTHON_MATCH_FRAMES;
	}
}

static enum python_match chain_contradict(struct state_chain *chain,
					  struct collector *collector)
{
	chain->broken = true;
	collector->count = 0;
	return PYTHON_MATCH_CONTRADICTION;
}

static enum python_match chain_lose(struct state_chain *chain)
{
	chain->lost = true;
	return PYTHON_MATCH_LOST;
}

// The frames from a complete record on. @previous is the next outer record.
static enum python_match chain_claim_record(struct state_chain *chain,
					    uint64_t sp, uint64_t cfa,
					    uint64_t top, uint64_t previous,
					    struct collector *collector)
{
	const struct chain_frame *last = &collector->last;
	enum python_match match;

	collector->outer = previous;
	match = chain_follow(chain, top, collector);
	if (match == PYTHON_MATCH_CONTRADICTION)
		return chain_contradict(chain, collector);
	if (match == PYTHON_MATCH_FRAMES) {
		if (is_entry_frame(chain, last) &&
		    (last->address < sp || last->address >= cfa))
			return chain_contradict(chain, collector);
		// A greenlet's first frame has no caller, but its record names
		// that of whoever started it.
		if (last->previous == 0) {
			chain_set_cursor(chain, 0);
			return match;
		}
		if (!is_continued(chain, last, previous))
			return chain_contradict(chain, collector);
	}
	if (!is_root_record(chain, previous) && previous < cfa)
		return chain_contradict(chain, collector);
	chain_set_cursor(chain, previous);
	return match;
}

/*
 * The record of an activation that is being entered. Of the entry code's stores
 * the one that makes the record current comes first (seen in 3.11.2, 3.11.7 and
 * 3.12.1), so that @bytes may be left-overs. But every activation's record lies
 * equally far below its CFA.
 */
static void chain_step_over(struct state_chain *chain, uint64_t cfa,
			    const uint8_t *bytes)
{
	uint32_t previous = chain->layout->cframe.previous;

	chain->record_distance = cfa - chain->cursor;
	chain->finished = bytes &&
			  is_root_record(chain, word_at(bytes, previous));
}

// 3.11 and 3.12.
static enum python_match chain_match_record(struct state_chain *chain,
					    uint64_t sp, uint64_t cfa,
					    bool entering,
					    struct collector *collector)
{
	const struct python_layout *layout = chain->layout;
	uint64_t record = chain->cursor;
	const uint8_t *bytes;

	if (record >= cfa)
		return PYTHON_MATCH_ELSEWHERE;
	if (record < sp || record % WORD_BYTES)
		return chain_contradict(chain, collector);
	chain->first = false;
	bytes = memory_at(chain->memory, record, layout->cframe.size);
	if (entering) {
		chain_step_over(chain, cfa, bytes);
		return PYTHON_MATCH_NONE;
	}
	if (!bytes)
		return chain_lose(chain);
	return chain_claim_record(chain, sp, cfa,
				  word_at(bytes, layout->cframe.current_frame),
				  word_at(bytes, layout->cframe.previous),
				  collector);
}

// 3.13. The frames at the cursor are followed to learn whose they are: their
// entry frame may lie further out, in the next eval-loop frame.
static enum python_match chain_match_entry(struct state_chain *chain,
					   uint64_t sp, uint64_t cfa,
					   bool entering,
					   struct collector *collector)
{
	struct state_chain before = *chain;
	enum python_match match;
	uint64_t entry;

	if (chain->entry >= cfa)
		return PYTHON_MATCH_ELSEWHERE;
	match = chain_follow(chain, chain->cursor, collector);
	if (match == PYTHON_MATCH_CONTRADICTION)
		return chain_contradict(chain, collector);
	if (entering)
		collector->count = 0;
	if (match == PYTHON_MATCH_LOST)
		return chain_lose(chain);
	entry = collector->last.address;
	if (entry < sp)
		return chain_contradict(chain, collector);
	if (entry >= cfa) {
		before.looks_left = chain->looks_left;
		*chain = before;
		chain->entry = entry;
		collector->count = 0;
		return PYTHON_MATCH_ELSEWHERE;
	}
	chain->first = false;
	chain_set_cursor(chain, collector->last.previous);
	return PYTHON_MATCH_FRAMES;
}

static enum python_match chain_match_object(
	struct state_chain *chain, const struct python_activation *activation,
	struct collector *collector)
{
	struct python_frame frame;
	enum python_match match = object_stack_match(chain, activation, &frame);

	if (match == PYTHON_MATCH_FRAMES && collector->count < collector->room)
		collector->frames[collector->count++] = frame;
	return match;
}

static enum python_match chain_match(struct state_chain *chain,
				     const struct python_activation *activation,
				     struct collector *collector)
{
	uint64_t sp = activation->sp, cfa = activation->cfa;

	if (chain->broken)
		return PYTHON_MATCH_CONTRADICTION;
	if (chain->record_distance) {
		chain_set_cursor(chain, cfa - chain->record_distance);
		chain->record_distance = 0;
	}
	if (chain->lost)
		return PYTHON_MATCH_LOST;
	if (chain->finished)
		return PYTHON_MATCH_ELSEWHERE;
	if (chain->layout->chain == PYTHON_CHAIN_OBJECTS)
		return chain_match_object(chain, activation, collector);
	return has_cframes(chain->layout) ?
		       chain_match_record(chain, sp, cfa, activation->entering,
					  collector) :
		       chain_match_entry(chain, sp, cfa, activation->entering,
					 collector);
}

enum python_match
state_chain_activation(struct state_chain *chain,
		       const struct python_activation *activation,
		       struct python_frame *frames, size_t room,
		       size_t *ret_count)
{
	struct collector collector = { .frames = frames,
				       .room = room,
				       .innermost = chain->first,
				       .fresh = chain->first };
	enum python_match match =
		chain_match(chain, activation, &collector);

	*ret_count = collector.count;
	if (match == PYTHON_MATCH_FRAMES && collector.count == 0)
		return PYTHON_MATCH_NONE;
	return match;
}
