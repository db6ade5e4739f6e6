// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/settle_codes.h"

#include "base/clock.h"
#include "daemon/pipeline/sample_codes.h"
#include "daemon/pipeline/waiting_sample.h"
#include "unwind/page_cache.h"

// An object that was found unchanged this often is named where it can be read
// no more, though not proven.
enum { CONFIRMED_OFTEN = 2 };

// What is read to check one sample. A stack has some hundred objects at most, of
// a page or two; a program may make itself one of thousands.
enum { LOOK_PAGES_MAX = 8192, PAGE_BYTES = 4096 };

// Of an object that has long been there, and lately yet.
#define LATELY_NS (2 * NS_PER_SEC)
// How often one that has been there for long is looked at in passing; and where
// a program is recorded for itself.
#define GLANCE_NS (200 * NS_PER_MS)
#define VERIFY_NS (40 * NS_PER_MS)

// One round's look, or the last one before samples are stored.
struct look {
	struct pipeline *pipeline;
	uint64_t now_ns; // nothing of what is read was read before
	size_t left;	 // of LOOK_PAGES_MAX, for this sample
};

static struct live_memory memory_of(const struct waiting_sample *sample)
{
	return lifeline_memory_reader(&sample->python->memory);
}

static struct page_reader reader_of(const struct look *look,
				    const struct waiting_sample *sample)
{
	return (struct page_reader){ .cache = look->pipeline->pages,
				     .owner = sample->python,
				     .memory = memory_of(sample) };
}

// The next capture that meets the address reads its head again.
static void forget(struct pipeline *pipeline,
		   const struct waiting_sample *sample,
		   const struct python_code *code)
{
	struct target *target =
		target_table_by_epoch(pipeline->targets, sample->process->pid,
				      sample->python->epoch);

	pipeline->stats.codes_changed++;
	if (target)
		python_target_forget_code(target->python, code->address);
}

// What is no more is not another object's, either. A range that was unmapped
// may have been it before.
static bool has_ended(const struct waiting_sample *sample,
		      const struct python_code *code)
{
	struct live_memory memory = memory_of(sample);
	uint8_t byte;

	return !memory.read(memory.context, code->address, &byte,
			    sizeof(byte));
}

static void set_unresolved(struct resolved_frame *frame)
{
	frame->frame.status = FRAME_UNRESOLVED;
}

static void judge_unreadable(struct waiting_sample *sample,
			     struct resolved_frame *frame)
{
	const struct python_code *code = frame->code;

	if (code->confirmations < CONFIRMED_OFTEN) {
		set_unresolved(frame);
		return;
	}
	if (sample_code_is_old(code) &&
	    sample->time_ns - code->confirmed_ns < LATELY_NS &&
	    has_ended(sample, code))
		return;
	if (sample->reason == PROOF_HOLDS)
		sample->reason = PROOF_CODE_GONE;
}

static void take_check(const struct look *look, struct waiting_sample *sample,
		       struct resolved_frame *frame,
		       enum python_code_check check)
{
	switch (check) {
	case PYTHON_CODE_SAME:
		break;
	case PYTHON_CODE_CHANGED:
		forget(look->pipeline, sample, frame->code);
		set_unresolved(frame);
		break;
	case PYTHON_CODE_UNREADABLE:
		judge_unreadable(sample, frame);
		break;
	}
}

static bool is_open(const struct waiting_sample *sample,
		    const struct resolved_frame *frame)
{
	return frame->frame.kind == FRAME_PYTHON && frame->code &&
	       frame->frame.status != FRAME_UNRESOLVED &&
	       frame->code->confirmed_ns < sample->time_ns;
}

static bool may_read(struct look *look, const struct python_code *code)
{
	size_t pages = code->exact ?
			       1 : 2 + code->line_table_size / PAGE_BYTES;

	if (pages > look->left)
		return false;
	look->left -= pages;
	return true;
}

static void verify(struct look *look, struct waiting_sample *sample,
		   struct resolved_frame *frame)
{
	struct page_reader reader;
	struct live_memory memory;

	if (!is_open(sample, frame))
		return;
	if (!may_read(look, frame->code)) {
		take_check(look, sample, frame, PYTHON_CODE_UNREADABLE);
		return;
	}
	reader = reader_of(look, sample);
	memory = page_cache_memory(&reader);
	take_check(look, sample, frame,
		   python_code_verify(sample->python->codes, frame->code,
				      &memory, look->now_ns));
}

// What cannot be read is judged at the end.
static void glance(const struct look *look, struct waiting_sample *sample,
		   struct resolved_frame *frame)
{
	struct page_reader reader;
	struct live_memory memory;

	// What changes meanwhile and back again goes unnoticed.
	if (!is_open(sample, frame) || frame->code->exact ||
	    look->now_ns - frame->code->seen_ns < GLANCE_NS)
		return;
	reader = reader_of(look, sample);
	memory = page_cache_memory(&reader);
	if (python_code_glance(sample->python->codes, frame->code, &memory,
			       look->now_ns) == PYTHON_CODE_CHANGED)
		take_check(look, sample, frame, PYTHON_CODE_CHANGED);
}

// A program that ends frees even these: the less is lost, the less remained to
// be confirmed.
static void look_at_old(struct look *look, struct waiting_sample *sample,
			struct resolved_frame *frame)
{
	bool sparing = look->pipeline->sparing;
	uint64_t since_ns = look->now_ns - frame->code->confirmed_ns;

	if (sparing && !frame->code->exact)
		glance(look, sample, frame);
	else if (since_ns >= (sparing ? GLANCE_NS : VERIFY_NS))
		verify(look, sample, frame);
}

static void look_at(struct look *look, struct waiting_sample *sample,
		    struct resolved_frame *frame)
{
	if (frame->frame.kind != FRAME_PYTHON || !frame->code)
		return;
	if (sample_code_is_old(frame->code)) {
		look_at_old(look, sample, frame);
		return;
	}
	verify(look, sample, frame);
	// Names that come later may be another object's.
	if (frame->code->state != PYTHON_CODE_NAMED)
		set_unresolved(frame);
}

static struct look begin(struct pipeline *pipeline)
{
	page_cache_forget(pipeline->pages);
	return (struct look){ pipeline, monotonic_ns(), LOOK_PAGES_MAX };
}

// Soon, for the sooner, the likelier the objects still live.
void settle_look_at_codes(struct pipeline *pipeline)
{
	struct look look = begin(pipeline);
	struct waiting_sample *sample;

	while ((sample = *pipeline->unchecked)) {
		look.left = LOOK_PAGES_MAX;
		for (size_t i = 0; i < sample->frame_count; i++)
			look_at(&look, sample, &sample->frames[i]);
		pipeline->unchecked = &sample->next;
	}
}

static void conclude(struct pipeline_stats *stats,
		     const struct waiting_sample *sample,
		     struct resolved_frame *frame)
{
	switch (frame->frame.kind) {
	case FRAME_KERNEL:
		stats->kernel_frames++;
		return;
	case FRAME_NATIVE:
		stats->native_frames++;
		return;
	case FRAME_OTHER:
		return;
	case FRAME_PYTHON:
		break;
	}
	stats->python_frames++;
	if (!frame->code)
		set_unresolved(frame);
	if (frame->frame.status == FRAME_UNRESOLVED) {
		stats->unresolved_frames++;
		return;
	}
	frame->frame.status = sample->reason == PROOF_HOLDS ? FRAME_PROVEN :
							      FRAME_UNPROVEN;
}

void settle_codes(struct pipeline *pipeline)
{
	struct look look = begin(pipeline);

	for (struct waiting_sample *sample = pipeline->settled; sample;
	     sample = sample->next) {
		look.left = LOOK_PAGES_MAX;
		for (size_t i = 0; i < sample->frame_count; i++)
			verify(&look, sample, &sample->frames[i]);
		for (size_t i = 0; i < sample->frame_count; i++)
			conclude(&pipeline->stats, sample, &sample->frames[i]);
	}
}
