// SPDX-License-Identifier: Apache-2.0
/*
 * Input: one byte of flags (see enum), then the record. What the parser hands
 * out must lie inside the record: every byte of it is read.
 */
#include "daemon/perf/perf_record.h"

#include <stdlib.h>
#include <string.h>

enum {
	FLAGS_KIND = 3,
	FLAG_AARCH64 = 1 << 2,
	FLAG_FIT_SIZE = 1 << 3, /* make the header's size the true one */
	FLAG_MOVE = 1 << 4,	/* of that kind, and not of FLAGS_KIND */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum_bytes(const void *bytes, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; bytes && i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
	return sum;
}

static uint64_t sum_record(const struct perf_record *record,
			   const struct arch *arch)
{
	const struct perf_sample_fields *sample = &record->sample;
	const struct perf_mapping_fields *mapping = &record->mapping;

	switch (record->type) {
	case PERF_RECORD_SAMPLE:
		return sum_bytes(sample->chain, sample->chain_count * 8) +
		       sum_bytes(sample->regs, arch->perf_count * 8u) +
		       sum_bytes(sample->stack, sample->stack_size) +
		       sum_bytes(sample->raw, sample->raw_size);
	case PERF_RECORD_MMAP2:
		return strlen(mapping->path) +
		       sum_bytes(mapping->build_id, mapping->build_id_size);
	case PERF_RECORD_COMM:
		return strlen(record->comm.name);
	default:
		return 0;
	}
}

static void fit_size(struct perf_event_header *header, size_t size)
{
	if (size >= sizeof(*header))
		header->size = (uint16_t)size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum perf_record_kind kinds[] = {
		PERF_KIND_TIMER, PERF_KIND_PROOF, PERF_KIND_OTHER,
		PERF_KIND_WAKING,
	};
	enum perf_record_kind kind;
	const struct arch *arch;
	struct perf_record record;
	volatile uint64_t sum = 0;
	uint8_t flags;
	void *copy;

	if (size < 2)
		return 0;
	flags = data[0];
	kind = flags & FLAG_MOVE ? PERF_KIND_MOVE : kinds[flags & FLAGS_KIND];
	arch = flags & FLAG_AARCH64 ? &arch_aarch64 : &arch_x86_64;
	// A block of exactly this size: words aligned, ends guarded.
	copy = malloc(--size);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size);
	if (flags & FLAG_FIT_SIZE)
		fit_size(copy, size);
	if (perf_record_parse(copy, size, kind, arch, &record))
		sum += sum_record(&record, arch);
	(void)sum;
	free(copy);
	return 0;
}
