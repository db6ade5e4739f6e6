// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_file.h"

#include "base/array.h"
#include "base/clock.h"
#include "daemon/replay/sample_writer.h"
#include "unwind/symbols/kallsyms.h"

#include <string.h>

// Objects of CPython's allocator are 16-byte aligned.
enum { WORD_BYTES = 8, CODE_ALIGNMENT = 16, KERNEL_SEEN = 1024 };

struct sample_file {
	struct sample_writer *writer; // owned
	const struct python_code **codes; // owned; scratch of one sample
	size_t code_count, code_capacity;
	struct kallsyms *kallsyms; // owned; NULL: none
	bool kallsyms_tried;
	uint64_t kernel_seen[KERNEL_SEEN]; // addresses named last
};

struct error *sample_file_create(const char *path, const struct arch *arch,
				 struct sample_file **ret)
{
	struct sample_file *file = calloc(1, sizeof(*file));
	struct error *error;

	if (!file)
		return &error_nomem;
	error = sample_writer_create(path, arch, monotonic_ns(),
				     clock_now_ns(CLOCK_REALTIME),
				     &file->writer);
	if (error)
		free(file);
	else
		*ret = file;
	return error;
}

struct error *sample_file_close(struct sample_file *file)
{
	struct error *error;

	if (!file)
		return NULL;
	error = sample_writer_close(file->writer);
	kallsyms_destroy(file->kallsyms);
	free(file->codes);
	free(file);
	return error;
}

// Without memory a code object is left out, and its frames replay as those of
// an unknown one.
static void add_code(struct sample_file *file, const struct python_code *code)
{
	if (file->code_count &&
	    file->codes[file->code_count - 1]->address == code->address)
		return;
	if (array_reserve_one(file->codes, file->code_count,
			      file->code_capacity))
		file->codes[file->code_count++] = code;
}

// What a piece points to that is a code object: the walk, or a better one,
// might ask for its facts.
static void find_codes(struct sample_file *file,
		       const struct process_python *python,
		       const uint8_t *bytes, size_t size)
{
	uint64_t word, last = 0;

	for (size_t at = 0; size - at >= WORD_BYTES; at += WORD_BYTES) {
		const struct python_code *code;

		memcpy(&word, bytes + at, sizeof(word));
		word &= ~(uint64_t)python->layout->frame.code_tags;
		if (word % CODE_ALIGNMENT || word < CODE_ALIGNMENT ||
		    word >> 56 || word == last)
			continue;
		last = word;
		code = python_code_find(python->codes, word);
		if (code)
			add_code(file, code);
	}
}

static void gather_codes(struct sample_file *file,
			 const struct process_python *python,
			 const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		if (piece->kind < SNAPSHOT_CODE ||
		    piece->kind == SNAPSHOT_OBJECTS)
			find_codes(file, python,
				   snapshot->bytes + piece->offset,
				   piece->size);
	}
}

static void add_interpreter(struct sample_file *file,
			    const struct process *process,
			    const struct capture *capture,
			    struct kept_sample *sample)
{
	const struct process_python *python = process->python;

	sample->snapshot = &capture->snapshot;
	sample->end_ns = capture->end_ns;
	sample->switches = capture->switches;
	// Of another epoch: the walk had no use for it either.
	if (!python || python->epoch != capture->target_epoch)
		return;
	sample->layout = python->layout;
	gather_codes(file, python, &capture->snapshot);
	sample->codes = file->codes;
	sample->code_count = file->code_count;
}

// The kernel's symbols are another host's, or another boot's, at replay.
static void name_kernel(struct sample_file *file, uint64_t address)
{
	uint64_t *seen = &file->kernel_seen[address % KERNEL_SEEN];
	const char *module = NULL, *name;

	if (*seen == address)
		return;
	*seen = address;
	if (!file->kallsyms_tried)
		error_destroy(kallsyms_load("/proc/kallsyms",
					    &file->kallsyms));
	file->kallsyms_tried = true;
	name = file->kallsyms ?
		       kallsyms_find(file->kallsyms, address, &module) :
		       NULL;
	if (name)
		sample_writer_kernel_symbol(file->writer, address, name);
}

static void name_chain(struct sample_file *file,
		       const struct perf_sample_fields *sample)
{
	bool first = true;

	for (uint64_t i = 0; i < sample->chain_count; i++) {
		uint64_t address = sample->chain[i];

		if (address == (uint64_t)PERF_CONTEXT_USER)
			break;
		if (address >= (uint64_t)PERF_CONTEXT_MAX)
			continue;
		name_kernel(file, first ? address : address - 1);
		first = false;
	}
}

int64_t sample_file_add(struct sample_file *file, struct process *process,
			const struct perf_record *record,
			const struct capture *capture,
			const struct walk_result *walk)
{
	const struct perf_sample_fields *fields = &record->sample;
	struct thread *thread = process_thread(process, (pid_t)record->tid);
	struct kept_sample sample = {
		.pid = process->pid,
		.tid = (pid_t)record->tid,
		.process_name = process->name,
		.thread_name = thread ? thread->name : "",
		.start_ns = process->start_ns,
		.space = &process->image->space,
		.time_ns = record->time_ns,
		.period_ns = fields->period,
		.cpu = record->cpu,
		.regs = fields->regs,
		.chain = fields->chain,
		.chain_count = fields->chain_count,
		.stack = fields->stack,
		.stack_size = fields->stack_size,
		.walk = *walk,
	};

	file->code_count = 0;
	if (capture)
		add_interpreter(file, process, capture, &sample);
	name_chain(file, fields);
	return sample_writer_add(file->writer, &sample);
}

void sample_file_verdict(struct sample_file *file, int64_t number,
			 uint32_t trust, const char *reason)
{
	sample_writer_verdict(file->writer, number, trust,
			      reason ? reason : "");
}
