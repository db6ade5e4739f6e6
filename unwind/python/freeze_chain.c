// SPDX-License-Identifier: Apache-2.0
/*
 * The frames of a frozen thread, followed to their end through what has been
 * read, so that nothing is missing later: frames of generators and coroutines
 * lie inside those objects, entry frames and cframes on the C stack, perhaps
 * beyond the kernel's copy of it. Code objects not met before are read too.
 */
#include "unwind/python/code_head.h"
#include "unwind/python/freezer.h"

enum {
	STACK_NEAR = 64 << 10, // bytes beyond the copy: surely the stack
	HALF_WRITTEN_NEAR = 1024, // bytes from the stack pointer
	HALF_WRITTEN_WORDS = 2048,
	HALF_WRITTEN_CANDIDATES = 16,
	HALF_WRITTEN_FOLLOWED = 3,
	// Each has an activation on the stack, as far as that has been read.
	OBJECTS_OF_CUT_STACK = 512,
	// New code objects come first.
	CODES_AGAIN_MAX = 48,
};

enum link {
	LINK_END,     // the chain has ended as it should
	LINK_BROKEN,  // nonsense or a circle
	LINK_MISSING, // what comes next cannot be read
	LINK_DEEP,    // there is more than the limits allow
};

static enum snapshot_status status_of_link(enum link link)
{
	switch (link) {
	case LINK_END:
		return SNAPSHOT_OK;
	case LINK_BROKEN:
		return SNAPSHOT_BROKEN;
	case LINK_MISSING:
		return SNAPSHOT_UNREADABLE;
	case LINK_DEEP:
		return SNAPSHOT_TOO_DEEP;
	}
	return SNAPSHOT_BROKEN;
}

// Those that call each other were captured last. True as well when there were
// too many looks.
static bool is_captured(struct freezer *freezer, uint64_t code)
{
	const struct snapshot *ret = freezer->ret;
	uint32_t i = freezer->looks ? ret->piece_count : 0;

	while (i > 0 && (ret->piece[i - 1].kind != SNAPSHOT_CODE ||
			 ret->piece[i - 1].vaddr != code))
		i--;
	return !freezer_look(freezer, ret->piece_count - i + 1) || i > 0;
}

static bool is_wanted(struct freezer *freezer, uint64_t code)
{
	switch (python_target_code_need(freezer->target, code)) {
	case PYTHON_CODE_ENOUGH:
		if (!freezer->young)
			return false;
		break;
	case PYTHON_CODE_AGAIN:
		break;
	case PYTHON_CODE_NEW:
		if (freezer->new_codes >= SNAPSHOT_CODE_MAX ||
		    is_captured(freezer, code))
			return false;
		freezer->new_codes++;
		return true;
	}
	if (freezer->codes_again >= CODES_AGAIN_MAX ||
	    is_captured(freezer, code))
		return false;
	freezer->codes_again++;
	return true;
}

// A head is captured until the target has seen enough of it, and at most once
// in a snapshot, however often its function is on the stack.
static void learn_code(struct freezer *freezer, uint64_t code)
{
	const struct python_layout *layout = freezer->layout;
	struct python_target *target = freezer->target;
	const void *head;

	if (!is_wanted(freezer, code))
		return;
	head = freezer_object(freezer, SNAPSHOT_CODE, code, layout->code.size);
	if (head && (!target->code_type ||
		     freezer_u64(head, layout->code.type) == target->code_type))
		python_target_learn_code(target, code,
					 code_head_fingerprint(layout, head));
}

// The frame at @vaddr. An entry frame that lies beyond the stack copy brings
// the stack in between along: the native frames there are needed as well.
static const uint8_t *frame_at(struct freezer *freezer, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *frame = freezer_at(freezer, vaddr, layout->frame.size);

	if (!frame && vaddr - freezer->stack_end < STACK_NEAR &&
	    freezer_extend_stack(freezer, vaddr, layout->frame.size))
		frame = freezer_at(freezer, vaddr, layout->frame.size);
	if (frame)
		return frame;
	frame = freezer_object(freezer, SNAPSHOT_FRAME, vaddr,
			       layout->frame.size);
	if (frame && frame[layout->frame.owner] == layout->owner_entry)
		freezer_extend_stack(freezer, vaddr, layout->frame.size);
	return frame;
}

static enum link visit_frames(struct freezer *freezer, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;
	struct chain_guard guard = { 0 };
	uint64_t last_code = 0;

	for (unsigned int i = 0; vaddr; i++) {
		const uint8_t *frame;
		uint64_t code;

		if (i >= SNAPSHOT_FRAME_MAX)
			return LINK_DEEP;
		if (!freezer_is_pointer(vaddr) ||
		    chain_guard_repeats(&guard, vaddr))
			return LINK_BROKEN;
		frame = frame_at(freezer, vaddr);
		if (!frame)
			return LINK_MISSING;
		code = freezer_u64(frame, layout->frame.code) &
		       ~(uint64_t)layout->frame.code_tags;
		if (!freezer_is_pointer(code))
			return LINK_BROKEN;
		vaddr = freezer_u64(frame, layout->frame.previous);
		if (code != last_code &&
		    frame[layout->frame.owner] != layout->owner_entry)
			learn_code(freezer, code);
		last_code = code;
	}
	return LINK_END;
}

static enum link follow_frames(struct freezer *freezer, uint64_t vaddr)
{
	enum link link;

	freezer_read_along(freezer, FREEZER_ALONG_KNOWN);
	link = visit_frames(freezer, vaddr);
	freezer_read_along(freezer, FREEZER_ALONG_NOTHING);
	return link;
}

// Where the next frame object's record goes. NULL: no room.
static uint8_t *next_record(struct freezer *freezer, size_t size)
{
	size_t stride = snapshot_object_stride(freezer->layout->frame.size);

	if (size + stride > freezer_room(freezer))
		return NULL;
	return freezer_end(freezer) + size;
}

// Reads the frame objects from @vaddr on, one record behind the other, *@size
// bytes in all.
static enum link read_objects(struct freezer *freezer, uint64_t vaddr,
			      size_t *size)
{
	const struct python_layout *layout = freezer->layout;
	unsigned int limit = freezer->stack_cut ? OBJECTS_OF_CUT_STACK :
						  SNAPSHOT_FRAME_MAX;
	struct chain_guard guard = { 0 };

	for (unsigned int i = 0; vaddr; i++) {
		uint8_t *record = next_record(freezer, *size);
		uint8_t *frame;

		if (i >= limit || !record)
			return LINK_DEEP;
		frame = record + sizeof(vaddr);
		if (!freezer_is_pointer(vaddr) ||
		    chain_guard_repeats(&guard, vaddr))
			return LINK_BROKEN;
		if (freezer_copy(freezer, vaddr, frame, layout->frame.size) !=
		    layout->frame.size)
			return LINK_MISSING;
		if (!freezer_is_pointer(freezer_u64(frame, layout->frame.code)))
			return LINK_BROKEN;
		memcpy(record, &vaddr, sizeof(vaddr));
		vaddr = freezer_u64(frame, layout->frame.previous);
		*size += snapshot_object_stride(layout->frame.size);
	}
	return LINK_END;
}

static void learn_object_codes(struct freezer *freezer, const uint8_t *records,
			       size_t size)
{
	const struct python_layout *layout = freezer->layout;
	size_t stride = snapshot_object_stride(layout->frame.size);
	uint64_t last_code = 0;

	for (size_t at = 0; at < size; at += stride) {
		uint64_t code = freezer_u64(records + at + sizeof(uint64_t),
					    layout->frame.code);

		if (code != last_code)
			learn_code(freezer, code);
		last_code = code;
	}
}

// Up to 3.10: objects on the heap, each with a code object. What of them is
// there is kept when there is more.
static enum link follow_objects(struct freezer *freezer, uint64_t vaddr)
{
	const uint8_t *records = freezer_end(freezer);
	size_t size = 0;
	enum link link;

	freezer_read_along(freezer, FREEZER_ALONG_GUESSED);
	link = read_objects(freezer, vaddr, &size);
	freezer_read_along(freezer, FREEZER_ALONG_NOTHING);
	if (size && !freezer_add(freezer, SNAPSHOT_OBJECTS, 0, size))
		return LINK_DEEP;
	learn_object_codes(freezer, records, size);
	return link;
}

static const uint8_t *cframe_at(struct freezer *freezer, uint64_t vaddr)
{
	size_t size = freezer->layout->cframe.size;
	const uint8_t *cframe = freezer_at(freezer, vaddr, size);

	if (!cframe && freezer_extend_stack(freezer, vaddr, size))
		cframe = freezer_at(freezer, vaddr, size);
	if (!cframe)
		cframe = freezer_object(freezer, SNAPSHOT_FRAME, vaddr, size);
	return cframe;
}

static bool in_thread_state(const struct freezer *freezer, uint64_t vaddr)
{
	return vaddr - freezer->state_vaddr < freezer->layout->thread.size;
}

// Follows the cframes to the thread's root, which lies in its state.
static enum link follow_cframes(struct freezer *freezer, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;
	struct chain_guard guard = { 0 };

	for (unsigned int i = 0; !in_thread_state(freezer, vaddr); i++) {
		const uint8_t *cframe;

		if (i >= SNAPSHOT_FRAME_MAX)
			return LINK_DEEP;
		if (!freezer_is_pointer(vaddr) ||
		    chain_guard_repeats(&guard, vaddr))
			return LINK_BROKEN;
		cframe = cframe_at(freezer, vaddr);
		if (!cframe)
			return LINK_MISSING;
		vaddr = freezer_u64(cframe, layout->cframe.previous);
	}
	return LINK_END;
}

static enum link follow_cframe(struct freezer *freezer, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;
	enum link link = follow_cframes(freezer, vaddr);
	const uint8_t *cframe;

	if (link != LINK_END)
		return link;
	cframe = cframe_at(freezer, vaddr);
	if (!cframe)
		return LINK_MISSING;
	return follow_frames(freezer, freezer_u64(cframe,
						  layout->cframe.current_frame));
}

// Of the frames on a chain only those of generators have not been read yet.
static bool may_be_frame(struct freezer *freezer, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *frame;

	if (!freezer_is_pointer(vaddr))
		return false;
	if (freezer_at(freezer, vaddr, layout->frame.size))
		return true;
	frame = freezer_object(freezer, SNAPSHOT_FRAME, vaddr,
			       layout->frame.size);
	return frame && frame[layout->frame.owner] == layout->owner_generator;
}

// Whether a cframe may be at @vaddr: it links further out on the stack or to
// the root, and it has a frame.
static bool looks_like_cframe(struct freezer *freezer, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *bytes = freezer_at(freezer, vaddr, layout->cframe.size);
	uint64_t frame, previous;

	if (!bytes)
		return false;
	frame = freezer_u64(bytes, layout->cframe.current_frame);
	previous = freezer_u64(bytes, layout->cframe.previous);
	if (!in_thread_state(freezer, previous) &&
	    (previous <= vaddr || previous >= freezer->stack_end))
		return false;
	return may_be_frame(freezer, frame);
}

// The eval loop publishes its cframe a few instructions before it is filled in
// (CPython 3.12 Python/ceval.c, _PyEval_EvalFrameDefault()). Stopped there, the
// record at @vaddr is garbage, or it is that of an earlier activation in this
// place, and what lies further out has to be found on the stack. Only what is
// read depends on it: who believes a record checks it.
static bool follow_half_written(struct freezer *freezer, uint64_t vaddr)
{
	enum snapshot_status before = freezer->ret->status;
	unsigned int candidates = 0, followed = 0;

	for (unsigned int i = 1; i < HALF_WRITTEN_WORDS; i++) {
		bool like = looks_like_cframe(freezer, vaddr + i * 8);

		freezer->ret->status = before;
		if (!like)
			continue;
		if (++candidates > HALF_WRITTEN_CANDIDATES)
			break;
		if (follow_cframe(freezer, vaddr + i * 8) == LINK_END &&
		    ++followed == HALF_WRITTEN_FOLLOWED)
			break;
		freezer->ret->status = before;
	}
	return followed > 0;
}

static enum link follow_from_cframe(struct freezer *freezer, uint64_t vaddr)
{
	enum snapshot_status before = freezer->ret->status, failed;
	enum link link = follow_cframe(freezer, vaddr);
	bool good = link != LINK_BROKEN && link != LINK_MISSING;

	// Being entered means that its native frame is the innermost one.
	if ((good && !freezer->entering) ||
	    vaddr - freezer->stack_start >= HALF_WRITTEN_NEAR)
		return link;
	failed = freezer->ret->status;
	freezer->ret->status = before;
	if (follow_half_written(freezer, vaddr))
		return LINK_END;
	freezer->ret->status = failed;
	return link;
}

static enum link follow_chain(struct freezer *freezer)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *state = freezer->state;
	uint64_t frame;

	if (layout->thread.cframe != PYTHON_NO_OFFSET)
		return follow_from_cframe(freezer,
					  freezer_u64(state,
						      layout->thread.cframe));
	frame = freezer_u64(state, layout->thread.current_frame);
	return layout->chain == PYTHON_CHAIN_OBJECTS ?
		       follow_objects(freezer, frame) :
		       follow_frames(freezer, frame);
}

void freeze_chain(struct freezer *freezer)
{
	enum link link = follow_chain(freezer);

	if (link != LINK_END)
		freezer_fail(freezer, status_of_link(link));
}
