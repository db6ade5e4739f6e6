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
	for (size_t i = 0; i < merge->source_count; i++)
		free(merge->sources[i].scratch);
	free(merge->sources);
	merge->sources = NULL;
	merge->source_count = 0;
}

static enum perf_record_kind kind_of(const struct merge_source *source,
				     const void *bytes, uint32_t type)
{
	if (type != PERF_RECORD_SAMPLE)
		return PERF_KIND_OTHER;
	switch (perf_cpu_source(source->perf, perf_record_sample_id(bytes))) {
	case PERF_SOURCE_TIMER:
		return PERF_KIND_TIMER;
	case PERF_SOURCE_PROOF:
		return PERF_KIND_PROOF;
	case PERF_SOURCE_WAKING:
		return PERF_KIND_WAKING;
	case PERF_SOURCE_SIDEBAND:
	case PERF_SOURCE_SWITCHES:
		return PERF_KIND_OTHER;
	}
	return PERF_KIND_OTHER;
}

static void count_broken(struct merge *merge, const struct merge_source *source,
			 const struct perf_event_header *header)
{
	merge->broken_records++;
	if (header->type == PERF_RECORD_SAMPLE &&
	    source->kind == PERF_KIND_TIMER)
		merge->broken_samples++;
}

// Parses the record at source->position. False: nothing whole is there up to
// the limit, or it is broken and counted; then the rest is given up too, for
// without a believable size the next record cannot be found.
static bool source_parse(struct merge *merge, struct merge_source *source)
{
	const struct perf_ring *ring = source->perf->ring;

	source->size = 0;
	while (source->position < source->limit) {
		struct perf_event_header header =
			perf_ring_header(ring, source->position);
		const void *bytes;

		if (header.size < 16 || header.size % 8 ||
		    header.size > source->limit - source->position) {
			source->kind = PERF_KIND_OTHER;
			count_broken(merge, source, &header);
			source->position = source->limit;
			return false;
		}
		bytes = perf_ring_bytes(ring, source->position, header.size,
					source->scratch);
		source->kind = kind_of(source, bytes, header.type);
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

// Room only shrinks between two rounds, so that where there is some left for
// the largest record none has been refused.
static bool had_room(const struct merge *merge, const struct perf_ring *ring,
		     uint64_t head)
{
	uint64_t used = head - perf_ring_tail(ring);

	return used <= ring->size && ring->size - used >= merge->record_bytes;
}

// Where the first sample at or behind @position is, or else the end.
static uint64_t find_sample(const struct merge_source *source,
			    uint64_t position)
{
	const struct perf_ring *ring = source->perf->ring;

	while (position < source->limit) {
		struct perf_event_header header =
			perf_ring_header(ring, position);
		const void *bytes;

		if (header.size < 16 || header.size % 8 ||
		    header.size > source->limit - position)
			return source->limit;
		bytes = perf_ring_bytes(ring, position, header.size,
					source->scratch);
		if (kind_of(source, bytes, header.type) == PERF_KIND_TIMER)
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
static bool source_begin(struct merge *merge, struct merge_source *source)
{
	struct perf_ring *ring = source->perf->ring;
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
	return had_room(merge, ring, head);
}

void merge_begin(struct merge *merge, uint64_t now_ns)
{
	bool full = false;

	merge->safe_ns = now_ns - MERGE_SETTLE_NS;
	merge->current = NULL;
	for (size_t i = 0; i < merge->source_count; i++)
		if (!source_begin(merge, &merge->sources[i]))
			full = true;
	if (full)
		merge->full_ns = monotonic_ns();
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
	if (oldest && oldest->record.time_ns >= merge->safe_ns)
		oldest = NULL;
	merge->current = oldest;
	return oldest;
}

void merge_end(struct merge *merge)
{
	merge->current = NULL;
	for (size_t i = 0; i < merge->source_count; i++) {
		struct perf_ring *ring = merge->sources[i].perf->ring;
		uint64_t scanned = perf_ring_scanned(ring);
		uint64_t position = merge->sources[i].position;

		perf_ring_set_tail(ring, position < scanned ? position :
							      scanned);
	}
}
