// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_reader_state.h"

#include "base/array.h"

#include <string.h>

static bool read_mapping(struct sample_reader *reader, struct reader *block,
			 struct space *space)
{
	struct mapping mapping = { 0 };
	uint32_t kind, module;

	mapping.start = reader_u64(block);
	mapping.end = reader_u64(block);
	mapping.file_offset = reader_u64(block);
	mapping.bias = reader_u64(block);
	kind = reader_u32(block);
	module = reader_u32(block);
	// By ascending address; more would make insertion slow.
	if (block->failed || kind > MAPPING_SPECIAL ||
	    mapping.start >= mapping.end ||
	    (space->count &&
	     space->mappings[space->count - 1].end > mapping.start))
		return false;
	mapping.kind = kind;
	mapping.module = reader_module(reader, module);
	return (mapping.module || !module) &&
	       space_add_mapping(space, &mapping);
}

static bool fill_process(struct sample_reader *reader, struct reader *block,
			 struct read_process *process)
{
	uint32_t pid = reader_u32(block), count = reader_u32(block);
	const uint8_t *name;

	process->pid = (pid_t)pid;
	process->start_ns = reader_u64(block);
	name = reader_bytes(block, SAMPLE_NAME_BYTES);
	if (!name || count > SAMPLE_MAPPING_MAX)
		return false;
	memcpy(process->name, name, SAMPLE_NAME_BYTES);
	for (uint32_t i = 0; i < count; i++)
		if (!read_mapping(reader, block, &process->space))
			return false;
	return true;
}

bool read_process(struct sample_reader *reader, struct reader *block)
{
	struct read_process *process;

	if (!array_reserve_one(reader->processes, reader->process_count,
			       reader->process_capacity))
		return false;
	process = calloc(1, sizeof(*process));
	if (!process)
		return false;
	space_init(&process->space);
	reader->processes[reader->process_count++] = process;
	return fill_process(reader, block, process);
}

static bool fill_code(struct reader *block, struct python_code *code)
{
	uint32_t name, qualified, file, table, lines;
	const uint8_t *bytes;

	code->state = reader_u32(block) ? PYTHON_CODE_NAMED :
					  PYTHON_CODE_HEAD_ONLY;
	code->first_line = reader_u32(block);
	code->address = reader_u64(block);
	code->fingerprint = reader_u64(block);
	code->facts.unit_count = reader_u32(block);
	code->facts.first_traceable = reader_u32(block);
	code->facts.frame_words = reader_u32(block);
	name = reader_u32(block);
	qualified = reader_u32(block);
	file = reader_u32(block);
	table = reader_u32(block);
	lines = reader_u32(block);
	if (lines > PYTHON_LINES_LNOTAB)
		return false;
	code->lines = lines;
	code->name = reader_text(block, name, PYTHON_NAME_MAX);
	code->qualified_name = reader_text(block, qualified, PYTHON_NAME_MAX);
	code->file_name = reader_text(block, file, PYTHON_NAME_MAX);
	bytes = reader_padded(block, table);
	if (!bytes || table > PYTHON_LINE_TABLE_MAX)
		return false;
	code->line_table = malloc((size_t)table + 1);
	if (!code->line_table)
		return false;
	memcpy(code->line_table, bytes, table);
	code->line_table_size = table;
	return code->name && code->qualified_name && code->file_name;
}

bool read_code(struct sample_reader *reader, struct reader *block)
{
	struct python_code *code;

	if (!array_reserve_one(reader->codes, reader->code_count,
			       reader->code_capacity))
		return false;
	code = calloc(1, sizeof(*code));
	if (!code)
		return false;
	reader->codes[reader->code_count++] = code;
	return fill_code(block, code);
}

static void code_destroy(struct python_code *code)
{
	free(code->name);
	free(code->qualified_name);
	free(code->file_name);
	free(code->line_table);
	free(code);
}

static void shorten(char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash && slash[1])
		memmove(path, slash + 1, strlen(slash + 1) + 1);
}

void sample_reader_shorten_paths(struct sample_reader *reader)
{
	for (size_t i = 0; i < reader->module_count; i++)
		shorten(reader->modules[i].module->path);
	for (size_t i = 0; i < reader->code_count; i++)
		shorten(reader->codes[i]->file_name);
}

void destroy_processes(struct sample_reader *reader)
{
	for (size_t i = 0; i < reader->process_count; i++) {
		space_deinit(&reader->processes[i]->space);
		free(reader->processes[i]);
	}
	for (size_t i = 0; i < reader->code_count; i++)
		code_destroy(reader->codes[i]);
	free(reader->processes);
	free(reader->codes);
}
