// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/haste.h"

#include "tests/cmocka.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

struct other {
	pid_t tid;
	sem_t ready, end;
};

static void *other_main(void *argument)
{
	struct other *other = argument;

	other->tid = gettid();
	sem_post(&other->ready);
	sem_wait(&other->end);
	return NULL;
}

static int policy_of(pid_t tid)
{
	return sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK;
}

/** All ordinary threads go first, and are ordinary afterwards; those that are
 *  real-time for good stay what they are. */
static void threads_go_first_for_a_while(void **state)
{
	const struct sched_param capture = { .sched_priority = 2 };
	struct other plain, realtime;
	struct other *others[] = { &plain, &realtime };
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		sem_init(&others[i]->ready, 0, 0);
		sem_init(&others[i]->end, 0, 0);
		assert_int_equal(pthread_create(&threads[i], NULL, other_main,
						others[i]), 0);
		sem_wait(&others[i]->ready);
	}
	if (sched_setscheduler(realtime.tid, SCHED_FIFO, &capture))
		skip();
	haste_begin(getpid());
	assert_int_equal(policy_of(getpid()), SCHED_RR);
	assert_int_equal(policy_of(plain.tid), SCHED_RR);
	assert_int_equal(policy_of(realtime.tid), SCHED_FIFO);
	haste_end(getpid());
	assert_int_equal(policy_of(getpid()), SCHED_OTHER);
	assert_int_equal(policy_of(plain.tid), SCHED_OTHER);
	assert_int_equal(policy_of(realtime.tid), SCHED_FIFO);
	for (int i = 0; i < 2; i++) {
		sem_post(&others[i]->end);
		pthread_join(threads[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_go_first_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
