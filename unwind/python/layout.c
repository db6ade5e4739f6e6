// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/layout.h"

#include <stddef.h>

enum {
	// CPython 3.12 pycore_frame.h: enum _frameowner.
	OWNER_GENERATOR = 1,
	OWNER_CSTACK = 3,
	OWNER_NONE = UINT8_MAX, // 3.11 has no entry frames

	// Include/cpython/pystate.h: struct _ts._status.
	STATUS_ACTIVE = 1 << 4,	   // 3.12: set from taking to dropping it
	STATUS_HOLDS_GIL = 1 << 5, // 3.13

	// PY_VERSION_HEX, Include/patchlevel.h.
	RELEASE_LEVEL_FINAL = 0xf,
};

static const struct python_layout layouts[] = {
	{
		// Headers of 3.11.2 and 3.11.7.
		.name = "3.11",
		.major = 3,
		.minor = 11,
		.chain = PYTHON_CHAIN_IS_ENTRY,
		.instruction_is_previous = true,
		.owner_entry = OWNER_NONE,
		.owner_generator = OWNER_GENERATOR,
		.runtime = { .interpreters_head = 40 },
		.interpreter = { .next = 0, .threads_head = 16 },
		.thread = { .size = 360,
			    .previous = 0,
			    .next = 8,
			    .interpreter = 16,
			    .cframe = 56,
			    .current_frame = PYTHON_NO_OFFSET,
			    .native_thread_id = 160,
			    .thread_id = 152,
			    .chunk = 296,
			    .chunk_top = 304,
			    .status = PYTHON_NO_OFFSET,
			    .status_mask = 0 },
		.cframe = { .size = 24, .current_frame = 8, .previous = 16 },
		.frame = { .size = 72,
			   .code = 32,
			   .previous = 48,
			   .instruction = 56,
			   .is_entry = 68,
			   .owner = 69 },
		.code = { .size = 184,
			  .type = 8,
			  .unit_count = 16,
			  .argument_count = 56,
			  .flags = 48,
			  .stack_size = 68,
			  .first_line = 72,
			  .local_count = 76,
			  .frame_words = PYTHON_NO_OFFSET,
			  .version = PYTHON_NO_OFFSET,
			  .file_name = 112,
			  .name = 120,
			  .qualified_name = 128,
			  .line_table = 136,
			  .first_traceable = 168,
			  .bytecode = 184 },
		.text = { .length = 16,
			  .state = 32,
			  .ascii_data = 48,
			  .compact_data = 72 },
		.bytes = { .size = 16, .data = 32 },
		.chunk = { .previous = 0, .size = 8, .top = 16, .data = 24 },
		.gil = { .runtime = 360,
			 .interpreter = PYTHON_NO_OFFSET,
			 .size = 224,
			 .last_holder = 8,
			 .locked = 16,
			 .current = 216 },
	},
	{
		// Headers of 3.12.1.
		.name = "3.12",
		.major = 3,
		.minor = 12,
		.chain = PYTHON_CHAIN_CFRAME,
		.instruction_is_previous = true,
		.owner_entry = OWNER_CSTACK,
		.owner_generator = OWNER_GENERATOR,
		.runtime = { .interpreters_head = 40 },
		.interpreter = { .next = 0, .threads_head = 72 },
		.thread = { .size = 288,
			    .previous = 0,
			    .next = 8,
			    .interpreter = 16,
			    .cframe = 56,
			    .current_frame = PYTHON_NO_OFFSET,
			    .native_thread_id = 144,
			    .thread_id = 136,
			    .chunk = 232,
			    .chunk_top = 240,
			    .status = 24,
			    .status_mask = STATUS_ACTIVE },
		.cframe = { .size = 16, .current_frame = 0, .previous = 8 },
		.frame = { .size = 72,
			   .code = 0,
			   .previous = 8,
			   .instruction = 56,
			   .is_entry = PYTHON_NO_OFFSET,
			   .owner = 70 },
		.code = { .size = 192,
			  .type = 8,
			  .unit_count = 16,
			  .argument_count = 52,
			  .flags = 48,
			  .stack_size = 64,
			  .first_line = 68,
			  .local_count = 72,
			  .frame_words = 76,
			  .version = 92,
			  .file_name = 112,
			  .name = 120,
			  .qualified_name = 128,
			  .line_table = 136,
			  .first_traceable = 176,
			  .bytecode = 192 },
		.text = { .length = 16,
			  .state = 32,
			  .ascii_data = 40,
			  .compact_data = 56 },
		.bytes = { .size = 16, .data = 32 },
		.chunk = { .previous = 0, .size = 8, .top = 16, .data = 24 },
		.gil = { .runtime = PYTHON_NO_OFFSET,
			 .interpreter = 384,
			 .size = 24,
			 .last_holder = 8,
			 .locked = 16,
			 .current = PYTHON_NO_OFFSET },
	},
	{
		// Headers of 3.13.0; 3.13.18 only appends a thread member.
		.name = "3.13",
		.major = 3,
		.minor = 13,
		.chain = PYTHON_CHAIN_TSTATE,
		.instruction_is_previous = false,
		.owner_entry = OWNER_CSTACK,
		.owner_generator = OWNER_GENERATOR,
		.runtime = { .interpreters_head = 632 },
		.interpreter = { .next = 7264, .threads_head = 7344 },
		.thread = { .size = 304,
			    .previous = 0,
			    .next = 8,
			    .interpreter = 16,
			    .cframe = PYTHON_NO_OFFSET,
			    .current_frame = 72,
			    .native_thread_id = 160,
			    .thread_id = 152,
			    .chunk = 232,
			    .chunk_top = 240,
			    .status = 32,
			    .status_mask = STATUS_HOLDS_GIL },
		.cframe = { .size = 0,
			    .current_frame = PYTHON_NO_OFFSET,
			    .previous = PYTHON_NO_OFFSET },
		.frame = { .size = 72,
			   .code = 0,
			   .previous = 8,
			   .instruction = 56,
			   .is_entry = PYTHON_NO_OFFSET,
			   .owner = 70 },
		.code = { .size = 200,
			  .type = 8,
			  .unit_count = 16,
			  .argument_count = 52,
			  .flags = 48,
			  .stack_size = 64,
			  .first_line = 68,
			  .local_count = 72,
			  .frame_words = 76,
			  .version = 92,
			  .file_name = 112,
			  .name = 120,
			  .qualified_name = 128,
			  .line_table = 136,
			  .first_traceable = 184,
			  .bytecode = 200 },
		.text = { .length = 16,
			  .state = 32,
			  .ascii_data = 40,
			  .compact_data = 56 },
		.bytes = { .size = 16, .data = 32 },
		.chunk = { .previous = 0, .size = 8, .top = 16, .data = 24 },
		.gil = { .runtime = PYTHON_NO_OFFSET,
			 .interpreter = 16,
			 .size = 24,
			 .last_holder = 8,
			 .locked = 16,
			 .current = PYTHON_NO_OFFSET },
	},
};

const struct python_layout *python_layout_at(unsigned int index)
{
	if (index >= sizeof(layouts) / sizeof(layouts[0]))
		return NULL;
	return &layouts[index];
}

// 0x030c01f0: major, minor, micro, then release level and serial.
const struct python_layout *python_layout_find(uint32_t version_hex)
{
	const struct python_layout *layout;

	if ((version_hex >> 4 & 0xf) != RELEASE_LEVEL_FINAL)
		return NULL;
	for (unsigned int i = 0; (layout = python_layout_at(i)); i++) {
		if (version_hex >> 24 == layout->major &&
		    (version_hex >> 16 & 0xff) == layout->minor)
			return layout;
	}
	return NULL;
}
