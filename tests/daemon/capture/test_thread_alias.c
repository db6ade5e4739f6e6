// SPDX-License-Identifier: Apache-2.0
// What threads call themselves, read from texts as /proc has them.
#include "daemon/capture/thread_alias.h"

#include "tests/cmocka.h"

#include <string.h>

struct host {
	const char *status[3]; // of tids 100, 101, 102; 100 is the process
};

static ssize_t text_of(void *state, enum opener_text which, pid_t pid,
		       pid_t tid, char *ret, size_t size)
{
	const struct host *host = state;
	const char *text = host->status[tid ? tid - 100 : 0];
	size_t length = text ? strlen(text) : 0;

	assert_int_equal(which, OPENER_TEXT_STATUS);
	assert_int_equal(pid, 100);
	if (!text)
		return 0;
	assert_in_range(length, 0, size);
	memcpy(ret, text, length);
	return (ssize_t)length;
}

static ssize_t list_threads(void *state, pid_t pid, int64_t *position,
			    pid_t *ret, size_t room)
{
	(void)state;
	(void)room;
	assert_int_equal(pid, 100);
	if (*position)
		return 0;
	*position = 1;
	for (pid_t tid = 100; tid <= 102; tid++)
		*ret++ = tid;
	return 3;
}

static const struct opener_ops ops = { .text = text_of, .list = list_threads };

static struct python_target *learn(const struct host *host)
{
	const struct opener opener = { &ops, (void *)host };
	struct python_target *target = python_target_create(
		live_memory_of_fd(-1), python_layout_at(0), 4096, 0);

	assert_non_null(target);
	thread_alias_learn_all(&opener, 100, target);
	return target;
}

static void knows_a_container(void **state)
{
	const struct host host = { {
		"Name:\tx\nPid:\t100\nNSpid:\t100\t40\t1\nNSsid:\t1\n",
		"Name:\tNSpid:\t5\t6\nPid:\t101\nNSpid:\t101\t41\t2\n",
		NULL, // it has ended
	} };
	struct python_target *target = learn(&host);

	(void)state;
	assert_true(target->namespaced);
	assert_int_equal(python_target_inside(target, 100), 1);
	assert_int_equal(python_target_inside(target, 101), 2);
	assert_int_equal(python_target_inside(target, 102), 0);
	assert_int_equal(python_target_outside(target, 2), 101);
	python_target_destroy(target);
}

static void leaves_others_as_they_are(void **state)
{
	static const char *const texts[] = {
		"Pid:\t100\nNSpid:\t100\n", "Pid:\t100\n", "", "\nNSpid:",
		"\nNSpid:\tx", "\nNSpid:\t99999999999999999999\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct host host = { { texts[i], texts[i], texts[i] } };
		struct python_target *target = learn(&host);

		assert_false(target->namespaced);
		assert_int_equal(python_target_inside(target, 101), 101);
		python_target_destroy(target);
	}
}

static void knows_whose_it_is(void **state)
{
	const struct host host = { { "Name:\tUid:\t7\nUid:\t1000\t0\t0\t0\n",
				     NULL, NULL } };
	const struct host nobody = { { "Name:\tUid:\t7\n", NULL, NULL } };
	struct python_target *known = learn(&host), *unknown = learn(&nobody);

	(void)state;
	assert_int_equal(known->uid, 1000);
	assert_int_equal(unknown->uid, UINT32_MAX);
	python_target_destroy(known);
	python_target_destroy(unknown);
}

static void learns_a_new_thread(void **state)
{
	struct host host = { { "\nNSpid:\t100\t1\n", NULL, NULL } };
	const struct opener opener = { &ops, &host };
	struct python_target *target = learn(&host);

	(void)state;
	assert_int_equal(python_target_inside(target, 102), 0);
	host.status[2] = "\nNSpid:\t102\t9\n";
	thread_alias_learn(&opener, 100, 102, target);
	assert_int_equal(python_target_inside(target, 102), 9);
	python_target_destroy(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_container),
		cmocka_unit_test(leaves_others_as_they_are),
		cmocka_unit_test(knows_whose_it_is),
		cmocka_unit_test(learns_a_new_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
