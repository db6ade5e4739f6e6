// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/python/live_reader.h"

#include "tests/cmocka.h"

#include <stdlib.h>

void live_reader_init(struct live_reader *reader, const char *path,
		      const char *program)
{
	const struct live_python *python = &reader->python;
	unsigned int version;

	assert_true(live_python_start(path, program, &reader->python));
	version = python->version;
	reader->layout = python_layout_find(version / 100 << 24 |
					    version % 100 << 16 | 0xf0,
					    false);
	assert_non_null(reader->layout);
	reader->live = live_memory_of_fd(python->mem_fd);
	reader->target = python_target_create(reader->live, reader->layout,
					      python->runtime,
					      python->code_type);
	reader->codes =
		python_code_cache_create(reader->layout, python->code_type);
	reader->snapshot =
		malloc(sizeof(*reader->snapshot) + SNAPSHOT_BYTES_MAX);
	assert_non_null(reader->target);
	assert_non_null(reader->codes);
	assert_non_null(reader->snapshot);
}

void live_reader_deinit(struct live_reader *reader)
{
	live_python_stop(&reader->python);
	python_code_cache_destroy(reader->codes);
	python_target_destroy(reader->target);
	free(reader->snapshot);
}

static void learn_codes(struct live_reader *reader)
{
	const struct snapshot *snapshot = reader->snapshot;

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		struct python_code *code;

		if (piece->kind != SNAPSHOT_CODE)
			continue;
		code = python_code_learn(reader->codes, piece->vaddr,
					 snapshot->bytes + piece->offset,
					 piece->size, 1);
		if (code)
			python_code_read_names(reader->codes, code,
					       &reader->live, 2);
	}
}

void live_reader_freeze(struct live_reader *reader,
			const struct freeze_point *point, struct memory *memory)
{
	struct snapshot *snapshot = reader->snapshot;

	python_freeze(reader->target, point, memory, snapshot,
		      SNAPSHOT_BYTES_MAX);
	assert_true(snapshot_add_to_memory(
		snapshot, sizeof(*snapshot) + snapshot->byte_count, memory));
	learn_codes(reader);
}

static bool code_facts(void *context, uint64_t address,
		       struct python_code_facts *ret)
{
	const struct live_reader *reader = context;
	const struct python_code *code =
		python_code_find(reader->codes, address);

	if (code)
		*ret = code->facts;
	return code != NULL;
}

void live_reader_init_stack(struct live_reader *reader,
			    const struct memory *memory,
			    struct python_stack *ret)
{
	python_stack_init(ret, reader->layout, reader->snapshot, memory);
	ret->code_facts = code_facts;
	ret->code_context = reader;
}
