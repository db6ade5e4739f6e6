// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/replay.h"

#include "base/array.h"
#include "daemon/pipeline/pipeline.h"

#include <string.h>

enum { STACK_STEP = 8 };

struct replay {
	const struct arch *arch;
	struct walk_cache *cache;
	struct frame *frames; // owned
	struct memory memory;
	struct python_stack stack;
	const struct python_code **codes; // owned; by ascending address
	size_t code_count, code_capacity;
	struct snapshot *snapshot; // owned; of the sample trimmed last
};

struct error *replay_create(const struct arch *arch, struct replay **ret)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return &error_nomem;
	replay->arch = arch;
	replay->cache = walk_cache_create();
	replay->frames = calloc(PIPELINE_FRAME_LIMIT + 1,
				sizeof(*replay->frames));
	if (!replay->cache || !replay->frames) {
		replay_destroy(replay);
		return &error_nomem;
	}
	*ret = replay;
	return NULL;
}

void replay_destroy(struct replay *replay)
{
	if (!replay)
		return;
	walk_cache_destroy(replay->cache);
	free(replay->frames);
	free(replay->codes);
	free(replay->snapshot);
	free(replay);
}

static int compare_codes(const void *left, const void *right)
{
	const struct python_code *const *a = left, *const *b = right;

	return ((*a)->address > (*b)->address) -
	       ((*a)->address < (*b)->address);
}

static void sort_codes(struct replay *replay, const struct kept_sample *sample)
{
	replay->code_count = 0;
	if (!sample->code_count ||
	    !array_reserve((void **)&replay->codes, &replay->code_capacity,
			   sample->code_count, sizeof(*replay->codes)))
		return;
	memcpy(replay->codes, sample->codes,
	       sample->code_count * sizeof(*replay->codes));
	replay->code_count = sample->code_count;
	qsort(replay->codes, replay->code_count, sizeof(*replay->codes),
	      compare_codes);
}

static bool code_facts(void *context, uint64_t address,
		       struct python_code_facts *ret)
{
	struct replay *replay = context;
	struct python_code wanted = { .address = address };
	const struct python_code *key = &wanted;
	const struct python_code **found = NULL;

	if (replay->code_count)
		found = bsearch(&key, replay->codes, replay->code_count,
				sizeof(*replay->codes), compare_codes);
	if (!found)
		return false;
	*ret = (*found)->facts;
	return true;
}

static struct python_stack *prepare_python(struct replay *replay,
					   const struct kept_sample *sample)
{
	const struct snapshot *snapshot = sample->snapshot;

	if (!sample->layout || !snapshot)
		return NULL;
	snapshot_add_to_memory(snapshot,
			       sizeof(*snapshot) + snapshot->byte_count,
			       &replay->memory);
	python_stack_init(&replay->stack, sample->layout, snapshot,
			  &replay->memory);
	sort_codes(replay, sample);
	replay->stack.code_facts = code_facts;
	replay->stack.code_context = replay;
	return &replay->stack;
}

void replay_walk(struct replay *replay, const struct kept_sample *sample,
		 struct walk_result *ret)
{
	struct walk_input input = { .arch = replay->arch,
				    .memory = &replay->memory,
				    .space = sample->space,
				    .cache = replay->cache,
				    .frame_limit = PIPELINE_FRAME_LIMIT };

	*ret = (struct walk_result){ .frames = replay->frames,
				     .end = WALK_END_KERNEL_THREAD };
	if (!sample->regs)
		return;
	arch_regs_from_perf(replay->arch, sample->regs, &input.regs);
	replay->memory.segment_count = 0;
	memory_add(&replay->memory, input.regs.value[replay->arch->sp],
		   sample->stack, sample->stack_size);
	input.python = prepare_python(replay, sample);
	walk(&input, replay->frames, ret);
}

static bool frames_are_equal(const struct frame *a, const struct frame *b)
{
	return a->kind == b->kind && a->status == b->status &&
	       a->pc == b->pc && a->module == b->module &&
	       a->module_vaddr == b->module_vaddr && a->code == b->code &&
	       a->instruction == b->instruction;
}

bool replay_is_equal(const struct walk_result *a, const struct walk_result *b)
{
	if (a->frame_count != b->frame_count || a->end != b->end ||
	    a->contradiction != b->contradiction ||
	    a->eval_activations != b->eval_activations ||
	    a->unmatched_activations != b->unmatched_activations)
		return false;
	for (size_t i = 0; i < a->frame_count; i++)
		if (!frames_are_equal(&a->frames[i], &b->frames[i]))
			return false;
	return true;
}

static bool still_equal(struct replay *replay, const struct kept_sample *sample)
{
	struct walk_result walk;

	replay_walk(replay, sample, &walk);
	return replay_is_equal(&sample->walk, &walk);
}

// More stack never makes a walk worse, so that the least that suffices can be
// searched by halves. Whether it does is seen at the end.
static void trim_stack(struct replay *replay, struct kept_sample *sample)
{
	size_t low = 0, high = sample->stack_size / STACK_STEP;
	struct kept_sample trial = *sample;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		trial.stack_size = middle * STACK_STEP;
		if (still_equal(replay, &trial))
			high = middle;
		else
			low = middle + 1;
	}
	trial.stack_size = high * STACK_STEP;
	if (still_equal(replay, &trial))
		sample->stack_size = trial.stack_size;
}

static struct snapshot *without_heads(const struct snapshot *snapshot)
{
	struct snapshot *ret =
		calloc(1, sizeof(*ret) + snapshot->byte_count);

	if (!ret)
		return NULL;
	*ret = *snapshot;
	ret->piece_count = ret->byte_count = 0;
	memset(ret->piece, 0, sizeof(ret->piece));
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		struct snapshot_piece piece = snapshot->piece[i];

		if (piece.kind >= SNAPSHOT_CODE ||
		    piece.size > snapshot->byte_count - ret->byte_count)
			continue;
		memcpy(ret->bytes + ret->byte_count,
		       snapshot->bytes + piece.offset, piece.size);
		piece.offset = ret->byte_count;
		ret->byte_count += piece.size;
		ret->piece[ret->piece_count++] = piece;
	}
	return ret;
}

struct error *replay_trim(struct replay *replay, struct kept_sample *sample)
{
	struct kept_sample trial = *sample;

	trim_stack(replay, sample);
	if (!sample->snapshot)
		return NULL;
	free(replay->snapshot);
	replay->snapshot = without_heads(sample->snapshot);
	if (!replay->snapshot)
		return &error_nomem;
	trial.stack_size = sample->stack_size;
	trial.snapshot = replay->snapshot;
	if (still_equal(replay, &trial))
		*sample = trial;
	return NULL;
}

const struct python_code *replay_find_code(const struct kept_sample *sample,
					   uint64_t address)
{
	for (size_t i = 0; i < sample->code_count; i++)
		if (sample->codes[i]->address == address)
			return sample->codes[i];
	return NULL;
}
