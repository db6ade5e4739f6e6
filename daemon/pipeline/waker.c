// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/waker.h"

#include "daemon/pipeline/exclusion.h"

#include <string.h>

// The tid of who is woken; 0: the record has no such field.
static uint32_t woken_tid(const struct pipeline *pipeline,
			  const struct perf_sample_fields *fields)
{
	uint32_t offset = pipeline->woken_offset, tid = 0;

	if (offset <= fields->raw_size &&
	    fields->raw_size - offset >= sizeof(tid))
		memcpy(&tid, fields->raw + offset, sizeof(tid));
	return tid;
}

static int64_t waker_row(struct pipeline *pipeline,
			 const struct perf_record *record)
{
	pid_t tid = (pid_t)record->tid;
	struct process *process = process_table_get(
		&pipeline->processes, (pid_t)record->pid, tid);
	struct sampled_thread waker;

	if (!process || exclusion_matches(pipeline->exclude, process->pid,
					  process->name))
		return 0;
	sampled_thread_init(&waker, tid, process_find_thread(process, tid));
	identity_meet(&pipeline->identities, process);
	return identity_thread_row(&pipeline->identities, process, &waker);
}

void waker_take_record(struct pipeline *pipeline,
		       const struct perf_record *record)
{
	uint32_t woken = woken_tid(pipeline, &record->sample);
	struct blocked_wait *wait;

	if (!pipeline->follows_blocked || !woken || !record->tid)
		return;
	wait = blocked_find(&pipeline->blocked, woken, record->time_ns);
	if (!wait)
		return;
	wait->waker_row = waker_row(pipeline, record);
	wait->waker_era = store_era(pipeline->store);
}
