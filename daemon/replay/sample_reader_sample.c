// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_reader_state.h"

#include "daemon/pipeline/pipeline.h"

#include <string.h>

enum { UINT64_BYTES = 8, FRAME_BYTES = 40 };

// How many elements of each array follow, checked by what is really there.
struct sample_counts {
	uint32_t regs, chain, stack, pieces, bytes, codes, frames;
};

static bool read_owner(struct sample_reader *reader, uint32_t number,
		       struct kept_sample *ret)
{
	struct read_process *process;

	if (!number || number > reader->process_count)
		return false;
	process = reader->processes[number - 1];
	ret->pid = process->pid;
	ret->start_ns = process->start_ns;
	ret->process_name = process->name;
	ret->space = &process->space;
	return true;
}

static void read_counts(struct reader *block, struct sample_counts *ret)
{
	ret->regs = reader_u32(block);
	ret->chain = reader_u32(block);
	ret->stack = reader_u32(block);
	ret->pieces = reader_u32(block);
	ret->bytes = reader_u32(block);
	ret->codes = reader_u32(block);
	ret->frames = reader_u32(block);
	reader_u32(block);
}

static void read_name(struct sample_reader *reader, struct reader *block,
		      struct kept_sample *ret)
{
	const uint8_t *name = reader_bytes(block, SAMPLE_NAME_BYTES);

	if (name)
		memcpy(reader->thread_name, name, SAMPLE_NAME_BYTES);
	ret->thread_name = reader->thread_name;
}

static bool read_walk(struct reader *block, struct walk_result *ret)
{
	uint32_t end = reader_u32(block);

	ret->eval_activations = reader_u32(block);
	ret->unmatched_activations = reader_u32(block);
	reader_u32(block);
	if (block->failed || end >= WALK_END_COUNT)
		return false;
	ret->end = end;
	return true;
}

// Arrays of a block begin at multiples of 8 of an allocated buffer.
static const uint64_t *read_words(struct reader *block, uint32_t count)
{
	return (const void *)reader_bytes(block, (size_t)count * UINT64_BYTES);
}

static bool read_pieces(struct reader *block, struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		struct snapshot_piece *piece = &snapshot->piece[i];

		piece->vaddr = reader_u64(block);
		piece->size = reader_u32(block);
		piece->kind = reader_u32(block);
		piece->offset = reader_u32(block);
		reader_u32(block);
		if (piece->kind >= SNAPSHOT_KIND_COUNT ||
		    piece->offset > snapshot->byte_count ||
		    piece->size > snapshot->byte_count - piece->offset ||
		    piece->vaddr + piece->size < piece->vaddr)
			return false;
	}
	return !block->failed;
}

static bool make_snapshot(struct sample_reader *reader, struct reader *block,
			  const struct snapshot *head, uint32_t pieces,
			  uint32_t bytes)
{
	struct snapshot *snapshot;
	const uint8_t *from;

	if (pieces > SNAPSHOT_PIECE_MAX || bytes > reader_left(block))
		return false;
	snapshot = calloc(1, sizeof(*snapshot) + bytes);
	if (!snapshot)
		return false;
	reader->snapshot = snapshot;
	snapshot->status = head->status;
	snapshot->reads = head->reads;
	snapshot->thread_state = head->thread_state;
	snapshot->thread_found_ns = head->thread_found_ns;
	snapshot->piece_count = pieces;
	snapshot->byte_count = bytes;
	if (!read_pieces(block, snapshot))
		return false;
	from = reader_padded(block, bytes);
	if (from)
		memcpy(snapshot->bytes, from, bytes);
	return from != NULL;
}

static bool read_codes(struct sample_reader *reader, struct reader *block,
		       uint32_t count, struct kept_sample *ret)
{
	struct reader numbers;
	const uint8_t *bytes;

	if (count > SAMPLE_CODES_MAX)
		return false;
	bytes = reader_padded(block, count * sizeof(uint32_t));
	reader->sample_codes = calloc((size_t)count + 1,
				      sizeof(*reader->sample_codes));
	if (!bytes || !reader->sample_codes)
		return false;
	reader_init(&numbers, bytes, count * sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = reader_u32(&numbers);

		if (!number || number > reader->code_count)
			return false;
		reader->sample_codes[i] = reader->codes[number - 1];
	}
	ret->codes = reader->sample_codes;
	ret->code_count = count;
	return true;
}

static bool read_frame(const struct sample_reader *reader,
		       struct reader *block, struct frame *ret)
{
	uint8_t kind = reader_u8(block), status = reader_u8(block);
	uint32_t module;

	reader_u16(block);
	ret->instruction = (int32_t)reader_u32(block);
	module = reader_u32(block);
	reader_u32(block);
	ret->pc = reader_u64(block);
	ret->module_vaddr = reader_u64(block);
	ret->code = reader_u64(block);
	ret->module = reader_module(reader, module);
	if (kind > FRAME_OTHER || status >= FRAME_STATUS_COUNT ||
	    (module && !ret->module))
		return false;
	ret->kind = kind;
	ret->status = status;
	return !block->failed;
}

static bool read_frames(struct sample_reader *reader, struct reader *block,
			uint32_t count, struct walk_result *ret)
{
	if (count > PIPELINE_FRAME_LIMIT ||
	    count > reader_left(block) / FRAME_BYTES)
		return false;
	reader->frames = calloc((size_t)count + 1, sizeof(*reader->frames));
	if (!reader->frames)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!read_frame(reader, block, &reader->frames[i]))
			return false;
	ret->frames = reader->frames;
	ret->frame_count = count;
	return true;
}

static bool read_arrays(struct sample_reader *reader, struct reader *block,
			const struct sample_counts *counts, uint32_t flags,
			const struct snapshot *head, struct kept_sample *ret)
{
	if (counts->regs !=
		    (flags & SAMPLE_HAS_REGS ? reader->arch->perf_count : 0) ||
	    counts->chain > SAMPLE_CHAIN_MAX)
		return false;
	if (flags & SAMPLE_HAS_REGS)
		ret->regs = read_words(block, counts->regs);
	ret->chain = read_words(block, counts->chain);
	ret->chain_count = counts->chain;
	ret->stack = reader_padded(block, counts->stack);
	ret->stack_size = counts->stack;
	if (block->failed)
		return false;
	if (flags & SAMPLE_HAS_SNAPSHOT) {
		if (!make_snapshot(reader, block, head, counts->pieces,
				   counts->bytes))
			return false;
		ret->snapshot = reader->snapshot;
	}
	return read_codes(reader, block, counts->codes, ret) &&
	       read_frames(reader, block, counts->frames, &ret->walk);
}

static void forget_last(struct sample_reader *reader)
{
	free(take_ptr(reader->snapshot));
	free(take_ptr(reader->sample_codes));
	free(take_ptr(reader->frames));
}

bool read_sample(struct sample_reader *reader, struct reader *block,
		 struct kept_sample *ret)
{
	struct snapshot head = { 0 };
	struct sample_counts counts;
	uint32_t owner, flags, version;

	forget_last(reader);
	*ret = (struct kept_sample){ .time_ns = reader_u64(block) };
	ret->period_ns = reader_u64(block);
	ret->end_ns = reader_u64(block);
	owner = reader_u32(block);
	ret->tid = (pid_t)reader_u32(block);
	ret->cpu = reader_u32(block);
	ret->switches = reader_u32(block);
	flags = reader_u32(block);
	version = reader_u32(block);
	read_name(reader, block, ret);
	read_counts(block, &counts);
	head.status = reader_u32(block);
	head.reads = reader_u32(block);
	head.thread_state = reader_u64(block);
	head.thread_found_ns = reader_u64(block);
	ret->layout = python_layout_by_id(version);
	ret->walk.contradiction = flags & SAMPLE_CONTRADICTION;
	if (version && (!ret->layout || !(flags & SAMPLE_HAS_SNAPSHOT)))
		return false;
	return read_walk(block, &ret->walk) && read_owner(reader, owner, ret) &&
	       read_arrays(reader, block, &counts, flags, &head, ret);
}
