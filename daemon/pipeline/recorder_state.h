/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a recorder, shared by the files that make it up. */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_STATE_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_STATE_H

#include "daemon/capture/capture.h"
#include "daemon/capture/keeper.h"
#include "daemon/pipeline/pipeline.h"
#include "daemon/pipeline/recorder.h"
#include "daemon/pipeline/recorder_host.h"
#include "daemon/pipeline/recorder_stuck.h"
#include "daemon/process/task_list.h"

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
	struct recorder_host host;
	uint64_t last_commit_ns;
	uint64_t unsaved;
};

#endif
