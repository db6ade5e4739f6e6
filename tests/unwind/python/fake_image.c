// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/python/fake_image.h"

#include "tests/cmocka.h"

#include <stdlib.h>
#include <string.h>

void put_frame(struct image *image, uint64_t vaddr, uint64_t previous,
	       uint64_t code, uint8_t owner)
{
	const struct python_layout *layout = image->layout;

	fake_put_u64(&image->memory, vaddr + layout->frame.code, code);
	fake_put_u64(&image->memory, vaddr + layout->frame.previous, previous);
	*fake_at(&image->memory, vaddr + layout->frame.owner) = owner;
}

void put_state(struct image *image, uint64_t vaddr, uint64_t next,
	       uint64_t tid)
{
	const struct python_layout *layout = image->layout;

	fake_put_u64(&image->memory, vaddr + layout->thread.next, next);
	fake_put_u64(&image->memory, vaddr + layout->thread.interpreter,
		     INTERPRETER);
	fake_put_u64(&image->memory, vaddr + layout->thread.native_thread_id,
		     tid);
}

void put_chunk(struct image *image, uint64_t vaddr, uint64_t previous,
	       uint64_t words)
{
	const struct python_layout *layout = image->layout;

	fake_put_u64(&image->memory, vaddr + layout->chunk.previous, previous);
	fake_put_u64(&image->memory, vaddr + layout->chunk.size, 0x4000);
	fake_put_u64(&image->memory, vaddr + layout->chunk.top, words);
}

// One activation: two frames in the current chunk, a generator's, one in the
// older chunk, and the entry frame on the stack.
static void put_chain(struct image *image)
{
	put_frame(image, CHUNK + 0x100, CHUNK + 0x40, CODE, 0);
	put_frame(image, CHUNK + 0x40, GENERATOR, CODE, 0);
	put_frame(image, GENERATOR, CHUNK_OLD + 0x40, CODE, 1);
	put_frame(image, CHUNK_OLD + 0x40, STACK + 0x200, CODE, 0);
	put_frame(image, STACK + 0x200, 0, CODE, 3);
	fake_put_u64(&image->memory, STACK + 0x100, CHUNK + 0x100);
	fake_put_u64(&image->memory, STACK + 0x108, STATE + 272);
}

struct image *image_create(void)
{
	struct image *image = calloc(1, sizeof(*image));
	const struct python_layout *layout = python_layout_at(1);

	assert_non_null(image);
	image->layout = layout;
	image->capacity = SNAPSHOT_BYTES_MAX;
	image->now_ns = NOW_NS;
	image->target = python_target_create(fake_live(&image->memory), layout,
					     RUNTIME, CODE_TYPE);
	image->snapshot = malloc(sizeof(*image->snapshot) + image->capacity);
	assert_non_null(image->target);
	assert_non_null(image->snapshot);
	fake_put_u64(&image->memory, RUNTIME + layout->runtime.interpreters_head,
		     INTERPRETER);
	fake_put_u64(&image->memory,
		     INTERPRETER + layout->interpreter.threads_head, STATE_2);
	put_state(image, STATE_2, STATE, OTHER_TID);
	put_state(image, STATE, 0, TID);
	fake_put_u64(&image->memory, STATE + layout->thread.cframe,
		     STACK + 0x100);
	fake_put_u64(&image->memory, STATE + layout->thread.chunk, CHUNK);
	fake_put_u64(&image->memory, STATE + layout->thread.chunk_top,
		     CHUNK + 0x200);
	put_chunk(image, CHUNK, CHUNK_OLD, 0);
	put_chunk(image, CHUNK_OLD, 0, 0x100);
	put_chain(image);
	fake_put_u64(&image->memory, CODE + layout->code.type, CODE_TYPE);
	image->stack.segment[0] = (struct memory_segment){
		STACK, STACK_BYTES, fake_at(&image->memory, STACK)
	};
	image->stack.segment_count = 1;
	return image;
}

void image_destroy(struct image *image)
{
	python_target_destroy(image->target);
	free(image->snapshot);
	free(image);
}

// Every result, whatever was read, is a snapshot that holds together.
static void check_sound(const struct image *image)
{
	const struct snapshot *snapshot = image->snapshot;

	assert_true(snapshot->piece_count <= SNAPSHOT_PIECE_MAX);
	assert_true(snapshot->byte_count <= image->capacity);
	assert_true(snapshot->reads < 400);
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		assert_true(piece->offset + piece->size <=
			    snapshot->byte_count);
	}
}

enum snapshot_status freeze(struct image *image, uint32_t tid)
{
	struct freeze_point point = { .tid = tid,
				      .now_ns = image->now_ns,
				      .pc = image->pc,
				      .fp = image->fp };

	python_freeze(image->target, &point, &image->stack, image->snapshot,
		      image->capacity);
	check_sound(image);
	return image->snapshot->status;
}

bool holds(const struct image *image, uint64_t vaddr, size_t size)
{
	const struct snapshot *snapshot = image->snapshot;

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		if (vaddr - piece->vaddr < piece->size &&
		    size <= piece->size - (vaddr - piece->vaddr))
			return !memcmp(snapshot->bytes + piece->offset +
					       (vaddr - piece->vaddr),
				       image->memory.bytes +
					       (vaddr - FAKE_MEMORY_BASE),
				       size);
	}
	return false;
}
