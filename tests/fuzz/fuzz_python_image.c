// SPDX-License-Identifier: Apache-2.0
/*
 * A target whose interpreter memory is garbage: freezing it, matching what was
 * frozen, naming code objects. An input is a header and then pieces of memory,
 * each {u32 offset from FAKE_MEMORY_BASE, u16 size, bytes}.
 */
#include "base/reader.h"
#include "tests/unwind/python/fake_memory.h"
#include "unwind/python/code.h"
#include "unwind/python/freeze.h"
#include "unwind/python/text.h"

#include <stdlib.h>

enum {
	WINDOWS = 4,
	ROOM = 256,
	CAPACITY = 1 << 18,
	STACK_BYTES = 2048,
	LAYOUTS = 11, // of python_layout_at()
};

struct header {
	uint8_t version, entering, window_count, room;
	uint32_t tid;
	uint64_t thread_state, code, runtime, code_type;
	struct {
		uint64_t sp, cfa;
	} window[WINDOWS];
};

struct fuzzed {
	struct header header;
	const struct python_layout *layout;
	struct fake_memory image;
	struct live_memory live;
	struct python_code_cache *codes;
	struct python_target *target;
	struct python_frame frames[ROOM];
};

static bool code_facts(void *context, uint64_t address,
		       struct python_code_facts *ret)
{
	struct fuzzed *fuzzed = context;
	const struct python_code *code =
		python_code_find(fuzzed->codes, address);

	if (code)
		*ret = code->facts;
	return code != NULL;
}

static void fill_image(struct fuzzed *fuzzed, struct reader *reader)
{
	while (!reader->failed && reader_left(reader)) {
		uint32_t offset = reader_u32(reader);
		uint16_t size = reader_u16(reader);
		const uint8_t *bytes = reader_bytes(reader, size);

		if (bytes && offset <= FAKE_MEMORY_BYTES - size)
			memcpy(fuzzed->image.bytes + offset, bytes, size);
	}
}

static void name_code(struct fuzzed *fuzzed, const struct snapshot *snapshot,
		      uint64_t address)
{
	struct live_memory text = snapshot_text(snapshot);
	uint8_t head[PYTHON_CODE_HEAD_MAX];
	struct python_code *code;
	bool truncated;

	free(python_text_read(fuzzed->layout, &fuzzed->live, address, 100,
			      &truncated));
	if (!live_memory_read(&fuzzed->live, address, head,
			      fuzzed->layout->code.size))
		return;
	code = python_code_learn(fuzzed->codes, address, head,
				 fuzzed->layout->code.size, 1);
	if (code)
		code = python_code_take_names(fuzzed->codes, code, &text, 1);
	if (!code)
		return;
	python_code_read_names(fuzzed->codes, code, &fuzzed->live, 2);
	for (int32_t offset = -2; offset < 64; offset += 2)
		python_code_line(code, offset);
	python_code_verify(fuzzed->codes, code, &fuzzed->live, 3);
}

static void match(struct fuzzed *fuzzed, const struct snapshot *snapshot,
		  const struct memory *memory)
{
	const struct header *header = &fuzzed->header;
	size_t room = header->room; // below ROOM
	struct python_stack stack;

	python_stack_init(&stack, fuzzed->layout, snapshot, memory);
	stack.code_facts = code_facts;
	stack.code_context = fuzzed;
	for (unsigned int i = 0; i < header->window_count % (WINDOWS + 1); i++) {
		size_t count = ROOM + 1;

		const struct python_activation activation = {
			.sp = header->window[i].sp,
			.cfa = header->window[i].cfa,
			.entering = !i && header->entering & 1,
			.held = &header->window[0].sp,
			.held_count = 2 * WINDOWS,
		};

		python_stack_activation(&stack, &activation, fuzzed->frames,
					room, &count);
		if (count > room)
			abort();
	}
}

// What a recording might hold: any bytes, taken for a snapshot.
static void match_stored(struct fuzzed *fuzzed, struct snapshot *snapshot)
{
	struct memory memory = { 0 };
	const uint8_t *bytes = fuzzed->image.bytes;
	size_t size = sizeof(*snapshot) + CAPACITY;

	memcpy(snapshot, bytes + FAKE_MEMORY_BYTES / 2, sizeof(*snapshot));
	if (snapshot_add_to_memory(snapshot, size, &memory))
		match(fuzzed, snapshot, &memory);
}

static void match_image(struct fuzzed *fuzzed, struct snapshot *snapshot)
{
	struct memory memory = { 0 };

	*snapshot =
		(struct snapshot){ .thread_state = fuzzed->header.thread_state };
	memory_add(&memory, FAKE_MEMORY_BASE, fuzzed->image.bytes,
		   FAKE_MEMORY_BYTES);
	match(fuzzed, snapshot, &memory);
}

static void freeze_and_match(struct fuzzed *fuzzed, struct snapshot *snapshot)
{
	struct memory memory = { 0 };
	uint64_t sp = fuzzed->header.window[0].sp;
	struct freeze_point point = { .tid = fuzzed->header.tid,
				      .now_ns = 1,
				      .pc = fuzzed->header.entering,
				      .fp = fuzzed->header.window[0].cfa };

	if (sp - FAKE_MEMORY_BASE <= FAKE_MEMORY_BYTES - STACK_BYTES)
		memory_add(&memory, sp, fake_at(&fuzzed->image, sp),
			   STACK_BYTES);
	python_target_set_entry(fuzzed->target, 1, 2);
	python_freeze(fuzzed->target, &point, &memory, snapshot, CAPACITY);
	if (!snapshot_add_to_memory(
		    snapshot, sizeof(*snapshot) + snapshot->byte_count, &memory))
		abort();
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		if (snapshot->piece[i].kind == SNAPSHOT_CODE)
			name_code(fuzzed, snapshot,
				  snapshot->piece[i].vaddr);
	}
	match(fuzzed, snapshot, &memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzzed *fuzzed = calloc(1, sizeof(*fuzzed));
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot) + CAPACITY);
	struct reader reader;
	const uint8_t *header;

	reader_init(&reader, data, size);
	header = reader_bytes(&reader, sizeof(fuzzed->header));
	if (!fuzzed || !snapshot || !header)
		goto out;
	memcpy(&fuzzed->header, header, sizeof(fuzzed->header));
	fill_image(fuzzed, &reader);
	fuzzed->layout = python_layout_at(fuzzed->header.version % LAYOUTS);
	fuzzed->live = fake_live(&fuzzed->image);
	fuzzed->codes = python_code_cache_create(fuzzed->layout,
						 fuzzed->header.code_type);
	fuzzed->target = python_target_create(fuzzed->live, fuzzed->layout,
					      fuzzed->header.runtime,
					      fuzzed->header.code_type);
	if (!fuzzed->codes || !fuzzed->target)
		goto out;
	name_code(fuzzed, snapshot, fuzzed->header.code);
	match_image(fuzzed, snapshot);
	match_stored(fuzzed, snapshot);
	freeze_and_match(fuzzed, snapshot);
out:
	if (fuzzed) {
		python_code_cache_destroy(fuzzed->codes);
		python_target_destroy(fuzzed->target);
	}
	free(fuzzed);
	free(snapshot);
	return 0;
}
