/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of the pipeline: samples whose proof is decided get their code
 * objects checked (settle_codes.h) and become rows, many at once.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SETTLE_H
#define BRINDLE_DAEMON_PIPELINE_SETTLE_H

#include "daemon/pipeline/pipeline.h"

/** Stores what is decided now that the stream has passed @until_ns, unless the
 *  pipeline is to hold it and it is not much. */
void settle_samples(struct pipeline *pipeline, uint64_t until_ns);

/** Decides what can be decided; to be called often, so that few wait. */
void settle_proofs(struct pipeline *pipeline, uint64_t until_ns);

/** A thread has ended: its Python state must not serve the next of its tid. */
void settle_forget_thread(struct pipeline *pipeline,
			  const struct perf_record *record);

/** Frees samples that were never stored. */
void settle_discard(struct pipeline *pipeline);

#endif
