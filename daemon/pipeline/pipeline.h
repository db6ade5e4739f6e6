/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker: takes what the rings and the capture queues hold, in time order,
 * a round at a time. Side-band records update the process table; samples are
 * walked at once, with the mappings of their time, then wait for their proof,
 * for the names of their code objects and for the check that these are still
 * the same objects; then they become rows.
 *
 * One thread runs it. A round takes what has settled and never waits. What is
 * held for a later round is checked and stored together with more of its kind,
 * which costs less for each.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_PIPELINE_H
#define BRINDLE_DAEMON_PIPELINE_PIPELINE_H

#include "daemon/pipeline/accounting.h"
#include "daemon/pipeline/blocked.h"
#include "daemon/pipeline/identity.h"
#include "daemon/pipeline/merge.h"
#include "daemon/process/process.h"
#include "daemon/capture/proof.h"
#include "daemon/pipeline/resolve.h"
#include "daemon/replay/sample_file.h"

enum {
	PIPELINE_FRAME_LIMIT = 32768,
	PIPELINE_WALK_BUCKETS = 1024, /* of one microsecond; last: more */
	PIPELINE_TIMED_WALK = 8,      /* one of so many */
};

struct pipeline_stats {
	uint64_t samples, proven, unproven, native;
	uint64_t python_frames, native_frames, kernel_frames;
	uint64_t unresolved_frames;
	uint64_t walk_end[WALK_END_COUNT];
	uint64_t reason[PROOF_REASON_COUNT];
	uint64_t lost;	    /* by PERF_RECORD_LOST; see perf_cpu_lost() */
	uint64_t throttled;
	uint64_t dropped;   /* samples given up for want of memory, or time */
	uint64_t dropped_records; /* and records of processes */
	uint64_t codes_changed; /* code objects replaced under their address */
	uint64_t walks, native_steps;
	uint64_t walk_ns, walk_samples; /* CPU time of those that were timed */
	uint32_t walk_us[PIPELINE_WALK_BUCKETS]; /* walks by CPU time */
};

/** One of the events that are sampled, and where its samples go. */
struct pipeline_event {
	enum perf_choice_kind kind;
	enum proof_place place;
	int64_t id; /* the store's; 0: the main one */
	/*
	 * A clock's records go on telling its first period when it has been
	 * changed: from changed_ns on it is period_ns. 0: what they tell.
	 */
	uint64_t period_before_ns, period_ns, changed_ns;
};

struct keeper;
struct page_cache;
struct waiting_sample;

struct pipeline {
	const struct arch *arch;
	struct merge merge;
	struct process_table processes;
	struct python_code_budget code_budget; /* of all of them */
	struct identity_book identities;
	struct target_table *targets; /* borrowed */
	struct keeper *keeper;	      /* borrowed; NULL: nobody to ask */
	struct lifeline *lifeline;    /* borrowed; NULL: reads may hang */
	struct proof_book proofs;
	struct pipeline_event events[PERF_CHOICES_MAX];
	bool follows_blocked; /* off-cpu is among them */
	struct blocked blocked;
	uint32_t woken_offset; /* of the tid in records of wake-ups */
	struct accounting accounting;
	struct resolver resolver;
	struct store *store;	      /* borrowed */
	const char *exclude;	      /* borrowed; see exclusion.h */
	bool sparing; /* it runs for ever: looks seldom at what seldom changes */
	struct sample_file *keep;     /* borrowed; NULL: samples not kept */
	struct walk_cache *walk_cache;
	struct frame *frames;	      /* scratch of one walk */
	struct memory memory;	      /* of the sample being walked */
	struct waiting_sample *settled; /* list: proof decided */
	struct waiting_sample **settled_end;
	struct waiting_sample **unchecked; /* where in that list those begin
					      whose code is to be checked */
	struct page_cache *pages; /* owned; what that takes, of one round */
	size_t waiting;		      /* samples not stored yet */
	size_t waiting_frames;	      /* of those */
	struct waiting_sample *checked; /* list: only storing is left */
	struct waiting_sample **checked_end;
	bool hold;	/* what has settled may wait for a later round */
	bool draining;	/* there is none */
	uint64_t drain_most_ns; /* it may take; 0: as long as it takes */
	uint64_t take_until_ns; /* later than that samples are given up, */
	uint64_t store_until_ns; /* and those that were walked; 0: never */
	uint64_t collected_ns, swept_ns; /* when memory was last tidied up */
	uint64_t last_haste_ns; /* when a code object was met last that may
				   not live long, and has to be read again */
	struct pipeline_stats stats;
};

struct error *pipeline_init(struct pipeline *pipeline, const struct arch *arch,
			    const struct opener *opener, struct store *store,
			    struct target_table *targets,
			    size_t source_count);
void pipeline_deinit(struct pipeline *pipeline);

/** Before the first round, for one that was made without a store. */
void pipeline_set_store(struct pipeline *pipeline, struct store *store);

/** One round. @now_ns: records up to shortly before it are taken. */
void pipeline_round(struct pipeline *pipeline, uint64_t now_ns);

/** Everything that is left, as far as drain_most_ns allows; the capture threads
 *  have stopped, and the events were disabled at @end_ns. */
void pipeline_drain(struct pipeline *pipeline, uint64_t end_ns);

/** What is sampled, if it is more than one clock. Before the first round. */
struct error *pipeline_set_events(struct pipeline *pipeline,
				  const struct perf_options *options);

/** From @now_ns on events are sampled as @options say now. */
void pipeline_set_frequency(struct pipeline *pipeline,
			    const struct perf_options *options,
			    uint64_t now_ns);

/** Counters for v_health. */
void pipeline_report_health(struct pipeline *pipeline);

#endif
