// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/alerts.h"

#include "daemon/perf/perf_ring.h"

#include <stdlib.h>

enum { RECORD_BYTES_MAX = 1 << 16 };

struct alert_source {
	uint64_t position, head;
	size_t size; // of the record at position; 0: none is left
	struct perf_record record;
	uint8_t *scratch; // owned; for a record that wraps around
};

struct alerts {
	const struct arch *arch;
	struct perf_cpu *cpus; // borrowed
	size_t count;
	struct alert_source *current; // its record was handed out
	struct alert_source sources[];
};

struct alerts *alerts_create(const struct arch *arch, struct perf_cpu *cpus,
			     size_t cpu_count)
{
	struct alerts *alerts = calloc(
		1, sizeof(*alerts) + cpu_count * sizeof(alerts->sources[0]));

	if (!alerts)
		return NULL;
	alerts->arch = arch;
	alerts->cpus = cpus;
	alerts->count = cpu_count;
	for (size_t i = 0; i < cpu_count; i++) {
		alerts->sources[i].scratch = malloc(RECORD_BYTES_MAX);
		if (!alerts->sources[i].scratch) {
			alerts_destroy(alerts);
			return NULL;
		}
	}
	return alerts;
}

void alerts_destroy(struct alerts *alerts)
{
	if (!alerts)
		return;
	for (size_t i = 0; i < alerts->count; i++)
		free(alerts->sources[i].scratch);
	free(alerts);
}

static const struct perf_ring *ring_of(const struct alerts *alerts,
				       const struct alert_source *source)
{
	return alerts->cpus[source - alerts->sources].alerts;
}

// Parses the first whole record from source->position on. After one of a size
// that cannot be, the next cannot be found, and the batch ends there.
static void source_parse(const struct alerts *alerts,
			 struct alert_source *source)
{
	const struct perf_ring *ring = ring_of(alerts, source);

	source->size = 0;
	while (source->position < source->head) {
		struct perf_event_header header =
			perf_ring_header(ring, source->position);
		const void *bytes;

		if (header.size < sizeof(header) ||
		    header.size > source->head - source->position) {
			source->position = source->head;
			return;
		}
		bytes = perf_ring_bytes(ring, source->position, header.size,
					source->scratch);
		if (perf_record_parse(bytes, header.size, PERF_KIND_OTHER,
				      alerts->arch, &source->record)) {
			source->size = header.size;
			return;
		}
		source->position += header.size;
	}
}

void alerts_begin(struct alerts *alerts)
{
	alerts->current = NULL;
	for (size_t i = 0; i < alerts->count; i++) {
		struct alert_source *source = &alerts->sources[i];
		const struct perf_ring *ring = ring_of(alerts, source);

		source->size = 0;
		if (!ring)
			continue;
		source->head = perf_ring_head(ring);
		source->position = perf_ring_tail(ring);
		source_parse(alerts, source);
	}
}

static struct alert_source *oldest(struct alerts *alerts)
{
	struct alert_source *found = NULL;

	for (size_t i = 0; i < alerts->count; i++) {
		struct alert_source *source = &alerts->sources[i];

		if (source->size &&
		    (!found || source->record.time_ns < found->record.time_ns))
			found = source;
	}
	return found;
}

static void end(struct alerts *alerts)
{
	for (size_t i = 0; i < alerts->count; i++)
		if (alerts->cpus[i].alerts)
			perf_ring_set_tail(alerts->cpus[i].alerts,
					   alerts->sources[i].head);
}

const struct perf_record *alerts_next(struct alerts *alerts)
{
	if (alerts->current) {
		alerts->current->position += alerts->current->size;
		source_parse(alerts, alerts->current);
	}
	alerts->current = oldest(alerts);
	if (!alerts->current) {
		end(alerts);
		return NULL;
	}
	return &alerts->current->record;
}
