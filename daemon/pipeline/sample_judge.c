// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sample_judge.h"

#include "base/clock.h"
#include "daemon/capture/keeper.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"

#include <string.h>

enum { ENTRY_BYTES = 64 };

// How often a process that is not read yet is asked for.
#define ASK_NS (NS_PER_SEC / 10)

static enum proof_reason reason_of_capture(const struct judged_sample *sample)
{
	static const enum proof_reason reasons[] = {
		[SNAPSHOT_OK] = PROOF_HOLDS,
		[SNAPSHOT_NO_RUNTIME] = PROOF_NO_RUNTIME,
		[SNAPSHOT_NO_THREAD] = PROOF_NO_THREAD,
		[SNAPSHOT_UNREADABLE] = PROOF_UNREADABLE,
		[SNAPSHOT_TOO_DEEP] = PROOF_TOO_DEEP,
		[SNAPSHOT_BROKEN] = PROOF_BROKEN,
		[SNAPSHOT_MAY_HANG] = PROOF_MAY_HANG,
		[SNAPSHOT_SEARCH_CUT] = PROOF_SEARCH_CUT,
	};
	const struct capture *capture = sample->capture;
	uint32_t status;

	if (!capture)
		return sample->uncaptured;
	// What was read is of an interpreter that the process had before.
	if (!sample->stack)
		return PROOF_NOT_CAPTURED;
	status = capture->snapshot.status;
	if (status == SNAPSHOT_TOO_DEEP &&
	    capture->capacity < SNAPSHOT_BYTES_MAX)
		return PROOF_OVER_LIMIT;
	return status < sizeof(reasons) / sizeof(reasons[0]) ?
		       reasons[status] :
		       PROOF_BROKEN;
}

// Python that nobody reads: its beginning went unseen, or is just being seen.
static void ask_to_read(struct pipeline *pipeline,
			const struct judged_sample *sample)
{
	struct process *process = sample->process;

	if (!pipeline->keeper || sample->capture ||
	    (sample->uncaptured != PROOF_NOT_CAPTURED &&
	     sample->uncaptured != PROOF_DENIED) ||
	    sample->time_ns - process->asked_ns < ASK_NS)
		return;
	process->asked_ns = sample->time_ns;
	keeper_ask(pipeline->keeper, process->pid);
}

// The loader's own entry has no CFI, yet nothing called it.
static bool ends_at_entry(const struct walk_result *walk)
{
	const struct frame *last;
	uint64_t entry;

	if (!walk->frame_count)
		return false;
	last = &walk->frames[walk->frame_count - 1];
	if (last->kind != FRAME_NATIVE || !last->module || !last->module->image)
		return false;
	entry = elf_image_entry(last->module->image);
	return entry && last->module_vaddr - entry < ENTRY_BYTES;
}

static bool is_matched(const struct judged_sample *sample)
{
	return !sample->walk->contradiction && !sample->walk->switching &&
	       !sample->walk->unmatched_activations &&
	       python_stack_is_finished(sample->stack);
}

// A frame pointer may lead past frames, an eval loop's among them.
static bool has_guesses(const struct walk_result *walk)
{
	for (size_t i = 0; i < walk->frame_count; i++)
		if (walk->frames[i].status == FRAME_GUESSED)
			return true;
	return false;
}

// Of such a file's code nobody can tell that it is no eval loop.
static bool has_unread_file(const struct judged_sample *sample)
{
	const struct walk_result *walk = sample->walk;

	for (size_t i = 0; i < walk->frame_count; i++) {
		if (!walk->frames[i].module ||
		    !module_is_unread(walk->frames[i].module))
			continue;
		process_image_doubt(sample->process->image);
		return true;
	}
	return false;
}

// All states of the thread are known, and none of them has frames.
static bool has_nothing_running(const struct judged_sample *sample)
{
	return python_stack_is_finished(sample->stack) &&
	       sample->capture->snapshot.status != SNAPSHOT_SEARCH_CUT;
}

/*
 * What the reader was not sure of, and every activation was matched: what it
 * took for broken, when an activation was just being entered, is whole after
 * all; and of a state that it has not met there would be activations left.
 */
static bool is_whole_after_all(const struct judged_sample *sample,
			       enum proof_reason status)
{
	if (status == PROOF_SEARCH_CUT)
		return python_layout_knows_running(sample->layout) &&
		       !has_guesses(sample->walk) && is_matched(sample);
	return status == PROOF_BROKEN && is_matched(sample);
}

/*
 * A walk to the root that met no eval loop: there is none, unless frames were
 * guessed, or the thread's state has Python frames all the same. (The last
 * instructions of libgcc's _Unwind_Resume() are such a place: what they return
 * to is no call site, so that the row before it may be of code behind a return.)
 */
static bool excludes_python(const struct judged_sample *sample)
{
	const struct python_binary *binary;

	// Nobody can tell that loop from other code.
	if (process_has_python(sample->process, &binary) && !binary->eval_count)
		return false;
	return !has_guesses(sample->walk) && !has_unread_file(sample) &&
	       (!sample->stack || has_nothing_running(sample));
}

static bool has_nothing(const struct judged_sample *sample,
			enum proof_reason status)
{
	return status == PROOF_NO_RUNTIME || status == PROOF_NO_THREAD ||
	       (sample->stack && has_nothing_running(sample));
}

/*
 * The walk did not see the whole stack, and met no eval loop. What is against
 * there being none: that nobody knows what the process runs; or an interpreter
 * of which nothing was read.
 */
static enum proof_reason doubt_of_absence(const struct judged_sample *sample,
					  unsigned int pythons_read)
{
	struct process_image *image = sample->process->image;

	// There was no user code to be run by.
	if (sample->walk->end == WALK_END_KERNEL_THREAD)
		return PROOF_HOLDS;
	if (!process_image_is_known(image, sample->time_ns))
		return PROOF_FILES_UNKNOWN;
	return space_survey(&image->space).count > pythons_read ?
		       PROOF_SEARCH_CUT :
		       PROOF_HOLDS;
}

// No CPython is known to be mapped. One may have been read all the same: the
// reader has a way to files that the walk has not.
static enum proof_reason judge_unknown(const struct judged_sample *sample,
				       enum proof_reason status,
				       enum sample_python *ret)
{
	enum proof_reason doubt;

	*ret = SAMPLE_PYTHON_THERE;
	if (sample->walk->eval_activations)
		return PROOF_NOT_CAPTURED;
	if (sample->stack && !has_nothing(sample, status))
		return status == PROOF_HOLDS ? PROOF_WALK_INCOMPLETE : status;
	doubt = doubt_of_absence(sample, 0);
	if (doubt == PROOF_HOLDS)
		*ret = sample->stack ? SAMPLE_PYTHON_EXCLUDED :
				       SAMPLE_PYTHON_NONE;
	return doubt;
}

enum proof_reason sample_judge(struct pipeline *pipeline,
			       const struct judged_sample *sample,
			       enum sample_python *ret)
{
	const struct python_binary *binary = NULL;
	enum proof_reason doubt;
	bool rooted = !sample->walk->switching &&
		      (sample->walk->end == WALK_END_ROOT ||
		       ends_at_entry(sample->walk));
	bool met = sample->walk->eval_activations > 0;
	enum proof_reason status = reason_of_capture(sample);

	*ret = met ? SAMPLE_PYTHON_THERE : SAMPLE_PYTHON_NONE;
	if (!met && rooted && excludes_python(sample))
		return PROOF_HOLDS;
	if (!process_has_python(sample->process, &binary))
		return judge_unknown(sample, status, ret);
	// The walk did not see the whole stack: only an interpreter that has
	// nothing running for this thread excludes Python.
	if (!met && has_nothing(sample, status)) {
		doubt = doubt_of_absence(sample, 1);
		*ret = doubt == PROOF_HOLDS ? SAMPLE_PYTHON_EXCLUDED :
					      SAMPLE_PYTHON_THERE;
		return doubt;
	}
	*ret = SAMPLE_PYTHON_THERE;
	if (!binary->layout) {
		if (!pipeline->processes.unsupported++)
			memcpy(pipeline->processes.unsupported_text,
			       binary->unsupported,
			       sizeof(binary->unsupported));
		return PROOF_UNSUPPORTED;
	}
	if (rooted && is_whole_after_all(sample, status))
		status = PROOF_HOLDS;
	if (status == PROOF_NOT_CAPTURED || status == PROOF_DENIED)
		ask_to_read(pipeline, sample);
	if (status != PROOF_HOLDS)
		return status;
	if (sample->walk->contradiction)
		return PROOF_CONTRADICTION;
	if (is_matched(sample))
		return PROOF_HOLDS;
	return rooted && !sample->walk->unmatched_activations ?
		       PROOF_CONTRADICTION :
		       PROOF_WALK_INCOMPLETE;
}
