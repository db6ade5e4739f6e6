// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/nursery.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>

struct wish {
	pthread_t *thread;
	void *(*start)(void *argument);
	void *argument;
	int result;
	bool done;
};

struct nursery {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct wish *wish; // of one at a time; NULL: none
};

static void *nursery_main(void *argument)
{
	struct nursery *nursery = argument;

	prctl(PR_SET_NAME, "nursery");
	pthread_mutex_lock(&nursery->lock);
	for (;;) {
		struct wish *wish = nursery->wish;

		if (!wish || wish->done) {
			pthread_cond_wait(&nursery->changed, &nursery->lock);
			continue;
		}
		wish->result = pthread_create(wish->thread, NULL, wish->start,
					      wish->argument);
		wish->done = true;
		pthread_cond_broadcast(&nursery->changed);
	}
	return NULL;
}

struct error *nursery_create(struct nursery **ret)
{
	struct sched_param other = { .sched_priority = 0 };
	struct nursery *nursery = calloc(1, sizeof(*nursery));
	pthread_t thread;
	int failed;

	if (!nursery)
		return &error_nomem;
	pthread_mutex_init(&nursery->lock, NULL);
	pthread_cond_init(&nursery->changed, NULL);
	failed = pthread_create(&thread, NULL, nursery_main, nursery);
	if (!failed && sched_setscheduler(0, SCHED_OTHER, &other))
		return error_from_errno(errno, "stop being real-time");
	if (failed) {
		free(nursery);
		return error_from_errno(failed, "start a thread");
	}
	pthread_detach(thread);
	*ret = nursery;
	return NULL;
}

int nursery_start_thread(struct nursery *nursery, pthread_t *ret,
			 void *(*start)(void *argument), void *argument)
{
	struct wish wish = { .thread = ret,
			     .start = start,
			     .argument = argument };

	pthread_mutex_lock(&nursery->lock);
	while (nursery->wish)
		pthread_cond_wait(&nursery->changed, &nursery->lock);
	nursery->wish = &wish;
	pthread_cond_broadcast(&nursery->changed);
	while (!wish.done)
		pthread_cond_wait(&nursery->changed, &nursery->lock);
	nursery->wish = NULL;
	pthread_cond_broadcast(&nursery->changed);
	pthread_mutex_unlock(&nursery->lock);
	return wish.result;
}
