/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the code objects in waiting samples are still the ones they were: a
 * cached object is believed for a sample only when it is found unchanged after
 * it. One read for an object and round serves all samples of the round.
 *
 * Each round looks at what may be gone soon. What has been there for long is
 * looked at now and then, and before its samples are stored. Of an object
 * without a version, which costs more to tell, a look in between makes sure only
 * that its address has not become another's, and then its own again.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SETTLE_CODES_H
#define BRINDLE_DAEMON_PIPELINE_SETTLE_CODES_H

#include "daemon/pipeline/pipeline.h"

/** Once a round: the codes of samples whose proof was decided since. */
void settle_look_at_codes(struct pipeline *pipeline);

/** Before samples are stored: what is left, and what each frame is then. A
 *  sample of which a code object is only likely is not proven any more. */
void settle_codes(struct pipeline *pipeline);

#endif
