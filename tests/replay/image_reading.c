// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/image_reading.h"

#include "unwind/python/freeze.h"

#include <string.h>

enum { CAPACITY = 1 << 20, CODES_MAX = 1024 };

static const char *const outcome_names[IMAGE_OUTCOME_COUNT] = {
	[IMAGE_WHOLE] = "a whole stack",
	[IMAGE_NO_RUNTIME] = "no runtime",
	[IMAGE_NO_THREAD] = "no thread state",
	[IMAGE_UNREADABLE] = "unreadable",
	[IMAGE_TOO_DEEP] = "too deep",
	[IMAGE_BROKEN] = "broken chain",
	[IMAGE_MAY_HANG] = "may hang",
	[IMAGE_CONTRADICTION] = "contradiction",
	[IMAGE_INCOMPLETE] = "walk incomplete",
};

const char *image_outcome_name(enum image_outcome outcome)
{
	return outcome_names[outcome];
}

bool image_reading_forget(struct image_reading *reading)
{
	const struct recorded_image *image = reading->image;

	python_target_destroy(reading->target);
	python_code_cache_destroy(reading->codes);
	reading->target = python_target_create(reading->memory, image->layout,
					       image->runtime, image->code_type);
	reading->codes =
		python_code_cache_create(image->layout, image->code_type);
	if (!reading->target || !reading->codes)
		return false;
	python_target_set_entry(reading->target, image->entry, image->entry_end);
	return true;
}

bool image_reading_forget_names(struct image_reading *reading)
{
	const struct recorded_image *image = reading->image;

	python_code_cache_destroy(reading->codes);
	reading->codes =
		python_code_cache_create(image->layout, image->code_type);
	return reading->codes;
}

bool image_reading_init(struct image_reading *reading,
			const struct recorded_image *image,
			struct live_memory memory)
{
	*reading = (struct image_reading){
		.memory = memory,
		.image = image,
		.sample = image->sample,
		.known = calloc(CODES_MAX, sizeof(*reading->known)),
		.snapshot = malloc(sizeof(*reading->snapshot) + CAPACITY),
		.now_ns = 1,
	};
	if (!reading->known || !reading->snapshot)
		return false;
	if (replay_create(arch_native(), &reading->replay))
		return false;
	return image_reading_forget(reading);
}

void image_reading_deinit(struct image_reading *reading)
{
	replay_destroy(reading->replay);
	python_target_destroy(reading->target);
	python_code_cache_destroy(reading->codes);
	free(reading->known);
	free(reading->snapshot);
	*reading = (struct image_reading){ 0 };
}

static void freeze(struct image_reading *reading)
{
	const struct kept_sample *sample = &reading->sample;
	struct memory stack = { 0 };
	struct regs regs;
	struct freeze_point point = { .tid = (uint32_t)sample->tid,
				      .now_ns = reading->now_ns };

	arch_regs_from_perf(arch_native(), sample->regs, &regs);
	point.pc = regs.pc;
	point.fp = regs.value[arch_native()->fp];
	memory_add(&stack, regs.value[arch_native()->sp], sample->stack,
		   sample->stack_size);
	python_freeze(reading->target, &point, &stack, reading->snapshot,
		      CAPACITY);
}

// As the recorder does; see daemon/pipeline/sample_codes.c.
static struct python_code *learn_code(struct image_reading *reading,
				      const struct snapshot_piece *piece)
{
	const struct snapshot *snapshot = reading->snapshot;
	struct live_memory text = snapshot_text(snapshot);
	struct python_code *code = python_code_learn(
		reading->codes, piece->vaddr, snapshot->bytes + piece->offset,
		piece->size, reading->now_ns);

	if (code)
		code = python_code_take_names(reading->codes, code, &text,
					      reading->now_ns);
	if (code && code->state == PYTHON_CODE_HEAD_ONLY)
		python_code_read_names(reading->codes, code, &reading->memory,
				       reading->now_ns + 1);
	return code;
}

static void learn_codes(struct image_reading *reading)
{
	const struct snapshot *snapshot = reading->snapshot;
	struct kept_sample *sample = &reading->sample;

	python_code_cache_collect(reading->codes);
	for (uint32_t i = 0; i < snapshot->piece_count; i++)
		if (snapshot->piece[i].kind == SNAPSHOT_CODE)
			learn_code(reading, &snapshot->piece[i]);
	sample->codes = reading->known;
	sample->code_count = 0;
}

// The walk asks for what is known of any code object that a frame names.
static void gather_codes(struct image_reading *reading)
{
	const struct snapshot *snapshot = reading->snapshot;
	struct kept_sample *sample = &reading->sample;

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		const struct python_code *code;

		if (piece->kind != SNAPSHOT_CODE ||
		    sample->code_count == CODES_MAX)
			continue;
		code = python_code_find(reading->codes, piece->vaddr);
		if (code)
			reading->known[sample->code_count++] = code;
	}
}

static enum image_outcome judge(const struct image_reading *reading)
{
	static const enum image_outcome by_status[] = {
		[SNAPSHOT_OK] = IMAGE_WHOLE,
		[SNAPSHOT_NO_RUNTIME] = IMAGE_NO_RUNTIME,
		[SNAPSHOT_NO_THREAD] = IMAGE_NO_THREAD,
		[SNAPSHOT_UNREADABLE] = IMAGE_UNREADABLE,
		[SNAPSHOT_TOO_DEEP] = IMAGE_TOO_DEEP,
		[SNAPSHOT_BROKEN] = IMAGE_BROKEN,
		[SNAPSHOT_MAY_HANG] = IMAGE_MAY_HANG,
		[SNAPSHOT_SEARCH_CUT] = IMAGE_NO_THREAD,
	};
	const struct walk_result *walk = &reading->walk;

	if (reading->snapshot->status != SNAPSHOT_OK)
		return by_status[reading->snapshot->status];
	if (walk->contradiction)
		return IMAGE_CONTRADICTION;
	return walk->end == WALK_END_ROOT && !walk->unmatched_activations ?
		       IMAGE_WHOLE :
		       IMAGE_INCOMPLETE;
}

// What is not known is to be captured again, as the recorder has it.
static void check_names(struct image_reading *reading)
{
	const struct walk_result *walk = &reading->walk;

	reading->python_frames = reading->unnamed = 0;
	for (size_t i = 0; i < walk->frame_count; i++) {
		const struct frame *frame = &walk->frames[i];
		struct python_code *code;

		if (frame->kind != FRAME_PYTHON)
			continue;
		reading->python_frames++;
		code = python_code_find(reading->codes, frame->code);
		if (code)
			python_code_verify(reading->codes, code,
					   &reading->memory,
					   reading->now_ns + 2);
		code = python_code_find(reading->codes, frame->code);
		if (code && code->state == PYTHON_CODE_NAMED)
			python_code_line(code, frame->instruction);
		else
			reading->unnamed++;
		if (!code)
			python_target_forget_code(reading->target, frame->code);
	}
}

void image_reading_run(struct image_reading *reading)
{
	struct kept_sample *sample = &reading->sample;

	reading->now_ns += 1000;
	freeze(reading);
	learn_codes(reading);
	gather_codes(reading);
	sample->snapshot = reading->snapshot;
	sample->layout = reading->image->layout;
	replay_walk(reading->replay, sample, &reading->walk);
	check_names(reading);
	reading->gil = python_gil_of(reading->image->layout, reading->snapshot);
	reading->outcome = judge(reading);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_frame(const struct image_reading *reading,
			const struct frame *frame, FILE *out)
{
	const struct python_code *code =
		python_code_find(reading->codes, frame->code);

	if (!code || code->state != PYTHON_CODE_NAMED)
		fprintf(out, "?\t%s\n",
			code && code->problem ? code->problem : "unknown");
	else
		fprintf(out, "%s\t%s\t%u\n", code->qualified_name,
			base_name(code->file_name),
			python_code_line(code, frame->instruction));
}

char *image_reading_text(const struct image_reading *reading)
{
	const struct walk_result *walk = &reading->walk;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < walk->frame_count; i++)
		if (walk->frames[i].kind == FRAME_PYTHON)
			print_frame(reading, &walk->frames[i], out);
	fclose(out);
	return text;
}
