// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/replay_print.h"

#include "base/text.h"
#include "daemon/perf/perf_record.h"
#include "daemon/replay/replay.h"
#include "unwind/symbols/demangle.h"
#include "unwind/symbols/symbol_table.h"

#include <string.h>

static const char *const trust_names[] = { "proven", "unproven", "native" };

// What is shown of one frame.
struct shown_frame {
	char *name;	    // owned; may be NULL without memory
	const char *kind, *status;
	const char *file;   // or module; "": none
	uint32_t line;	    // 0: none
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void show_native(const struct frame *frame, struct shown_frame *ret)
{
	struct module *module = frame->module;
	const struct symbol *symbol = NULL;

	if (!module) {
		ret->name = strdup("[unmapped code]");
		return;
	}
	ret->file = base_name(module->path);
	if (module_symbols(module))
		symbol = symbol_table_find(module_symbols(module),
					   frame->module_vaddr);
	if (symbol)
		ret->name = demangle(symbol->name);
	else if (asprintf(&ret->name, "[%s+0x%llx]", ret->file,
			  (unsigned long long)frame->module_vaddr) < 0)
		ret->name = NULL;
}

static void show_python(const struct kept_sample *sample,
			const struct frame *frame, struct shown_frame *ret)
{
	const struct python_code *code = replay_find_code(sample, frame->code);

	if (!code || code->state != PYTHON_CODE_NAMED) {
		ret->name = strdup("[unresolved]");
		return;
	}
	ret->name = strdup(code->qualified_name);
	ret->file = base_name(code->file_name);
	ret->line = python_code_line(code, frame->instruction);
}

static void show(const struct kept_sample *sample, const struct frame *frame,
		 struct shown_frame *ret)
{
	*ret = (struct shown_frame){ .kind = frame_kind_name(frame->kind),
				     .status = "",
				     .file = "" };
	if (frame->status == FRAME_GUESSED ||
	    frame->status == FRAME_UNRESOLVED)
		ret->status = frame_status_name(frame->status);
	switch (frame->kind) {
	case FRAME_NATIVE:
		show_native(frame, ret);
		break;
	case FRAME_PYTHON:
		show_python(sample, frame, ret);
		break;
	case FRAME_KERNEL:
	case FRAME_OTHER:
		ret->name = strdup("[python frames not read]");
		break;
	}
}

static void show_kernel(const struct sample_reader *reader, uint64_t address,
			struct shown_frame *ret)
{
	const char *name = sample_reader_kernel_symbol(reader, address);

	*ret = (struct shown_frame){ .name = strdup(name ? name : "[kernel]"),
				     .kind = frame_kind_name(FRAME_KERNEL),
				     .status = "",
				     .file = "" };
}

typedef void (*shown_fn)(void *context, const struct shown_frame *frame);

// Kernel frames first: the chain ends where user space begins.
static void each_frame(const struct replay_stack *stack, shown_fn visit,
		       void *context)
{
	const struct kept_sample *sample = stack->sample;
	struct shown_frame frame;
	bool leaf = true;

	for (size_t i = 0; i < sample->chain_count; i++) {
		uint64_t address = sample->chain[i];

		if (address == (uint64_t)PERF_CONTEXT_USER)
			break;
		if (address >= (uint64_t)PERF_CONTEXT_MAX)
			continue;
		show_kernel(stack->reader, leaf ? address : address - 1,
			    &frame);
		visit(context, &frame);
		free(frame.name);
		leaf = false;
	}
	for (size_t i = 0; i < stack->walk->frame_count; i++) {
		show(sample, &stack->walk->frames[i], &frame);
		visit(context, &frame);
		free(frame.name);
	}
}

static const char *trust_of(const struct replay_stack *stack,
			    const char **ret_reason)
{
	uint32_t trust;

	*ret_reason = "";
	return sample_reader_verdict(stack->reader, stack->number, &trust,
				     ret_reason) ?
		       trust_names[trust] :
		       "undecided";
}

static void print_text(FILE *out, const char *text)
{
	_cleanup_free_ char *safe = text ? text_escape(text) : NULL;

	fputs(safe ? safe : "?", out);
}

static void print_frame(void *context, const struct shown_frame *frame)
{
	FILE *out = context;

	fprintf(out, "    %-6s ", frame->kind);
	print_text(out, frame->name);
	if (*frame->file) {
		fputs("  ", out);
		print_text(out, frame->file);
	}
	if (frame->line)
		fprintf(out, ":%u", frame->line);
	if (*frame->status)
		fprintf(out, "  (%s)", frame->status);
	fputc('\n', out);
}

void replay_print_stack(const struct replay_stack *stack, const char *word,
			FILE *out)
{
	const struct kept_sample *sample = stack->sample;
	const char *reason, *trust = trust_of(stack, &reason);

	fprintf(out, "sample %zu%s%s: thread %d \"", stack->number,
		*word ? ", " : "", word, sample->tid);
	print_text(out, sample->thread_name);
	fprintf(out, "\" of process %d, %s", sample->pid, trust);
	if (*reason) {
		fputs(": ", out);
		print_text(out, reason);
	}
	fprintf(out, ", ends at %s%s\n", walk_end_name(stack->walk->end),
		stack->walk->contradiction ? ", contradictory" : "");
	each_frame(stack, print_frame, out);
}

static void json_frame(void *context, const struct shown_frame *frame)
{
	struct json *json = context;

	json_open(json, NULL, '{');
	json_text(json, "kind", frame->kind);
	json_text(json, "name", frame->name);
	if (*frame->file)
		json_text(json, "file", frame->file);
	if (frame->line)
		json_integer(json, "line", frame->line);
	if (*frame->status)
		json_text(json, "status", frame->status);
	json_close(json, '}');
}

void replay_json_stack(const struct replay_stack *stack, const char *key,
		       struct json *json)
{
	const struct kept_sample *sample = stack->sample;
	const char *reason, *trust = trust_of(stack, &reason);

	json_open(json, key, '{');
	json_integer(json, "sample", (int64_t)stack->number);
	json_integer(json, "time_ns", (int64_t)sample->time_ns);
	json_integer(json, "pid", sample->pid);
	json_integer(json, "tid", sample->tid);
	json_integer(json, "cpu", sample->cpu);
	json_text(json, "process", sample->process_name);
	json_text(json, "thread", sample->thread_name);
	json_text(json, "trust", trust);
	json_text(json, "trust_reason", *reason ? reason : NULL);
	json_text(json, "walk_end", walk_end_name(stack->walk->end));
	json_bool(json, "contradiction", stack->walk->contradiction);
	json_integer(json, "stack_bytes", (int64_t)sample->stack_size);
	json_open(json, "frames", '[');
	each_frame(stack, json_frame, json);
	json_close(json, ']');
	json_close(json, '}');
}
