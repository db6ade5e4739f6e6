// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/thread_alias.h"

#include "daemon/process/process_labels.h"

#include <stdlib.h>
#include <string.h>

enum { STATUS_BYTES = 8192 };

// "NSpid:\t4711\t17\t1": the number in each namespace, the innermost last. 0:
// there is no such thread. @ret_nested: there is more than one.
static uint32_t innermost_tid(const char *text, bool *ret_nested)
{
	const char *at = strstr(text, "\nNSpid:");
	unsigned long number = 0;
	char *end;

	*ret_nested = false;
	if (!at)
		return 0;
	for (at += strlen("\nNSpid:"); *at == '\t'; at = end) {
		unsigned long next = strtoul(at, &end, 10);

		if (end == at)
			break;
		*ret_nested = number != 0;
		number = next;
	}
	return number <= INT32_MAX ? (uint32_t)number : 0;
}

void thread_alias_learn(const struct opener *opener, pid_t pid, pid_t tid,
			struct python_target *target)
{
	char text[STATUS_BYTES];
	uint32_t inside;
	bool nested;

	opener_text(opener, OPENER_TEXT_STATUS, pid, tid, text, sizeof(text));
	inside = innermost_tid(text, &nested);
	if (inside)
		python_target_set_alias(target, (uint32_t)tid, inside);
}

struct learning {
	const struct opener *opener;
	pid_t pid;
	struct python_target *target;
};

static void learn_one(void *context, pid_t tid)
{
	const struct learning *learning = context;

	thread_alias_learn(learning->opener, learning->pid, tid,
			   learning->target);
}

void thread_alias_learn_all(const struct opener *opener, pid_t pid,
			    struct python_target *target)
{
	struct learning learning = { opener, pid, target };
	char text[STATUS_BYTES];
	int64_t uid;

	opener_text(opener, OPENER_TEXT_STATUS, pid, 0, text, sizeof(text));
	innermost_tid(text, &target->namespaced);
	uid = process_uid_in(text);
	target->uid = uid < 0 ? UINT32_MAX : (uint32_t)uid;
	if (target->namespaced)
		opener_list(opener, pid, learn_one, &learning);
}
