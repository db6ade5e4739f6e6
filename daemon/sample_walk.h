/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer record and its capture, walked: the step of the pipeline from bytes
 * to frames. The result waits in the pipeline for its proof.
 */
#ifndef BRINDLE_DAEMON_SAMPLE_WALK_H
#define BRINDLE_DAEMON_SAMPLE_WALK_H

#include "daemon/pipeline.h"

/** Takes @source's current record, a timer sample. */
void sample_walk(struct pipeline *pipeline, struct merge_source *source);

#endif
