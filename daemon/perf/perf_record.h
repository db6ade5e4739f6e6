/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A perf record, parsed: a pure function from the record's bytes to one struct
 * with borrowed pointers. Fields follow the sample types this program asks for
 * (PERF_RECORD_SAMPLE_TYPE etc. below) in the order perf_event_open(2) gives.
 * Malformed records are rejected and counted, never guessed at.
 */
#ifndef BRINDLE_DAEMON_PERF_PERF_RECORD_H
#define BRINDLE_DAEMON_PERF_PERF_RECORD_H

#include "unwind/arch.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** attr.sample_type of the timer. */
#define PERF_RECORD_TIMER_TYPE                                                 \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |           \
	 PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |             \
	 PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |                       \
	 PERF_SAMPLE_STACK_USER)

/** attr.sample_type of the proof events, and with sample_id_all the trailer of
 *  all other records: IDENTIFIER, TID, TIME, CPU. The proof has registers; that
 *  by tracepoint has a bit of stack, too. */
#define PERF_RECORD_PROOF_TYPE                                                 \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |         \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_REGS_USER)

/** attr.sample_type of wake-ups: the above, and the tracepoint's own fields in
 *  place of registers. */
#define PERF_RECORD_WAKING_TYPE                                                \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |         \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_RAW)

/** attr.sample_type of moves: who, when and where is all. */
#define PERF_RECORD_MOVE_TYPE                                                  \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |         \
	 PERF_SAMPLE_CPU)

struct perf_sample_fields {
	uint64_t ip;
	uint64_t period;
	const uint64_t *chain;	/* kernel callchain, leaf first, with markers */
	uint64_t chain_count;
	uint64_t regs_abi;	/* PERF_SAMPLE_REGS_ABI_*; NONE: kernel thread */
	const uint64_t *regs;	/* arch->perf_count values, or NULL */
	const uint8_t *stack;	/* copy that begins at the stack pointer */
	uint64_t stack_size;	/* bytes really copied (dyn_size) */
	const uint8_t *raw;	/* fields of a tracepoint, as its format says */
	uint32_t raw_size;
};

struct perf_mapping_fields {
	uint64_t start, length, file_offset;
	uint32_t major, minor;	 /* 0 when the record has a build-id */
	uint64_t inode, inode_generation;
	const uint8_t *build_id; /* NULL: none */
	uint8_t build_id_size;
	bool executable;
	bool shared; /* what is written there, all others see that map it */
	const char *path;
};

struct perf_record {
	uint32_t type; /* PERF_RECORD_* */
	uint16_t misc;
	uint64_t event_id; /* 0: unknown */
	uint32_t pid, tid;
	uint64_t time_ns;
	uint32_t cpu;
	union {
		struct perf_sample_fields sample; /* PERF_RECORD_SAMPLE */
		struct perf_mapping_fields mapping; /* MMAP2 */
		struct {
			const char *name;
			bool exec; /* PERF_RECORD_MISC_COMM_EXEC */
		} comm;
		struct {
			uint32_t parent_pid, parent_tid;
		} task; /* FORK, EXIT; pid and tid are the child's */
		struct {
			bool out; /* else in */
			bool preempted;
		} switched; /* SWITCH, SWITCH_CPU_WIDE */
		struct {
			uint64_t count;
		} lost; /* LOST, LOST_SAMPLES */
	};
};

enum perf_record_kind {
	PERF_KIND_TIMER, /* a sample with PERF_RECORD_TIMER_TYPE */
	PERF_KIND_PROOF, /* a sample with PERF_RECORD_PROOF_TYPE */
	PERF_KIND_WAKING, /* a sample with PERF_RECORD_WAKING_TYPE */
	PERF_KIND_MOVE, /* a sample with PERF_RECORD_MOVE_TYPE */
	PERF_KIND_OTHER, /* everything else, with the id trailer */
};

/**
 * Parses a whole record of @size bytes, header included. Unknown types succeed
 * with their type, pid and time only. False: malformed.
 */
bool perf_record_parse(const void *bytes, size_t size,
		       enum perf_record_kind kind, const struct arch *arch,
		       struct perf_record *ret);

/** The id of a record of PERF_RECORD_SAMPLE: first word after the header. */
static inline uint64_t perf_record_sample_id(const void *bytes)
{
	return ((const uint64_t *)bytes)[1];
}

#endif
