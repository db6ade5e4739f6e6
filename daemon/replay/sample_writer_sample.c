// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_writer_state.h"

#include "base/array.h"

#include <string.h>

enum { UINT32_BYTES = 4, UINT64_BYTES = 8 };

struct process_key {
	const struct space *space;
	uint64_t generation, start_ns;
	int64_t pid;
};

// The addresses of names tell apart what is equal to the fingerprint.
struct code_key {
	uint64_t address, fingerprint;
	const char *name;
	uint64_t state;
};

static void put_mappings(struct sample_writer *writer,
			 const struct space *space, size_t count)
{
	struct sample_block *block = &writer->block;

	for (size_t i = 0; i < count; i++) {
		const struct mapping *mapping = &space->mappings[i];
		struct module *module = mapping->module;
		bool new;

		sample_block_u64(block, mapping->start);
		sample_block_u64(block, mapping->end);
		sample_block_u64(block, mapping->file_offset);
		sample_block_u64(block, mapping->bias);
		sample_block_u32(block, mapping->kind);
		// Written already, so only looked up here.
		sample_block_u32(block,
				 module ? writer_number(writer,
							&writer->modules,
							&module, sizeof(module),
							&new) :
					  0);
	}
}

static uint32_t process_of(struct sample_writer *writer,
			   const struct kept_sample *sample)
{
	struct process_key key = { sample->space, sample->space->generation,
				   sample->start_ns, sample->pid };
	struct sample_block *block = &writer->block;
	size_t count = sample->space->count;
	uint32_t number;
	bool new;

	number = writer_number(writer, &writer->processes, &key, sizeof(key),
			       &new);
	if (!new)
		return number;
	if (count > SAMPLE_MAPPING_MAX)
		count = SAMPLE_MAPPING_MAX;
	for (size_t i = 0; i < count; i++)
		writer_module(writer, sample->space->mappings[i].module);
	sample_block_begin(block, SAMPLE_BLOCK_PROCESS);
	sample_block_u32(block, (uint32_t)sample->pid);
	sample_block_u32(block, (uint32_t)count);
	sample_block_u64(block, sample->start_ns);
	sample_block_text(block, sample->process_name, SAMPLE_NAME_BYTES);
	put_mappings(writer, sample->space, count);
	writer_put(writer);
	return number;
}

static void put_code(struct sample_writer *writer,
		     const struct python_code *code)
{
	struct sample_block *block = &writer->block;
	bool named = code->state == PYTHON_CODE_NAMED;
	size_t name = strnlen(code->name, PYTHON_NAME_MAX);
	size_t qualified = strnlen(code->qualified_name, PYTHON_NAME_MAX);
	size_t file = strnlen(code->file_name, PYTHON_NAME_MAX);
	size_t table = named ? code->line_table_size : 0;

	sample_block_begin(block, SAMPLE_BLOCK_CODE);
	sample_block_u32(block, named);
	sample_block_u32(block, code->first_line);
	sample_block_u64(block, code->address);
	sample_block_u64(block, code->fingerprint);
	sample_block_u32(block, code->facts.unit_count);
	sample_block_u32(block, code->facts.first_traceable);
	sample_block_u32(block, code->facts.frame_words);
	sample_block_u32(block, (uint32_t)name);
	sample_block_u32(block, (uint32_t)qualified);
	sample_block_u32(block, (uint32_t)file);
	sample_block_u32(block, (uint32_t)table);
	sample_block_u32(block, code->lines);
	sample_block_array(block, code->name, name);
	sample_block_array(block, code->qualified_name, qualified);
	sample_block_array(block, code->file_name, file);
	sample_block_array(block, code->line_table, table);
	writer_put(writer);
}

static uint32_t writer_code(struct sample_writer *writer,
			    const struct python_code *code)
{
	struct code_key key = { code->address, code->fingerprint, code->name,
				code->state };
	bool new;
	uint32_t number = writer_number(writer, &writer->codes, &key,
					sizeof(key), &new);

	if (!new)
		return number;
	if (!array_reserve((void **)&writer->code_stamp,
			   &writer->code_stamp_capacity, number,
			   sizeof(*writer->code_stamp))) {
		writer_fail(writer, &error_nomem);
		return 0;
	}
	writer->code_stamp[number - 1] = 0;
	put_code(writer, code);
	return number;
}

// A recursion names its code object a thousand times; it is listed once.
static void list_code(struct sample_writer *writer, uint32_t number)
{
	uint64_t stamp = writer->sample_count + 1;

	if (!number || writer->code_stamp[number - 1] == stamp ||
	    writer->code_list_count == SAMPLE_CODES_MAX)
		return;
	writer->code_stamp[number - 1] = stamp;
	if (array_reserve_one(writer->code_list, writer->code_list_count,
			      writer->code_list_capacity))
		writer->code_list[writer->code_list_count++] = number;
	else
		writer_fail(writer, &error_nomem);
}

// Fills code_list with the numbers of the sample's code objects.
static void list_codes(struct sample_writer *writer,
		       const struct kept_sample *sample)
{
	writer->code_list_count = 0;
	for (size_t i = 0; i < sample->code_count && !writer->error; i++)
		list_code(writer, writer_code(writer, sample->codes[i]));
}

static void put_pieces(struct sample_block *block,
		       const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		sample_block_u64(block, piece->vaddr);
		sample_block_u32(block, piece->size);
		sample_block_u32(block, piece->kind);
		sample_block_u32(block, piece->offset);
		sample_block_u32(block, 0);
	}
}

static void put_frames(struct sample_writer *writer,
		       const struct walk_result *walk)
{
	struct sample_block *block = &writer->block;
	bool new;

	for (size_t i = 0; i < walk->frame_count; i++) {
		const struct frame *frame = &walk->frames[i];
		struct module *module = frame->module;

		sample_block_u8(block, frame->kind);
		sample_block_u8(block, frame->status);
		sample_block_u16(block, 0);
		sample_block_u32(block, (uint32_t)frame->instruction);
		sample_block_u32(block,
				 module ? writer_number(writer,
							&writer->modules,
							&module, sizeof(module),
							&new) :
					  0);
		sample_block_u32(block, 0);
		sample_block_u64(block, frame->pc);
		sample_block_u64(block, frame->module_vaddr);
		sample_block_u64(block, frame->code);
	}
}

static uint32_t flags_of(const struct kept_sample *sample)
{
	return (sample->regs ? SAMPLE_HAS_REGS : 0) |
	       (sample->snapshot ? SAMPLE_HAS_SNAPSHOT : 0) |
	       (sample->walk.contradiction ? SAMPLE_CONTRADICTION : 0);
}

static void put_scalars(struct sample_writer *writer, uint32_t process,
			const struct kept_sample *sample, size_t chain_count)
{
	struct sample_block *block = &writer->block;
	const struct snapshot *snapshot = sample->snapshot;
	const struct python_layout *layout = sample->layout;

	sample_block_u64(block, sample->time_ns);
	sample_block_u64(block, sample->period_ns);
	sample_block_u64(block, sample->end_ns);
	sample_block_u32(block, process);
	sample_block_u32(block, (uint32_t)sample->tid);
	sample_block_u32(block, sample->cpu);
	sample_block_u32(block, sample->switches);
	sample_block_u32(block, flags_of(sample));
	sample_block_u32(block,
			 layout ? python_layout_id(layout) : 0);
	sample_block_text(block, sample->thread_name, SAMPLE_NAME_BYTES);
	sample_block_u32(block, sample->regs ? writer->arch->perf_count : 0);
	sample_block_u32(block, (uint32_t)chain_count);
	sample_block_u32(block, (uint32_t)sample->stack_size);
	sample_block_u32(block, snapshot ? snapshot->piece_count : 0);
	sample_block_u32(block, snapshot ? snapshot->byte_count : 0);
	sample_block_u32(block, (uint32_t)writer->code_list_count);
	sample_block_u32(block, (uint32_t)sample->walk.frame_count);
	sample_block_u32(block, 0);
	sample_block_u32(block, snapshot ? snapshot->status : 0);
	sample_block_u32(block, snapshot ? snapshot->reads : 0);
	sample_block_u64(block, snapshot ? snapshot->thread_state : 0);
	sample_block_u64(block, snapshot ? snapshot->thread_found_ns : 0);
	sample_block_u32(block, sample->walk.end);
	sample_block_u32(block, (uint32_t)sample->walk.eval_activations);
	sample_block_u32(block, (uint32_t)sample->walk.unmatched_activations);
	sample_block_u32(block, 0);
}

static void put_sample(struct sample_writer *writer, uint32_t process,
		       const struct kept_sample *sample)
{
	struct sample_block *block = &writer->block;
	const struct snapshot *snapshot = sample->snapshot;
	size_t chain = sample->chain_count;

	if (chain > SAMPLE_CHAIN_MAX)
		chain = SAMPLE_CHAIN_MAX;
	sample_block_begin(block, SAMPLE_BLOCK_SAMPLE);
	put_scalars(writer, process, sample, chain);
	if (sample->regs)
		sample_block_array(block, sample->regs,
				   writer->arch->perf_count * UINT64_BYTES);
	sample_block_array(block, sample->chain, chain * UINT64_BYTES);
	sample_block_array(block, sample->stack, sample->stack_size);
	if (snapshot) {
		put_pieces(block, snapshot);
		sample_block_array(block, snapshot->bytes,
				   snapshot->byte_count);
	}
	sample_block_array(block, writer->code_list,
			   writer->code_list_count * UINT32_BYTES);
	put_frames(writer, &sample->walk);
	writer_put(writer);
}

int64_t sample_writer_add(struct sample_writer *writer,
			  const struct kept_sample *sample)
{
	uint32_t process;

	if (writer->error)
		return SAMPLE_NUMBER_NONE;
	process = process_of(writer, sample);
	list_codes(writer, sample);
	writer_functions(writer, process, sample);
	put_sample(writer, process, sample);
	return writer->error ? SAMPLE_NUMBER_NONE :
			       (int64_t)writer->sample_count++;
}
