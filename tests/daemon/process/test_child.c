// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/child.h"

#include "tests/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void release(struct child *child, char **argv, int expected_errno)
{
	sigset_t mask;
	int exec_errno;

	sigemptyset(&mask);
	assert_null(child_create(argv, &mask, child));
	assert_true(child->pid > 0);
	assert_null(child_release(child, &exec_errno));
	assert_int_equal(exec_errno, expected_errno);
}

// Runs a command line of the shell to its end.
static int status_of(const char *line)
{
	char *argv[] = { "sh", "-c", (char *)line, NULL };
	struct child child;
	int status;

	release(&child, argv, 0);
	assert_true(child_wait(&child, true));
	status = child_exit_status(&child);
	child_deinit(&child);
	return status;
}

static void its_status_is_the_command_s(void **state)
{
	(void)state;
	assert_int_equal(status_of("exit 0"), 0);
	assert_int_equal(status_of("exit 77"), 77);
	assert_int_equal(status_of("kill -TERM $$"), 128 + SIGTERM);
	assert_int_equal(status_of("kill -KILL $$"), 128 + SIGKILL);
}

static void it_is_told_why_nothing_runs(void **state)
{
	static const struct {
		char *program;
		int exec_errno, status;
	} rows[] = {
		{ "no-such-program-anywhere", ENOENT, 127 },
		{ "/no/such/program", ENOENT, 127 },
		{ "/etc/passwd", EACCES, 126 },
		{ "/", EACCES, 126 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *argv[] = { rows[i].program, NULL };
		struct child child;

		assert_int_equal(child_find(rows[i].program),
				 rows[i].exec_errno);
		release(&child, argv, rows[i].exec_errno);
		assert_true(child_wait(&child, true));
		assert_int_equal(child_exit_status(&child), rows[i].status);
		child_deinit(&child);
	}
}

static void a_program_is_found_before_it_runs(void **state)
{
	char *path = strdup(getenv("PATH"));

	(void)state;
	assert_non_null(path);
	assert_int_equal(child_find("sh"), 0);
	assert_int_equal(child_find("/bin/sh"), 0);
	assert_int_equal(child_find(""), ENOENT);
	setenv("PATH", "/no/such/folder:/etc", 1);
	assert_int_equal(child_find("sh"), ENOENT);
	assert_int_equal(child_find("passwd"), EACCES);
	setenv("PATH", "/etc::/bin", 1);
	assert_int_equal(child_find("sh"), 0);
	setenv("PATH", path, 1);
	free(path);
}

/** What is not let go runs nothing, and does not stay. */
static void given_up_it_ends_by_itself(void **state)
{
	char *argv[] = { "sh", "-c", "exit 5", NULL };
	struct child child;
	sigset_t mask;

	(void)state;
	sigemptyset(&mask);
	assert_null(child_create(argv, &mask, &child));
	assert_false(child_wait(&child, false));
	child_deinit(&child);
	assert_true(child_wait(&child, true));
	assert_int_equal(child_exit_status(&child), 1);
}

// Looks into /proc/self/status of a child that gets SIGUSR1 blocked and is
// made while other signals are ignored.
static void expect_in_status(char *pattern)
{
	char *argv[] = { "grep", "-q", pattern, "/proc/self/status", NULL };
	struct child child;
	int exec_errno;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	assert_null(child_create(argv, &mask, &child));
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	assert_null(child_release(&child, &exec_errno));
	assert_true(child_wait(&child, true));
	assert_int_equal(child_exit_status(&child), 0);
	child_deinit(&child);
}

static void it_has_the_signals_that_we_were_given(void **state)
{
	(void)state;
	expect_in_status("^SigBlk:.*2..$");
	expect_in_status("^SigIgn:.*0..0...$");
}

/** nohup and some supervisors start programs with SIGCHLD ignored. */
static void ignored_signals_do_not_hide_its_end(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(status_of("exit 3"), 3);
	signal(SIGCHLD, SIG_DFL);
}

static void waited_for_by_somebody_else_it_has_ended(void **state)
{
	char *argv[] = { "true", NULL };
	struct child child;

	(void)state;
	release(&child, argv, 0);
	assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
	assert_true(child_wait(&child, false));
	child_deinit(&child);
}

static void it_inherits_no_descriptor(void **state)
{
	char *argv[] = { "sh", "-c", "test $(ls /proc/self/fd | wc -w) -le 4",
			 NULL };
	struct child child;

	(void)state;
	closefrom(3);
	release(&child, argv, 0);
	assert_true(child_wait(&child, true));
	assert_int_equal(child_exit_status(&child), 0);
	child_deinit(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_status_is_the_command_s),
		cmocka_unit_test(it_is_told_why_nothing_runs),
		cmocka_unit_test(a_program_is_found_before_it_runs),
		cmocka_unit_test(given_up_it_ends_by_itself),
		cmocka_unit_test(it_has_the_signals_that_we_were_given),
		cmocka_unit_test(ignored_signals_do_not_hide_its_end),
		cmocka_unit_test(waited_for_by_somebody_else_it_has_ended),
		cmocka_unit_test(it_inherits_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
