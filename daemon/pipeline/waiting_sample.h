/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walked sample on its way to the store: its frames, what is known of its
 * trust, and who it belongs to. Owned by the pipeline, one allocation each.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_WAITING_SAMPLE_H
#define BRINDLE_DAEMON_PIPELINE_WAITING_SAMPLE_H

#include "daemon/process/process.h"
#include "daemon/capture/proof.h"
#include "daemon/pipeline/blocked.h"
#include "daemon/pipeline/identity.h"
#include "daemon/pipeline/resolve.h"

struct waiting_sample {
	struct waiting_sample *next;
	uint64_t time_ns, weight; /* in the unit of its event */
	int64_t event_id;	  /* the store's */
	struct blocked_wait *wait; /* borrowed; NULL: no off-cpu sample */
	bool delivered;		   /* by the kernel, not made by us */
	uint32_t cpu;
	int64_t kept; /* its number among the kept samples */
	struct sampled_thread thread;
	struct process *process; /* borrowed from the table */
	struct process_python *python; /* borrowed; NULL: nothing was read */
	bool has_python;	 /* frames of the interpreter, read or not */
	bool excluded;		 /* it has none, if the sample is proven */
	enum proof_reason reason; /* PROOF_HOLDS until something is against it */
	enum store_gil gil;		  /* if the sample is proven */
	struct sampled_thread gil_holder; /* of one that waits; tid 0: not known */
	enum walk_end walk_end;
	size_t frame_count;
	struct resolved_frame frames[]; /* leaf first; their modules are kept */
};

void waiting_sample_free(struct waiting_sample *sample);

#endif
