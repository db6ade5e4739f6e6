/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a recorder, shared by the files that make it up. */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_STATE_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_STATE_H

#include "daemon/capture/capture.h"
#include "daemon/capture/keeper.h"
#include "daemon/perf/late_close.h"
#include "daemon/pipeline/host_switches.h"
#include "daemon/pipeline/pipeline.h"
#include "daemon/pipeline/recorder.h"
#include "daemon/pipeline/recorder_host.h"
#include "daemon/pipeline/recorder_stuck.h"
#include "daemon/pipeline/spill_thread.h"
#include "daemon/pipeline/switch_duty.h"
#include "daemon/process/task_list.h"

/** Something that is counted, and told of when it is over. */
struct trouble {
	uint64_t count, told;
	uint64_t from_ns, until_ns; /* from 0: nothing to tell */
	uint64_t looked_ns;
};

struct recorder_troubles {
	struct trouble throttled, lost;
	struct perf_lost lost_told;
};

/** Off-CPU samples that may be taken beyond the sustained rate. */
struct off_cpu_budget {
	int64_t samples;
	uint64_t begun, now_ns; /* at the last look */
	unsigned int hz; /* as if switches were recorded all the time */
};

struct recorder {
	struct recorder_options options; /* strings borrowed */
	struct perf_features features;
	struct perf_options perf;
	char *note; /* owned */
	char *store_note; /* owned */
	struct task_list tasks;
	struct perf_cpu *cpus; /* owned */
	size_t cpu_count;
	struct recorder_cpu_state *cpu_states; /* owned; parallel */
	struct capture_thread **captures; /* owned; parallel to cpus */
	size_t capture_count;		  /* of those, started */
	struct capture_thread *stuck;	  /* owned list; given up, they hang */
	struct capture_thread *spare;	  /* owned; the next one */
	unsigned int stuck_now, stuck_count;
	uint64_t stuck_ns[STUCK_OF_LATE]; /* when, in rotation */
	struct target_table *targets;
	struct keeper *keeper;
	struct store *store;
	struct pipeline pipeline;
	struct spill_thread *spiller; /* owned */
	sem_t filling; /* posted when a ring fills up */
	struct late_close *closer; /* owned; NULL: could not be started */
	struct recorder_host host;
	struct recorder_troubles troubles;
	struct switch_duty switch_duty;
	struct host_switches host_switches;
	bool switches_off;
	struct off_cpu_budget off_cpu;
	uint64_t switches_cut_ns; /* waits are to be cut then; 0: no */
	int64_t rate_incident; /* open; 0: none */
	uint64_t commit_ns; /* when the next one is due */
	uint64_t health_ns; /* when it was last reported */
	uint64_t enabled_ns; /* when records began to come */
	uint64_t end_ns; /* when it was stopped; 0: not yet */
	struct perf_lost lost; /* up to when a ring had last been full */
	uint64_t lost_full_ns; /* merge.full_ns as of then */
	uint64_t unsaved, dropped_by_store; /* when the store was closed */
};

#endif
