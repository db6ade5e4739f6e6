// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/code_head.h"

#include "unwind/python/code.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	UNIT_COUNT_MAX = 1 << 24,
	FRAME_WORDS_MAX = 1 << 24,
	WORD_BYTES = 8,
};

static uint32_t head_u32(const uint8_t *head, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, head + offset, sizeof(value));
	return value;
}

static uint64_t head_u64(const uint8_t *head, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, head + offset, sizeof(value));
	return value;
}

uint64_t code_head_fingerprint(const struct python_layout *layout,
			       const uint8_t *head)
{
	uint8_t fields[PYTHON_CODE_HEAD_MAX];
	const struct {
		uint32_t start, end;
	} span[] = {
		{ layout->code.type, layout->code.type + WORD_BYTES },
		{ layout->code.argument_count,
		  layout->code.line_table + WORD_BYTES },
		// As far as the version has them.
		{ layout->code.unit_count, layout->code.flags + 4 },
		{ layout->code.first_traceable,
		  layout->code.first_traceable + 4 },
	};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(span) / sizeof(span[0]); i++) {
		size_t size = span[i].end - span[i].start;

		if (span[i].start == PYTHON_NO_OFFSET)
			continue;
		memcpy(fields + used, head + span[i].start, size);
		used += size;
	}
	return XXH3_64bits(fields, used);
}

static bool is_object_address(uint64_t address)
{
	return address && address % WORD_BYTES == 0;
}

static bool head_has_strings(const struct python_layout *layout,
			     const uint8_t *head)
{
	return is_object_address(head_u64(head, layout->code.name)) &&
	       is_object_address(head_u64(head, layout->code.qualified_name)) &&
	       is_object_address(head_u64(head, layout->code.file_name)) &&
	       is_object_address(head_u64(head, layout->code.line_table));
}

// Words a frame takes on the data stack. 3.11 does not store it: see
// CPython 3.11 Python/pystate.c, _PyFrame_Push().
static uint64_t head_frame_words(const struct python_layout *layout,
				 const uint8_t *head)
{
	if (layout->code.frame_words != PYTHON_NO_OFFSET)
		return head_u32(head, layout->code.frame_words);
	return (uint64_t)head_u32(head, layout->code.local_count) +
	       head_u32(head, layout->code.stack_size) +
	       layout->frame.size / WORD_BYTES;
}

static bool head_facts(const struct python_layout *layout, const uint8_t *head,
		       struct python_code_facts *ret)
{
	uint64_t units, frame_words;
	uint32_t first_traceable;

	*ret = (struct python_code_facts){ 0 };
	if (layout->chain == PYTHON_CHAIN_OBJECTS)
		return true;
	units = head_u64(head, layout->code.unit_count);
	frame_words = head_frame_words(layout, head);
	first_traceable = head_u32(head, layout->code.first_traceable);

	if (units == 0 || units > UNIT_COUNT_MAX || frame_words == 0 ||
	    frame_words > FRAME_WORDS_MAX)
		return false;
	// May exceed the unit count: _Py_InitCleanup of 3.13 is never complete.
	if (first_traceable > UNIT_COUNT_MAX)
		return false;
	*ret = (struct python_code_facts){
		.unit_count = (uint32_t)units,
		.first_traceable = first_traceable,
		.frame_words = (uint32_t)frame_words,
	};
	return true;
}

bool code_head_read(const struct python_layout *layout, uint64_t code_type,
		    const uint8_t *head, struct code_head *ret)
{
	uint64_t type = head_u64(head, layout->code.type);
	int32_t first_line = (int32_t)head_u32(head, layout->code.first_line);
	struct python_code_facts facts;

	if (code_type ? type != code_type : !is_object_address(type))
		return false;
	if (!head_has_strings(layout, head) || !head_facts(layout, head, &facts))
		return false;
	*ret = (struct code_head){
		.fingerprint = code_head_fingerprint(layout, head),
		.exact = layout->code.version != PYTHON_NO_OFFSET &&
			 head_u32(head, layout->code.version) != 0,
		.facts = facts,
		.lines = layout->lines,
		.first_line = first_line > 0 ? (uint32_t)first_line : 0,
		.name = head_u64(head, layout->code.name),
		.qualified_name = head_u64(head, layout->code.qualified_name),
		.file_name = head_u64(head, layout->code.file_name),
		.line_table = head_u64(head, layout->code.line_table),
	};
	return true;
}
