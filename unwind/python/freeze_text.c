// SPDX-License-Identifier: Apache-2.0
/*
 * Names and line tables of the code objects whose heads have been read. They
 * could be read later, if only the objects lived: what a program runs while it
 * starts, and what exec() runs, is soon freed, and its memory used again. Read
 * now they belong to the head without a doubt. What does not fit the bounds is
 * left out; whoever resolves the names looks for himself.
 */
#include "unwind/python/code_head.h"
#include "unwind/python/freezer.h"
#include "unwind/python/text.h"

enum {
	TEXT_READS_MAX = 64, // of one capture
	NAME_BYTES_MAX = 1024,
	TABLE_BYTES_MAX = 16 << 10,
};

struct text_freezer {
	struct freezer *freezer;
	uint32_t reads_max;
};

// Strings are shared: a function's file name by all of its module, its name as
// qualified name.
static bool is_kept(const struct snapshot *snapshot, uint64_t vaddr)
{
	for (uint32_t i = snapshot->piece_count; i-- > 0;) {
		if (snapshot->piece[i].kind == SNAPSHOT_TEXT &&
		    snapshot->piece[i].vaddr == vaddr)
			return true;
	}
	return false;
}

// The first bytes of an object that say how long it is, where the next piece
// goes. NULL: out of bounds, or unreadable.
static const uint8_t *begin(struct text_freezer *text, uint64_t vaddr,
			    uint32_t head_size)
{
	struct freezer *freezer = text->freezer;
	uint8_t *bytes = freezer_end(freezer);

	if (freezer->ret->reads >= text->reads_max ||
	    !freezer_is_pointer(vaddr) || head_size > freezer_room(freezer) ||
	    freezer_copy(freezer, vaddr, bytes, head_size) != head_size)
		return NULL;
	return bytes;
}

// The rest of it, up to @size.
static bool finish(struct text_freezer *text, uint64_t vaddr,
		   uint32_t head_size, uint64_t size)
{
	struct freezer *freezer = text->freezer;
	uint64_t rest = size - head_size;

	return size >= head_size && size <= freezer_room(freezer) &&
	       freezer_copy(freezer, vaddr + head_size,
			    freezer_end(freezer) + head_size, rest) == rest &&
	       freezer_add(freezer, SNAPSHOT_TEXT, vaddr, size);
}

static bool keep_name(struct text_freezer *text, uint64_t vaddr)
{
	const struct python_layout *layout = text->freezer->layout;
	uint32_t head_size = layout->text.ascii_data;
	const uint8_t *head;
	uint64_t size;

	if (is_kept(text->freezer->ret, vaddr))
		return true;
	head = begin(text, vaddr, head_size);
	if (!head)
		return false;
	size = python_text_bytes(layout, head, head_size);
	return size <= NAME_BYTES_MAX && finish(text, vaddr, head_size, size);
}

static bool keep_table(struct text_freezer *text, uint64_t vaddr)
{
	const struct python_layout *layout = text->freezer->layout;
	uint32_t head_size = layout->bytes.data;
	const uint8_t *head;
	uint64_t size;

	if (is_kept(text->freezer->ret, vaddr))
		return true;
	head = begin(text, vaddr, head_size);
	if (!head)
		return false;
	size = freezer_u64(head, layout->bytes.size);
	return size <= TABLE_BYTES_MAX &&
	       finish(text, vaddr, head_size, head_size + size);
}

// An object without a version may be a twin of the one that was here when the
// names were read: only the names tell.
static void keep_names(struct text_freezer *text, uint64_t code,
		       const uint8_t *bytes)
{
	struct python_target *target = text->freezer->target;
	struct code_head head;

	if (!code_head_read(text->freezer->layout, target->code_type, bytes,
			    &head))
		return;
	if (head.exact &&
	    python_target_has_names(target, code, head.fingerprint))
		return;
	if (keep_name(text, head.name) &&
	    keep_name(text, head.qualified_name) &&
	    keep_name(text, head.file_name) &&
	    keep_table(text, head.line_table))
		python_target_learn_names(target, code, head.fingerprint);
}

void freeze_text(struct freezer *freezer)
{
	struct text_freezer text = { .freezer = freezer,
				     .reads_max = freezer->ret->reads +
						  TEXT_READS_MAX };
	const struct snapshot *ret = freezer->ret;
	uint32_t count = ret->piece_count;

	if (!freezer->new_codes && !freezer->codes_again)
		return;
	for (uint32_t i = 0; i < count; i++) {
		const struct snapshot_piece *piece = &ret->piece[i];

		if (piece->kind == SNAPSHOT_CODE)
			keep_names(&text, piece->vaddr,
				   ret->bytes + piece->offset);
	}
}
