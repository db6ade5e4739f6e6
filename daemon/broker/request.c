// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/request.h"

#include <errno.h>
#include <string.h>

size_t broker_request_size(const struct broker_request *request)
{
	return offsetof(struct broker_request, text) + strlen(request->text) +
	       1;
}

static bool is_word(const char *text, size_t length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_";

	return length && strspn(text, letters) >= length;
}

// "group/name", both words: nothing that could lead elsewhere.
static bool is_event_name(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && strlen(text) < OPENER_EVENT_NAME_MAX &&
	       is_word(text, (size_t)(slash - text)) &&
	       is_word(slash + 1, strlen(slash + 1));
}

static int check_pid(const struct broker_request *request)
{
	return request->pid > 0 && request->tid >= 0 ? 0 : -EINVAL;
}

static int check_mapped_file(const struct broker_request *request)
{
	if (request->start >= request->end || request->text[0] != '/')
		return -EINVAL;
	return check_pid(request);
}

static int check_text(const struct broker_request *request)
{
	if (request->which > OPENER_TEXT_EXE ||
	    request->room > OPENER_TEXT_BYTES_MAX)
		return -EINVAL;
	return check_pid(request);
}

static int check_list(const struct broker_request *request)
{
	if (request->pid < 0 || request->room > BROKER_NUMBERS_MAX ||
	    request->position < 0)
		return -EINVAL;
	return 0;
}

// Other types are breakpoints, and those that /sys tells: among them are some
// that change the kernel's code (kprobe, uprobe).
static bool may_have_type(uint32_t type)
{
	return type == PERF_TYPE_HARDWARE || type == PERF_TYPE_SOFTWARE ||
	       type == PERF_TYPE_TRACEPOINT || type == PERF_TYPE_HW_CACHE ||
	       type == PERF_TYPE_RAW;
}

// Everyone on a CPU; or the broker's own thread, for probes and for the idle
// events that carry a ring. Never a thread of the profiler's choice, and
// nothing that sends signals to it.
static int check_perf_event(const struct broker_request *request)
{
	const struct perf_event_attr *attr = &request->attr;

	if (request->cpu < -1 || request->cpu > BROKER_CPU_MAX ||
	    attr->size > sizeof(*attr))
		return -EINVAL;
	if (request->tid == -1 ? request->cpu < 0 : request->tid != 0)
		return -EPERM;
	if (!may_have_type(attr->type) || attr->sigtrap)
		return -EPERM;
	return 0;
}

static int check_tracepoint(const struct broker_request *request)
{
	size_t length = strnlen(request->field, sizeof(request->field));

	if (length == sizeof(request->field) ||
	    (length && !is_word(request->field, length)))
		return -EINVAL;
	return is_event_name(request->text) ? 0 : -EINVAL;
}

static int check_nothing(const struct broker_request *request)
{
	(void)request;
	return 0;
}

static int (*const checks[BROKER_OPERATION_COUNT])(
	const struct broker_request *request) = {
	[BROKER_MEMORY] = check_pid,
	[BROKER_MAPS] = check_pid,
	[BROKER_MAPPED_FILE] = check_mapped_file,
	[BROKER_TEXT] = check_text,
	[BROKER_LIST] = check_list,
	[BROKER_PERF_EVENT] = check_perf_event,
	[BROKER_TRACEPOINT] = check_tracepoint,
	[BROKER_KERNEL_SYMBOLS] = check_nothing,
	[BROKER_CHANNEL] = check_nothing,
};

int broker_request_parse(const void *bytes, size_t size,
			 struct broker_request *ret)
{
	const size_t head = offsetof(struct broker_request, text);

	if (size <= head || size > sizeof(*ret))
		return -EINVAL;
	memcpy(ret, bytes, size);
	// One NUL, and it is the last byte.
	if (strnlen(ret->text, size - head) != size - head - 1)
		return -EINVAL;
	if (ret->operation >= BROKER_OPERATION_COUNT || ret->reserved)
		return -EINVAL;
	return checks[ret->operation](ret);
}
