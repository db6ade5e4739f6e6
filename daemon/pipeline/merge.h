/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of all rings as one stream in time order, so that a mapping, a
 * fork or an exit on one CPU is seen before the sample on another that needs
 * it. Only what lies safely in the past is handed out: a ring may still get a
 * record that is older than the newest of another ring.
 *
 * Used by the worker alone; another thread may move records from the rings into
 * their spills meanwhile. A record is borrowed until the next call.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_MERGE_H
#define BRINDLE_DAEMON_PIPELINE_MERGE_H

#include "daemon/capture/capture.h"
#include "daemon/perf/perf_record.h"
#include "daemon/perf/ring_spill.h"

/* The kernel takes a record's time shortly before it writes the record, with
 * interrupts in between; this is far more than ever passes. */
#define MERGE_SETTLE_NS (2 * NS_PER_MS)

struct merge_source {
	struct perf_cpu *perf;		/* borrowed */
	struct capture_thread *capture; /* borrowed */
	struct ring_spill spill; /* without room, until it is given some */
	uint64_t position;  /* of the record that is parsed */
	uint64_t limit;	    /* records up to here may be parsed */
	struct perf_record record;
	enum perf_record_kind kind;
	uint32_t size;	    /* of the parsed record; 0: none is parsed */
	uint8_t *scratch;   /* owned; for records that wrap */
	uint64_t switches;  /* switch records handed out */
};

struct merge {
	const struct arch *arch;
	uint32_t record_bytes; /* no record is larger */
	struct merge_source *sources; /* owned */
	size_t source_count;
	struct merge_source *current; /* whose record was handed out */
	uint64_t safe_ns; /* all that is older has been handed out */
	bool stopped;	  /* by merge_stop() */
	/*
	 * Until then a ring had too little room to be sure that none of its
	 * records were lost. The kernel's own counts would say for certain,
	 * for a system call per event and round.
	 */
	uint64_t full_ns;
	uint64_t broken_records;
	uint64_t broken_samples; /* of those, what was to be one */
};

struct error *merge_init(struct merge *merge, const struct arch *arch,
			 size_t source_count);
void merge_deinit(struct merge *merge);

/** Starts a round: everything up to @now_ns less the settling time. */
void merge_begin(struct merge *merge, uint64_t now_ns);

/** The next record in time order, or NULL: the round is over. */
struct merge_source *merge_next(struct merge *merge);

/** Ends the round with the record handed out last: the rest comes in the next,
 *  and nothing from the next record on is safe yet. */
void merge_stop(struct merge *merge);

/** Gives the consumed space back to the kernel. */
void merge_end(struct merge *merge);

/** Whether all that the ring ever had has been handed out, and given back. */
bool merge_source_is_drained(const struct merge_source *source);

#endif
