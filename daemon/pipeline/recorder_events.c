// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_events.h"

#include "base/clock.h"
#include "daemon/perf/perf_attr.h"
#include "daemon/pipeline/recorder_health.h"
#include "daemon/pipeline/recorder_state.h"

#include <stdio.h>

static void add_note(struct recorder *recorder, char *note)
{
	char *both;

	if (!note)
		return;
	if (recorder->note && asprintf(&both, "%s; %s", recorder->note,
				       note) >= 0) {
		free(recorder->note);
		free(note);
		recorder->note = both;
	} else if (!recorder->note) {
		recorder->note = note;
	} else {
		free(note);
	}
}

static bool rate_is_accepted(const struct recorder *recorder, unsigned int hz)
{
	struct perf_event_attr attr =
		perf_attr_probe(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);

	attr.sample_freq = hz;
	return perf_attr_works(recorder->features.opener, &attr,
			       PERF_TARGET_SELF, -1);
}

// The kernel lowers what it allows when sampling interrupts take it too long.
static unsigned int accepted_rate(const struct recorder *recorder,
				  unsigned int hz)
{
	while (hz > 1 && !rate_is_accepted(recorder, hz))
		hz /= 2;
	return hz;
}

static void choose_rate(struct recorder *recorder)
{
	unsigned int wanted = recorder->options.frequency_hz;
	unsigned int hz = accepted_rate(recorder, wanted);
	char *note = NULL;

	if (hz != wanted &&
	    asprintf(&note, "the kernel does not allow %u Hz (kernel."
		     "perf_event_max_sample_rate is %u): sampling at %u Hz",
		     wanted, recorder->features.max_rate_hz, hz) < 0)
		note = NULL;
	add_note(recorder, note);
	recorder->perf.frequency_hz = hz;
}

struct error *recorder_choose_events(struct recorder *recorder)
{
	const char *names = recorder->options.event ? recorder->options.event :
						      "cpu-clock";
	char *note = NULL;
	struct error *error;

	error = perf_choices_parse(names, &recorder->features,
				   &recorder->perf.events, &note);
	if (error)
		return error;
	add_note(recorder, note);
	choose_rate(recorder);
	return NULL;
}

struct error *recorder_start_events(struct recorder *recorder)
{
	recorder->troubles.throttled.looked_ns = monotonic_ns();
	recorder->troubles.lost.looked_ns = monotonic_ns();
	return pipeline_set_events(&recorder->pipeline, &recorder->perf);
}

static struct error *apply_frequency(struct recorder *recorder,
				     unsigned int hz)
{
	struct error *error = NULL;

	recorder->perf.frequency_hz = hz;
	for (size_t i = 0; i < recorder->cpu_count && !error; i++)
		error = perf_cpu_set_frequency(&recorder->cpus[i],
					       &recorder->perf);
	pipeline_set_frequency(&recorder->pipeline, &recorder->perf,
			       monotonic_ns());
	return error;
}

struct error *recorder_set_frequency(struct recorder *recorder,
				     unsigned int frequency_hz)
{
	recorder->options.frequency_hz = frequency_hz;
	return apply_frequency(recorder, accepted_rate(recorder, frequency_hz));
}

// Something that goes on for a while is one incident, with a sum; what goes on
// for long is told once a minute.
#define TROUBLE_QUIET_NS (2 * NS_PER_SEC)
#define TROUBLE_MOST_NS (60 * NS_PER_SEC)

static void trouble_tell(struct recorder *recorder, struct trouble *trouble,
			 const char *kind, const char *detail)
{
	store_tell(recorder->store, kind, trouble->from_ns, trouble->until_ns,
		   detail);
	trouble->told = trouble->count;
	trouble->from_ns = 0;
}

// Whether it is to be told now.
static bool trouble_watch(struct trouble *trouble, uint64_t count,
			  uint64_t now_ns)
{
	if (count != trouble->count) {
		if (!trouble->from_ns)
			trouble->from_ns = trouble->looked_ns;
		trouble->until_ns = now_ns;
		trouble->count = count;
	}
	trouble->looked_ns = now_ns;
	return trouble->from_ns &&
	       (now_ns - trouble->until_ns >= TROUBLE_QUIET_NS ||
		now_ns - trouble->from_ns >= TROUBLE_MOST_NS);
}

static void watch_rate(struct recorder *recorder, uint64_t now_ns)
{
	unsigned int wanted = recorder->options.frequency_hz;
	unsigned int hz = accepted_rate(recorder, wanted);
	char detail[128];

	if (hz == recorder->perf.frequency_hz)
		return;
	if (recorder->rate_incident)
		store_end_incident(recorder->store, recorder->rate_incident,
				   now_ns);
	recorder->rate_incident = 0;
	error_destroy(apply_frequency(recorder, hz));
	if (hz == wanted)
		return;
	snprintf(detail, sizeof(detail), "%u Hz in place of %u: "
		 "kernel.perf_event_max_sample_rate was lowered", hz, wanted);
	recorder->rate_incident = store_incident(recorder->store, "rate",
						 now_ns, 0, detail);
}

static void watch_throttled(struct recorder *recorder, uint64_t now_ns)
{
	struct trouble *trouble = &recorder->troubles.throttled;
	char detail[96];

	if (!trouble_watch(trouble, recorder->pipeline.stats.throttled, now_ns))
		return;
	snprintf(detail, sizeof(detail),
		 "%llu times an event was held back by the kernel",
		 (unsigned long long)(trouble->count - trouble->told));
	trouble_tell(recorder, trouble, "throttled", detail);
}

// By the count that v_health and vitals tell, too, so that all of them agree.
static void watch_lost(struct recorder *recorder, uint64_t now_ns)
{
	const struct perf_lost *lost = recorder_lost_so_far(recorder);
	struct perf_lost *told = &recorder->troubles.lost_told;
	struct trouble *trouble = &recorder->troubles.lost;
	char detail[96];

	if (!trouble_watch(trouble, lost->samples + lost->records, now_ns))
		return;
	snprintf(detail, sizeof(detail),
		 "%llu samples and %llu other records lost in full rings",
		 (unsigned long long)(lost->samples - told->samples),
		 (unsigned long long)(lost->records - told->records));
	trouble_tell(recorder, trouble, "lost", detail);
	*told = *lost;
}

static void watch_troubles(struct recorder *recorder, uint64_t now_ns)
{
	watch_throttled(recorder, now_ns);
	watch_lost(recorder, now_ns);
}

void recorder_watch_events(struct recorder *recorder, uint64_t now_ns)
{
	watch_rate(recorder, now_ns);
	watch_troubles(recorder, now_ns);
}

void recorder_end_events(struct recorder *recorder, uint64_t now_ns)
{
	watch_troubles(recorder, now_ns);
	watch_troubles(recorder, now_ns + TROUBLE_QUIET_NS);
	if (recorder->rate_incident)
		store_end_incident(recorder->store, recorder->rate_incident,
				   now_ns);
	recorder->rate_incident = 0;
}
