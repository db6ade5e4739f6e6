// SPDX-License-Identifier: Apache-2.0
/*
 * What is in a perf record? Eight bytes of header (type, misc, size), a body
 * that the type decides, and for all but samples a trailer, because every
 * event has sample_id_all and the same identifying fields:
 *
 *     trailer   u32 pid, tid; u64 time; u32 cpu, 0; u64 id
 *
 *     timer     u64 id, ip; u32 pid, tid; u64 time; u32 cpu, 0; u64 period;
 *               u64 nr, ips[nr]; u64 abi, regs[if abi]; u64 size, stack[size],
 *               dyn_size[if size]
 *     proof     u64 id; u32 pid, tid; u64 time; u32 cpu, 0; u64 abi, regs[...];
 *               if asked for: u64 size, stack[size], dyn_size[if size]
 *     move      u64 id; u32 pid, tid; u64 time; u32 cpu, 0
 *     waking    u64 id; u32 pid, tid; u64 time; u32 cpu, 0; u32 size, raw[size]
 *
 * Authority: perf_event_open(2), enum perf_event_type in linux/perf_event.h,
 * perf_output_sample() and perf_event__output_id_sample() in Linux 6.1-6.18.
 */
#include "daemon/perf/perf_record.h"

#include "base/reader.h"

#include <sys/mman.h>

enum {
	RECORD_ALIGN = 8,
	RECORD_TRAILER_BYTES = 32,
	RECORD_BUILD_ID_MAX = 20,
	RECORD_BUILD_ID_ROOM = 24, /* size, 3 reserved, 20 bytes */
};

static void parse_task_ids(struct reader *reader, struct perf_record *record)
{
	record->pid = reader_u32(reader);
	record->tid = reader_u32(reader);
}

static void parse_cpu(struct reader *reader, struct perf_record *record)
{
	record->cpu = reader_u32(reader);
	reader_u32(reader);
}

static const uint64_t *parse_words(struct reader *reader, uint64_t count)
{
	if (count > reader_left(reader) / sizeof(uint64_t)) {
		reader->failed = true;
		return NULL;
	}
	return (const uint64_t *)(const void *)reader_bytes(
		reader, (size_t)count * sizeof(uint64_t));
}

static void parse_chain(struct reader *reader, struct perf_sample_fields *sample)
{
	sample->chain_count = reader_u64(reader);
	sample->chain = parse_words(reader, sample->chain_count);
}

// Kernel threads, and threads on their way out, have no user registers.
static void parse_regs(struct reader *reader, const struct arch *arch,
		       struct perf_sample_fields *sample)
{
	sample->regs_abi = reader_u64(reader);
	if (sample->regs_abi > PERF_SAMPLE_REGS_ABI_64)
		reader->failed = true;
	if (sample->regs_abi != PERF_SAMPLE_REGS_ABI_NONE)
		sample->regs = parse_words(reader, arch->perf_count);
}

// The kernel reserves what was asked for and says afterwards how much of it
// could be copied; the rest is whatever the ring held before.
static void parse_stack(struct reader *reader, struct perf_sample_fields *sample)
{
	uint64_t room = reader_u64(reader);

	if (!room)
		return;
	if (room % RECORD_ALIGN || room > reader_left(reader)) {
		reader->failed = true;
		return;
	}
	sample->stack = reader_bytes(reader, (size_t)room);
	sample->stack_size = reader_u64(reader);
	if (sample->stack_size > room)
		reader->failed = true;
}

static void parse_timer(struct reader *reader, const struct arch *arch,
			struct perf_record *record)
{
	record->event_id = reader_u64(reader);
	record->sample.ip = reader_u64(reader);
	parse_task_ids(reader, record);
	record->time_ns = reader_u64(reader);
	parse_cpu(reader, record);
	record->sample.period = reader_u64(reader);
	parse_chain(reader, &record->sample);
	parse_regs(reader, arch, &record->sample);
	parse_stack(reader, &record->sample);
}

// Who, when and where: of a move that is all.
static void parse_origin(struct reader *reader, struct perf_record *record)
{
	record->event_id = reader_u64(reader);
	parse_task_ids(reader, record);
	record->time_ns = reader_u64(reader);
	parse_cpu(reader, record);
}

static void parse_proof(struct reader *reader, const struct arch *arch,
			struct perf_record *record)
{
	parse_origin(reader, record);
	parse_regs(reader, arch, &record->sample);
	if (reader_left(reader))
		parse_stack(reader, &record->sample);
}

// Who wakes is the record's own task; whom, is among the fields.
static void parse_waking(struct reader *reader, struct perf_record *record)
{
	parse_origin(reader, record);
	record->sample.raw_size = reader_u32(reader);
	record->sample.raw = reader_bytes(reader, record->sample.raw_size);
}

static void parse_sample(struct reader *reader, enum perf_record_kind kind,
			 const struct arch *arch, struct perf_record *record)
{
	switch (kind) {
	case PERF_KIND_TIMER:
		parse_timer(reader, arch, record);
		break;
	case PERF_KIND_PROOF:
		parse_proof(reader, arch, record);
		break;
	case PERF_KIND_WAKING:
		parse_waking(reader, record);
		break;
	case PERF_KIND_MOVE:
		parse_origin(reader, record);
		break;
	case PERF_KIND_OTHER:
		reader->failed = true;
		break;
	}
	// A sample of another sample_type would leave something over.
	if (reader_left(reader))
		reader->failed = true;
}

static void parse_trailer(struct reader *reader, struct perf_record *record)
{
	parse_task_ids(reader, record);
	record->time_ns = reader_u64(reader);
	parse_cpu(reader, record);
	record->event_id = reader_u64(reader);
}

static void parse_identity(struct reader *reader, uint16_t misc,
			   struct perf_mapping_fields *mapping)
{
	if (!(misc & PERF_RECORD_MISC_MMAP_BUILD_ID)) {
		mapping->major = reader_u32(reader);
		mapping->minor = reader_u32(reader);
		mapping->inode = reader_u64(reader);
		mapping->inode_generation = reader_u64(reader);
		return;
	}
	mapping->build_id_size = reader_u8(reader);
	reader_bytes(reader, RECORD_BUILD_ID_ROOM - RECORD_BUILD_ID_MAX - 1);
	mapping->build_id = reader_bytes(reader, RECORD_BUILD_ID_MAX);
	if (mapping->build_id_size > RECORD_BUILD_ID_MAX)
		reader->failed = true;
	if (!mapping->build_id_size)
		mapping->build_id = NULL;
}

static void parse_mapping(struct reader *reader, struct perf_record *record)
{
	struct perf_mapping_fields *mapping = &record->mapping;

	parse_task_ids(reader, record);
	mapping->start = reader_u64(reader);
	mapping->length = reader_u64(reader);
	mapping->file_offset = reader_u64(reader);
	if (mapping->length > UINT64_MAX - mapping->start)
		reader->failed = true;
	parse_identity(reader, record->misc, mapping);
	mapping->executable = reader_u32(reader) & PROT_EXEC;
	mapping->shared = reader_u32(reader) & MAP_SHARED;
	mapping->path = reader_string(reader);
}

static void parse_comm(struct reader *reader, struct perf_record *record)
{
	parse_task_ids(reader, record);
	record->comm.name = reader_string(reader);
	record->comm.exec = record->misc & PERF_RECORD_MISC_COMM_EXEC;
}

static void parse_task(struct reader *reader, struct perf_record *record)
{
	record->pid = reader_u32(reader);
	record->task.parent_pid = reader_u32(reader);
	record->tid = reader_u32(reader);
	record->task.parent_tid = reader_u32(reader);
	reader_u64(reader); // the time, again
}

static void parse_lost(struct reader *reader, struct perf_record *record)
{
	if (record->type == PERF_RECORD_LOST)
		reader_u64(reader); // the id of the event that had no room
	record->lost.count = reader_u64(reader);
}

static void parse_switch(struct reader *reader, struct perf_record *record)
{
	record->switched.out = record->misc & PERF_RECORD_MISC_SWITCH_OUT;
	record->switched.preempted =
		record->switched.out &&
		record->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
	if (record->type == PERF_RECORD_SWITCH_CPU_WIDE)
		reader_u64(reader); // pid and tid of the other thread
}

// The body comes after the trailer was read, for it knows the task better: the
// trailer of a FORK is the parent's.
static void parse_body(struct reader *reader, struct perf_record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP2:
		parse_mapping(reader, record);
		break;
	case PERF_RECORD_COMM:
		parse_comm(reader, record);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		parse_task(reader, record);
		break;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		parse_lost(reader, record);
		break;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		parse_switch(reader, record);
		break;
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		reader_bytes(reader, 3 * sizeof(uint64_t)); // time, id, stream
		break;
	default: // types newer than we are
		break;
	}
}

static bool parse_other(const uint8_t *body, size_t size,
			struct perf_record *record)
{
	struct reader trailer, reader;

	if (size < RECORD_TRAILER_BYTES)
		return false;
	size -= RECORD_TRAILER_BYTES;
	reader_init(&trailer, body + size, RECORD_TRAILER_BYTES);
	parse_trailer(&trailer, record);
	reader_init(&reader, body, size);
	parse_body(&reader, record);
	return !reader.failed;
}

bool perf_record_parse(const void *bytes, size_t size,
		       enum perf_record_kind kind, const struct arch *arch,
		       struct perf_record *ret)
{
	struct perf_record record = { 0 };
	struct reader reader;

	// Words are handed out in place, so they must lie where words can.
	if ((uintptr_t)bytes % RECORD_ALIGN || size % RECORD_ALIGN)
		return false;
	reader_init(&reader, bytes, size);
	record.type = reader_u32(&reader);
	record.misc = reader_u16(&reader);
	if (reader_u16(&reader) != size || reader.failed)
		return false;
	if (record.type == PERF_RECORD_SAMPLE) {
		parse_sample(&reader, kind, arch, &record);
		if (reader.failed)
			return false;
	} else if (!parse_other((const uint8_t *)bytes + reader.offset,
				reader_left(&reader), &record)) {
		return false;
	}
	*ret = record;
	return true;
}
