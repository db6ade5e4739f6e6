/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the profiler may ask of the broker, and how: one packet with a request,
 * one packet back with the answer and at most one descriptor.
 *
 *     request: struct broker_request up to the end of its text, NUL included
 *     reply:   struct broker_reply up to the end of its payload
 *
 * Both ends are one program on one machine, so numbers are as they are in
 * memory. The profiler may have been taken over by what it reads: whatever
 * comes from it is foreign. A request is an operation and numbers; its text is
 * a path only for a mapped file, where it is looked up in the root of the
 * process asked about, and "group/name" for a tracepoint.
 *
 * No operation writes, creates, runs, stops or connects to anything.
 */
#ifndef BRINDLE_DAEMON_BROKER_REQUEST_H
#define BRINDLE_DAEMON_BROKER_REQUEST_H

#include "daemon/process/opener.h"

#include <limits.h>

enum broker_operation {
	BROKER_MEMORY,	       /* pid */
	BROKER_MAPS,	       /* pid */
	BROKER_MAPPED_FILE,    /* pid, mapping, text: path */
	BROKER_TEXT,	       /* pid, tid, which, room: bytes */
	BROKER_LIST,	       /* pid, position, room: numbers */
	BROKER_PERF_EVENT,     /* tid, cpu, attr */
	BROKER_TRACEPOINT,     /* text: group/name; field */
	BROKER_KERNEL_SYMBOLS,
	BROKER_CHANNEL,	       /* another one, for one that hangs */
	BROKER_OPERATION_COUNT,
};

enum {
	BROKER_FIELD_MAX = 64,
	BROKER_NUMBERS_MAX = OPENER_TEXT_BYTES_MAX / sizeof(pid_t),
	BROKER_CPU_MAX = 1 << 16,
};

struct broker_request {
	uint32_t sequence; /* comes back in the reply */
	uint32_t operation;
	int32_t pid, tid, cpu;
	uint32_t which; /* enum opener_text */
	uint32_t room;
	uint32_t dev_major, dev_minor;
	uint32_t reserved; /* 0 */
	int64_t position;
	uint64_t start, end, inode;
	struct perf_event_attr attr;
	char field[BROKER_FIELD_MAX];
	char text[PATH_MAX]; /* last; only as much as there is */
};

struct broker_reply {
	uint32_t sequence;
	uint32_t code;	  /* enum error_code, when failed without errno */
	int64_t result;	  /* count, or a negative errno */
	int64_t position;
	uint64_t id;	  /* of a tracepoint, */
	uint32_t field_offset, field_size; /* and of its field */
	char payload[OPENER_TEXT_BYTES_MAX]; /* last; only what there is */
};

/** Bytes of a request as it travels. */
size_t broker_request_size(const struct broker_request *request);

/**
 * Takes a request apart that came as @size bytes: 0, or a negative errno:
 * EINVAL for what no profiler sends, EPERM for what it may not have. Everything
 * in *ret is then within its bounds.
 */
int broker_request_parse(const void *bytes, size_t size,
			 struct broker_request *ret);

#endif
