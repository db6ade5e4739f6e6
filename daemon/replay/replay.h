/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unwinds a kept sample again, and says whether the recorder's result came out.
 * Pure: the same sample gives the same frames on any machine.
 */
#ifndef BRINDLE_DAEMON_REPLAY_REPLAY_H
#define BRINDLE_DAEMON_REPLAY_REPLAY_H

#include "base/error.h"
#include "daemon/replay/kept_sample.h"

struct replay;

struct error *replay_create(const struct arch *arch, struct replay **ret);
void replay_destroy(struct replay *replay);

/** Walks @sample; @ret's frames are borrowed until the next walk. */
void replay_walk(struct replay *replay, const struct kept_sample *sample,
		 struct walk_result *ret);

bool replay_is_equal(const struct walk_result *a, const struct walk_result *b);

/**
 * Leaves out of @sample what its result does not need: the stack's far end,
 * captured heads of code objects. Its snapshot may become one of @replay's,
 * valid until the next trim.
 */
struct error *replay_trim(struct replay *replay, struct kept_sample *sample);

/** The code object of a frame of @sample, or NULL. */
const struct python_code *replay_find_code(const struct kept_sample *sample,
					   uint64_t address);

#endif
