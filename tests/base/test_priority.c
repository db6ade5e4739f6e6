// SPDX-License-Identifier: Apache-2.0
#include "base/priority.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WANTED = 7, UNKNOWN = 99 };

// "/autogroup-17 nice 0"
static int session_nice(void)
{
	FILE *file = fopen("/proc/self/autogroup", "re");
	int nice = UNKNOWN;

	if (!file)
		return UNKNOWN;
	if (fscanf(file, "/autogroup-%*d nice %d", &nice) != 1)
		nice = UNKNOWN;
	fclose(file);
	return nice;
}

static int in_own_session(void)
{
	if (setsid() < 0)
		return UNKNOWN;
	priority_of_own_session(WANTED);
	return session_nice();
}

static int in_its_parents_session(void)
{
	priority_of_own_session(WANTED);
	return session_nice();
}

// What a child of this process returns.
static int of_child(int (*act)(void))
{
	pid_t child = fork();
	int status = 0;

	if (!child)
		_exit(act());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void skip_without_groups(void)
{
	if (session_nice() != UNKNOWN)
		return;
	print_message("this kernel does not group by sessions\n");
	skip();
}

static void a_session_of_its_own_gets_it(void **state)
{
	(void)state;
	skip_without_groups();
	assert_int_equal(of_child(in_own_session), WANTED);
}

/** It is a shell's, too, and its programs'. */
static void anothers_session_is_left_alone(void **state)
{
	int before = session_nice();

	(void)state;
	skip_without_groups();
	assert_int_not_equal(before, WANTED);
	assert_int_equal(of_child(in_its_parents_session), before & 255);
	assert_int_equal(session_nice(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_of_its_own_gets_it),
		cmocka_unit_test(anothers_session_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
