/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why was a sample taken? Which event it is of, what it weighs in that event's
 * unit, how it can be proven; and whether there is anything to tell by it.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SAMPLE_CAUSE_H
#define BRINDLE_DAEMON_PIPELINE_SAMPLE_CAUSE_H

#include "daemon/pipeline/pipeline.h"

struct sample_cause {
	int64_t event_id; /* the store's; 0: the main one */
	uint64_t weight;  /* in its unit; of off-CPU time not known yet */
	enum proof_place place;
	struct blocked_wait *wait; /* borrowed; NULL: no off-CPU sample */
	bool delivered;		   /* by the kernel, not made by us */
};

/** The cause of @source's current record, a sample. SAMPLE_STORED: it is to be
 *  walked; else why it is not, which is accounted for. */
enum sample_fate sample_cause_of(struct pipeline *pipeline,
				 const struct merge_source *source,
				 struct sample_cause *ret);

/** A sample of this cause ends here, for the reason @fate. */
void sample_cause_end(struct pipeline *pipeline,
		      const struct sample_cause *cause, enum sample_fate fate);

#endif
