// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sample_cause.h"

static uint64_t weight_of(const struct pipeline_event *event,
			  const struct perf_record *record)
{
	if (event->kind != PERF_CHOICE_CLOCK || !event->period_ns)
		return record->sample.period;
	return record->time_ns < event->changed_ns ? event->period_before_ns :
						     event->period_ns;
}

static bool is_reader(const struct pipeline *pipeline,
		      const struct perf_record *record)
{
	for (size_t i = 0; i < pipeline->merge.source_count; i++)
		if (pipeline->merge.sources[i].capture &&
		    (uint32_t)pipeline->merge.sources[i].capture->tid ==
			    record->tid)
			return true;
	return false;
}

// Who leaves the CPU without waiting for anything that anybody did.
static enum sample_fate fate_of_blocked(const struct pipeline *pipeline,
					const struct perf_record *record)
{
	if (!record->tid)
		return SAMPLE_REJECTED_IDLE;
	if (is_reader(pipeline, record))
		return SAMPLE_REJECTED_READER;
	return record->sample.regs ? SAMPLE_STORED :
				     SAMPLE_REJECTED_KERNEL_THREAD;
}

enum sample_fate sample_cause_of(struct pipeline *pipeline,
				 const struct merge_source *source,
				 struct sample_cause *ret)
{
	const struct perf_record *record = &source->record;
	const struct pipeline_event *event =
		&pipeline->events[perf_cpu_event(source->perf,
						 record->event_id)];
	enum sample_fate fate = SAMPLE_STORED;

	*ret = (struct sample_cause){ .event_id = event->id,
				      .weight = weight_of(event, record),
				      .place = event->place,
				      .delivered = true };
	if (event->kind != PERF_CHOICE_OFF_CPU)
		return fate;
	fate = fate_of_blocked(pipeline, record);
	if (fate == SAMPLE_STORED) {
		ret->wait = blocked_begin(&pipeline->blocked, record);
		if (!ret->wait)
			fate = SAMPLE_DROPPED_BLOCKED;
	}
	if (fate != SAMPLE_STORED)
		pipeline->accounting.fate[fate]++;
	return fate;
}

// Off-CPU time is not to be told without a stack.
void sample_cause_end(struct pipeline *pipeline,
		      const struct sample_cause *cause, enum sample_fate fate)
{
	if (cause->wait)
		blocked_give_up(&pipeline->blocked, cause->wait, fate);
	else
		pipeline->accounting.fate[fate]++;
}
