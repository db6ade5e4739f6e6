// SPDX-License-Identifier: Apache-2.0
/*
 * A request as a profiler could send it that was taken over: what gets through
 * must be within the bounds that the broker's operations count on.
 */
#include "daemon/broker/request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(const struct broker_request *request)
{
	switch ((enum broker_operation)request->operation) {
	case BROKER_MAPPED_FILE:
		require(request->text[0] == '/');
		break;
	case BROKER_TRACEPOINT:
		require(!strstr(request->text, ".."));
		require(request->text[0] != '/');
		require(memchr(request->field, 0, sizeof(request->field)));
		require(!strchr(request->field, '/'));
		break;
	case BROKER_MEMORY:
	case BROKER_MAPS:
	case BROKER_TEXT:
	case BROKER_LIST:
	case BROKER_PERF_EVENT:
	case BROKER_KERNEL_SYMBOLS:
	case BROKER_CHANNEL:
	case BROKER_OPERATION_COUNT:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct broker_request request = { 0 };

	if (broker_request_parse(data, size, &request))
		return 0;
	require(request.operation < BROKER_OPERATION_COUNT);
	require(memchr(request.text, 0, sizeof(request.text)));
	require(request.pid >= 0 || request.operation >= BROKER_PERF_EVENT);
	if (request.operation == BROKER_TEXT)
		require(request.room <= OPENER_TEXT_BYTES_MAX);
	if (request.operation == BROKER_LIST)
		require(request.room * sizeof(pid_t) <= OPENER_TEXT_BYTES_MAX);
	if (request.operation == BROKER_PERF_EVENT)
		require(request.tid <= 0 && request.attr.type < PERF_TYPE_MAX &&
			request.attr.type != PERF_TYPE_BREAKPOINT);
	check_text(&request);
	return 0;
}
