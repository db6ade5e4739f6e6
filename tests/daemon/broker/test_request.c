// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/request.h"

#include "tests/cmocka.h"

#include <errno.h>
#include <string.h>

static int parse(const struct broker_request *request)
{
	struct broker_request parsed;

	return broker_request_parse(request, broker_request_size(request),
				    &parsed);
}

static struct broker_request mapped_file(const char *path)
{
	struct broker_request request = { .operation = BROKER_MAPPED_FILE,
					  .pid = 1,
					  .start = 0x1000,
					  .end = 0x2000 };

	strcpy(request.text, path);
	return request;
}

static struct broker_request perf_event(uint32_t type, pid_t tid, int cpu)
{
	return (struct broker_request){
		.operation = BROKER_PERF_EVENT,
		.tid = tid,
		.cpu = cpu,
		.attr = { .type = type, .size = sizeof(struct perf_event_attr) },
	};
}

static struct broker_request tracepoint(const char *event, const char *field)
{
	struct broker_request request = { .operation = BROKER_TRACEPOINT };

	strcpy(request.text, event);
	strcpy(request.field, field);
	return request;
}

static void takes_what_a_profiler_asks(void **state)
{
	struct broker_request asked = mapped_file("/usr/lib/x.so"), parsed;

	(void)state;
	asked.sequence = 7;
	assert_int_equal(broker_request_parse(&asked,
					      broker_request_size(&asked),
					      &parsed), 0);
	assert_int_equal(parsed.sequence, 7);
	assert_string_equal(parsed.text, "/usr/lib/x.so");
	asked = (struct broker_request){ .operation = BROKER_MEMORY, .pid = 9 };
	assert_int_equal(parse(&asked), 0);
	asked = (struct broker_request){ .operation = BROKER_LIST, .room = 8 };
	assert_int_equal(parse(&asked), 0);
	asked = perf_event(PERF_TYPE_SOFTWARE, -1, 0);
	assert_int_equal(parse(&asked), 0);
	asked = perf_event(PERF_TYPE_SOFTWARE, 0, -1);
	assert_int_equal(parse(&asked), 0);
	asked = tracepoint("sched/sched_switch", "next_pid");
	assert_int_equal(parse(&asked), 0);
}

static void refuses_sizes_that_do_not_fit(void **state)
{
	struct broker_request asked = mapped_file("/x"), parsed;
	size_t size = broker_request_size(&asked);

	(void)state;
	for (size_t short_by = 1; short_by <= size; short_by++)
		assert_int_equal(broker_request_parse(&asked, size - short_by,
						      &parsed), -EINVAL);
	assert_int_equal(broker_request_parse(&asked, size + 1, &parsed),
			 -EINVAL);
	assert_int_equal(broker_request_parse(&asked, sizeof(asked) + 1,
					      &parsed), -EINVAL);
	memset(asked.text, 'x', sizeof(asked.text));
	assert_int_equal(broker_request_parse(&asked, sizeof(asked), &parsed),
			 -EINVAL);
}

static void refuses_numbers_out_of_bounds(void **state)
{
	static const struct broker_request asked[] = {
		{ .operation = BROKER_OPERATION_COUNT, .pid = 1 },
		{ .operation = UINT32_MAX, .pid = 1 },
		{ .operation = BROKER_MEMORY, .pid = 0 },
		{ .operation = BROKER_MEMORY, .pid = -1 },
		{ .operation = BROKER_MEMORY, .pid = 1, .reserved = 1 },
		{ .operation = BROKER_TEXT, .pid = 1, .which = 99 },
		{ .operation = BROKER_TEXT, .pid = 1, .tid = -1 },
		{ .operation = BROKER_TEXT, .pid = 1,
		  .room = OPENER_TEXT_BYTES_MAX + 1 },
		{ .operation = BROKER_LIST, .pid = -1 },
		{ .operation = BROKER_LIST, .room = BROKER_NUMBERS_MAX + 1 },
		{ .operation = BROKER_LIST, .position = -1 },
		{ .operation = BROKER_MAPPED_FILE, .pid = 1, .end = 1,
		  .text = "relative" },
		{ .operation = BROKER_MAPPED_FILE, .pid = 1, .text = "/x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		assert_int_equal(parse(&asked[i]), -EINVAL);
}

// Nothing that changes the kernel, or watches a thread of one's choice.
static void refuses_events_beyond_sampling(void **state)
{
	struct broker_request asked;

	(void)state;
	for (uint32_t type = PERF_TYPE_MAX - 1; type < 64; type++) {
		asked = perf_event(type, -1, 0);
		assert_int_equal(parse(&asked), -EPERM);
	}
	asked = perf_event(PERF_TYPE_SOFTWARE, 1, 0);
	assert_int_equal(parse(&asked), -EPERM);
	asked = perf_event(PERF_TYPE_SOFTWARE, -1, -1);
	assert_int_equal(parse(&asked), -EPERM);
	asked = perf_event(PERF_TYPE_SOFTWARE, -1, 0);
	asked.attr.sigtrap = 1;
	assert_int_equal(parse(&asked), -EPERM);
	asked = perf_event(PERF_TYPE_SOFTWARE, -1, 0);
	asked.attr.size = sizeof(asked.attr) + 8;
	assert_int_equal(parse(&asked), -EINVAL);
}

static void tracepoint_names_lead_nowhere_else(void **state)
{
	static const char *const names[] = {
		"", "/", "sched", "sched/", "/sched_switch", "../../etc/passwd",
		"sched/..", "sched/../x", "sched/x/y", "sched/x y", "./x",
	};
	struct broker_request asked;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		asked = tracepoint(names[i], "");
		assert_int_equal(parse(&asked), -EINVAL);
	}
	asked = tracepoint("sched/sched_switch", "a/b");
	assert_int_equal(parse(&asked), -EINVAL);
	memset(asked.field, 'x', sizeof(asked.field));
	assert_int_equal(parse(&asked), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_a_profiler_asks),
		cmocka_unit_test(refuses_sizes_that_do_not_fit),
		cmocka_unit_test(refuses_numbers_out_of_bounds),
		cmocka_unit_test(refuses_events_beyond_sampling),
		cmocka_unit_test(tracepoint_names_lead_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
