// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/task_list.h"

#include "daemon/pipeline/recorder.h"
#include "tests/cmocka.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { CHILDREN = 700 };

static struct error *list_of(struct task_list *list, const pid_t *pids,
			     size_t count)
{
	struct recorder_options options = { .opener = &opener_direct,
					    .pids = pids,
					    .pid_count = count };

	return task_list_init(list, &options);
}

static bool has(const struct task_list *list, pid_t pid, pid_t tid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->pids[i] == pid && list->tids[i] == tid)
			return true;
	return false;
}

// A child that waits, with a child of its own that waits.
static pid_t start_waiting(bool parent, int report_fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (parent) {
		pid = start_waiting(false, report_fd);
		if (write(report_fd, &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
	}
	for (;;)
		pause();
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct waiting_thread {
	pthread_t thread;
	pthread_barrier_t barrier;
	pid_t tid;
};

static void *wait_at_barrier(void *argument)
{
	struct waiting_thread *thread = argument;

	thread->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&thread->barrier);
	pthread_barrier_wait(&thread->barrier);
	return NULL;
}

static void start_thread(struct waiting_thread *thread)
{
	pthread_barrier_init(&thread->barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread->thread, NULL, wait_at_barrier,
					thread), 0);
	pthread_barrier_wait(&thread->barrier);
}

static void end_thread(struct waiting_thread *thread)
{
	pthread_barrier_wait(&thread->barrier);
	pthread_join(thread->thread, NULL);
	pthread_barrier_destroy(&thread->barrier);
}

static void threads_and_descendants_are_listed(void **state)
{
	pid_t own = getpid(), child, grandchild, *pids;
	struct waiting_thread thread;
	struct task_list list;
	int report[2];

	(void)state;
	assert_int_equal(pipe(report), 0);
	child = start_waiting(true, report[1]);
	assert_int_equal(read(report[0], &grandchild, sizeof(grandchild)),
			 sizeof(grandchild));
	start_thread(&thread);
	assert_null(list_of(&list, &own, 1));
	assert_true(has(&list, own, own));
	assert_true(has(&list, own, thread.tid));
	assert_true(has(&list, child, child));
	assert_true(has(&list, grandchild, grandchild));
	assert_int_equal(list.count, 4);
	assert_int_equal(task_list_processes(&list, &pids), 3);
	free(pids);
	task_list_deinit(&list);
	end_thread(&thread);
	kill(grandchild, SIGKILL);
	end(child);
	close(report[0]);
	close(report[1]);
}

static void many_children_are_listed(void **state)
{
	pid_t own = getpid(), child[CHILDREN];
	struct task_list list;

	(void)state;
	for (int i = 0; i < CHILDREN; i++)
		child[i] = start_waiting(false, -1);
	assert_null(list_of(&list, &own, 1));
	for (int i = 0; i < CHILDREN; i++)
		assert_true(has(&list, child[i], child[i]));
	task_list_deinit(&list);
	for (int i = 0; i < CHILDREN; i++)
		end(child[i]);
}

static void asked_for_twice_is_listed_once(void **state)
{
	pid_t child = start_waiting(false, -1);
	pid_t asked[] = { getpid(), child, getpid() };
	struct task_list list;

	(void)state;
	assert_null(list_of(&list, asked, 3));
	assert_int_equal(list.count, 2);
	task_list_deinit(&list);
	end(child);
}

static void expect_refusal(pid_t pid, const char *text)
{
	struct task_list list;
	struct error *error = list_of(&list, &pid, 1);

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	if (!strstr(error->message, text))
		fail_msg("'%s' does not say '%s'", error->message, text);
	error_destroy(error);
	task_list_deinit(&list);
}

static void what_is_no_process_is_refused(void **state)
{
	struct waiting_thread thread;
	pid_t gone = start_waiting(false, -1);
	char text[64];

	(void)state;
	end(gone);
	expect_refusal(gone, "no process has the PID");
	expect_refusal(1 << 23, "no process has the PID");
	start_thread(&thread);
	snprintf(text, sizeof(text), "a thread of process %d", getpid());
	expect_refusal(thread.tid, text);
	end_thread(&thread);
}

static void the_whole_host_has_us_in_it(void **state)
{
	struct recorder_options options = { .opener = &opener_direct,
					    .system_wide = true };
	struct task_list list;
	size_t count;
	bool found = false;
	pid_t *pids;

	(void)state;
	assert_null(task_list_init(&list, &options));
	assert_int_equal(list.count, 0);
	count = task_list_processes(&list, &pids);
	for (size_t i = 0; i < count; i++)
		found |= pids[i] == getpid();
	assert_true(found);
	free(pids);
	task_list_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_descendants_are_listed),
		cmocka_unit_test(many_children_are_listed),
		cmocka_unit_test(asked_for_twice_is_listed_once),
		cmocka_unit_test(what_is_no_process_is_refused),
		cmocka_unit_test(the_whole_host_has_us_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
