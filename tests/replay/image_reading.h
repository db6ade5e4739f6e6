/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a recorded image by all that reads a live interpreter, in the same
 * order: freeze, code objects, names as captured and as read later, the check
 * that they are the same still, the lock, the walk. Answers what the recorder
 * would make of such a thread.
 */
#ifndef BRINDLE_TESTS_REPLAY_IMAGE_READING_H
#define BRINDLE_TESTS_REPLAY_IMAGE_READING_H

#include "daemon/replay/replay.h"
#include "tests/replay/recorded_image.h"
#include "unwind/python/gil.h"

/** What became of it. The last two: a stack is told, and not taken for whole. */
enum image_outcome {
	IMAGE_WHOLE, /* nothing speaks against the stack */
	IMAGE_NO_RUNTIME,
	IMAGE_NO_THREAD,
	IMAGE_UNREADABLE,
	IMAGE_TOO_DEEP,
	IMAGE_BROKEN,
	IMAGE_MAY_HANG,
	IMAGE_CONTRADICTION,
	IMAGE_INCOMPLETE,
	IMAGE_OUTCOME_COUNT,
};

const char *image_outcome_name(enum image_outcome outcome);

/** Reads again and again: what it has learned of the process stays. */
struct image_reading {
	struct live_memory memory; /* set by the caller, who may change it */
	const struct recorded_image *image; /* borrowed */
	struct kept_sample sample;	    /* a copy, with what was read */
	struct replay *replay;		    /* owned, as what follows */
	struct python_target *target;
	struct python_code_cache *codes;
	const struct python_code **known;
	struct snapshot *snapshot;
	uint64_t now_ns;
	struct walk_result walk;
	struct python_gil gil;
	enum image_outcome outcome;
	size_t python_frames;
	size_t unnamed; /* of those, each with its reason */
};

/** @memory reads the process. False: no memory. */
bool image_reading_init(struct image_reading *reading,
			const struct recorded_image *image,
			struct live_memory memory);
void image_reading_deinit(struct image_reading *reading);

/** Forgets the process, as if it were met for the first time. */
bool image_reading_forget(struct image_reading *reading);
/** Forgets what its code objects are called, and no more. */
bool image_reading_forget_names(struct image_reading *reading);

/** One sample: registers and stack of reading->sample. */
void image_reading_run(struct image_reading *reading);

/** The Python frames as text, a line each; see recorded_image.h. NULL: no
 *  memory. The caller's. */
char *image_reading_text(const struct image_reading *reading);

#endif
