/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a profile of kept samples: their replayed stacks as if they had just
 * been recorded, with the trust that the recorder gave them. Frames that came
 * out differently are unproven, whatever was said of the recorded ones.
 */
#ifndef BRINDLE_DAEMON_REPLAY_REPLAY_PROFILE_H
#define BRINDLE_DAEMON_REPLAY_REPLAY_PROFILE_H

#include "daemon/replay/sample_reader.h"

struct replay_profile;

/** @source names the recording in the profile. */
struct error *replay_profile_create(const char *path, const char *source,
				    const struct sample_reader *reader,
				    struct replay_profile **ret);

struct error *replay_profile_add(struct replay_profile *profile, size_t number,
				 const struct kept_sample *sample,
				 const struct walk_result *walk, bool equal);

/** Destroys @profile. NULL is fine. */
struct error *replay_profile_close(struct replay_profile *profile);

#endif
