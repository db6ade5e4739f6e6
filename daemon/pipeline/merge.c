// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/merge.h"

#include "base/clock.h"
#include "daemon/perf/perf_ring.h"

enum {
	RECORD_BYTES_MAX = 1 << 16,
	// Of a ring: so much may wait for the capture thread's next wake-up.
	UNSCANNED_SHARE = 8,
};

struct error *merge_init(struct merge *merge, const struct arch *arch,
			 size_t source_count)
{
	*merge = (struct merge){ .arch = arch,
				 .record_bytes = RECORD_BYTES_MAX };
	merge->sources = calloc(source_count, sizeof(*merge->sources));
	if (!merge->sources)
		return &error_nomem;
	merge->source_count = source_count;
	for (size_t i = 0; i < source_count; i++) {
		merge->sources[i].scratch = malloc(RECORD_BYTES_MAX);
		if (!merge->sources[i].scratch)
			return &error_nomem;
	}
	return NULL;
}

void merge_deinit(struct merge *merge)
{
	for (size_t i = 0; i < merge->source_count; i++) {
		ring_spill_deinit(&merge->sources[i].spill);
		free(merge->sources[i].scratch);
	}
	free(merge->sources);
	merge->sources = NULL;
	merge->source_count = 0;
}

static void count_broken(struct merge *merge, const struct merge_source *source,
			 const struct perf_event_header *header)
{
	merge->broken_records++;
	if (header->type == PERF_RECORD_SAMPLE &&
	    source->kind == PERF_KIND_TIMER)
		merge->broken_samples++;
}

// NULL: it has no size that it can have, up to the limit.
static const void *record_at(const struct merge_source *source,
			     uint64_t position, struct perf_event_header *ret)
{
	return ring_spill_record(&source->spill, source->perf->ring, position,
				 source->limit, source->scratch, ret);
}

// Parses the record at source->position. False: nothing whole is there up to
// the limit, or it is broken and counted; then the rest is given up too, for
// without a believable size the next record cannot be found.
static bool source_parse(struct merge *merge, struct merge_source *source)
{
	source->size = 0;
	while (source->position < source->limit) {
		struct perf_event_header header;
		const void *bytes =
			record_at(source, source->position, &header);

		if (!bytes) {
			source->kind = PERF_KIND_OTHER;
			count_broken(merge, source, &header);
			source->position = source->limit;
			return false;
		}
		source->kind = perf_cpu_record_kind(source->perf, bytes,
						    header.type);
		if (perf_record_parse(bytes, header.size, source->kind,
				      merge->arch, &source->record)) {
			source->size = header.size;
			return true;
		}
		count_broken(merge, source, &header);
		source->position += header.size;
	}
	return false;
}

// Room that was given back meanwhile, without us, was looked at before.
static void look_for_room(struct merge *merge,
			  const struct merge_source *source)
{
	bool has_room = perf_ring_has_room(source->perf->ring, merge->record_bytes);
	uint64_t full_ns = __atomic_load_n(&source->spill.full_ns,
					   __ATOMIC_ACQUIRE);

	if (!has_room)
		full_ns = monotonic_ns();
	if (full_ns > merge->full_ns)
		merge->full_ns = full_ns;
}

// Where the first sample at or behind @position is, or else the end.
static uint64_t find_sample(const struct merge_source *source,
			    uint64_t position)
{
	while (position < source->limit) {
		struct perf_event_header header;
		const void *bytes = record_at(source, position, &header);

		if (!bytes)
			return source->limit;
		if (perf_cpu_record_kind(source->perf, bytes, header.type) ==
		    PERF_KIND_TIMER)
			return position;
		position += header.size;
	}
	return source->limit;
}

// The time of the record at @position bounds the round.
static void wait_for(struct merge *merge, struct merge_source *source,
		     uint64_t position)
{
	uint64_t parsed = source->position;
	struct merge counts = *merge;

	source->position = position;
	if (source_parse(merge, source) &&
	    source->record.time_ns < merge->safe_ns) {
		merge->safe_ns = source->record.time_ns;
		// Its own wake-up should have had the thread here long ago.
		capture_poke(source->capture);
	}
	source->position = parsed;
	// What is broken there counts when its turn comes.
	merge->broken_records = counts.broken_records;
	merge->broken_samples = counts.broken_samples;
}

// A sample that the capture thread has not scanned yet must wait, and with it
// all that is younger. What is no sample needs no scan; only its room is not
// given back before, so that the thread finds it when the next sample wakes it.
static void source_begin(struct merge *merge, struct merge_source *source)
{
	const struct perf_ring *ring = source->perf->ring;
	uint64_t head = perf_ring_head(ring);
	uint64_t scanned = perf_ring_scanned(ring);
	uint64_t unseen = scanned > source->position ? scanned :
						       source->position;

	source->limit = head;
	unseen = find_sample(source, unseen);
	if (unseen < head)
		wait_for(merge, source, unseen);
	if (head - scanned > ring->size / UNSCANNED_SHARE)
		capture_poke(source->capture);
	source->limit = unseen;
	source_parse(merge, source);
	look_for_room(merge, source);
}

void merge_begin(struct merge *merge, uint64_t now_ns)
{
	merge->safe_ns = now_ns - MERGE_SETTLE_NS;
	merge->current = NULL;
	merge->stopped = false;
	for (size_t i = 0; i < merge->source_count; i++)
		source_begin(merge, &merge->sources[i]);
}

static void source_advance(struct merge *merge, struct merge_source *source)
{
	source->position += source->size;
	source_parse(merge, source);
}

struct merge_source *merge_next(struct merge *merge)
{
	struct merge_source *oldest = NULL;

	if (merge->current)
		source_advance(merge, merge->current);
	for (size_t i = 0; i < merge->source_count; i++) {
		struct merge_source *source = &merge->sources[i];

		if (source->size &&
		    (!oldest ||
		     source->record.time_ns < oldest->record.time_ns))
			oldest = source;
	}
	if (oldest && merge->stopped &&
	    oldest->record.time_ns < merge->safe_ns)
		merge->safe_ns = oldest->record.time_ns;
	if (oldest && oldest->record.time_ns >= merge->safe_ns)
		oldest = NULL;
	merge->current = oldest;
	return oldest;
}

void merge_stop(struct merge *merge)
{
	merge->stopped = true;
}

void merge_end(struct merge *merge)
{
	merge->current = NULL;
	for (size_t i = 0; i < merge->source_count; i++) {
		struct merge_source *source = &merge->sources[i];

		look_for_room(merge, source);
		ring_spill_consume(&source->spill, source->perf->ring,
				   source->position);
	}
}

bool merge_source_is_drained(const struct merge_source *source)
{
	const struct perf_ring *ring = source->perf->ring;
	uint64_t head = perf_ring_head(ring);

	return source->position == head && perf_ring_scanned(ring) == head;
}
