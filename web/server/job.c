// SPDX-License-Identifier: Apache-2.0
#include "web/server/job.h"

#include "base/clock.h"
#include "schema/read/profile.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { STEPS_BETWEEN_LOOKS = 10000 }; // of SQLite's machine: some 100 us

struct job_queue {
	struct job *first, **last;
	size_t count;
};

struct job_pool {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job_queue waiting, done;
	struct job_worker workers[JOB_WORKERS];
	pthread_t threads[JOB_WORKERS];
	unsigned int started, taken_by; // workers
	bool stopping;
	int fd; // owned; eventfd
};

static void queue_init(struct job_queue *queue)
{
	*queue = (struct job_queue){ .last = &queue->first };
}

static void queue_add(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
	queue->count++;
}

static struct job *queue_take(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->count--;
	return job;
}

static bool is_wanted(struct job *job)
{
	return !__atomic_load_n(&job->unwanted, __ATOMIC_RELAXED);
}

static struct job *next_job(struct job_pool *pool)
{
	struct job *job = NULL;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping && !(job = queue_take(&pool->waiting)))
		pthread_cond_wait(&pool->changed, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void hand_back(struct job_pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	queue_add(&pool->done, job);
	pthread_mutex_unlock(&pool->lock);
	eventfd_write(pool->fd, 1);
}

static void *worker_main(void *argument)
{
	struct job_pool *pool = argument;
	struct job_worker *worker =
		&pool->workers[__atomic_fetch_add(&pool->taken_by, 1,
						  __ATOMIC_RELAXED)];
	struct job *job;

	prctl(PR_SET_NAME, "web/answer");
	while ((job = next_job(pool))) {
		__atomic_store_n(&worker->job, job, __ATOMIC_RELEASE);
		if (is_wanted(job))
			job->run(job, worker);
		__atomic_store_n(&worker->job, NULL, __ATOMIC_RELEASE);
		hand_back(pool, job);
	}
	profile_close(worker->profile);
	return NULL;
}

struct error *job_pool_create(const char *database, struct job_pool **ret)
{
	struct job_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return &error_nomem;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	queue_init(&pool->waiting);
	queue_init(&pool->done);
	pool->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (; pool->fd >= 0 && pool->started < JOB_WORKERS; pool->started++) {
		pool->workers[pool->started].database = database;
		if (pthread_create(&pool->threads[pool->started], NULL,
				   worker_main, pool))
			break;
	}
	if (pool->started < JOB_WORKERS) {
		struct error *error = error_from_errno(errno, "start workers");

		job_pool_destroy(pool, NULL);
		return error;
	}
	*ret = pool;
	return NULL;
}

static void drop(struct job_queue *queue, job_drop_fn drop_job)
{
	struct job *job;

	while ((job = queue_take(queue)))
		drop_job(job);
}

void job_pool_destroy(struct job_pool *pool, job_drop_fn drop_job)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	for (unsigned int i = 0; i < pool->started; i++) {
		struct job *job = __atomic_load_n(&pool->workers[i].job,
						  __ATOMIC_ACQUIRE);

		if (job)
			__atomic_store_n(&job->unwanted, 1, __ATOMIC_RELAXED);
	}
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->started; i++)
		pthread_join(pool->threads[i], NULL);
	drop(&pool->waiting, drop_job);
	drop(&pool->done, drop_job);
	if (pool->fd >= 0)
		close(pool->fd);
	free(pool);
}

bool job_submit(struct job_pool *pool, struct job *job)
{
	bool room;

	pthread_mutex_lock(&pool->lock);
	room = pool->waiting.count < JOB_QUEUE_MAX;
	if (room)
		queue_add(&pool->waiting, job);
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	return room;
}

struct job *job_take_done(struct job_pool *pool)
{
	struct job *job;
	eventfd_t count;

	pthread_mutex_lock(&pool->lock);
	job = queue_take(&pool->done);
	if (!job)
		eventfd_read(pool->fd, &count);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

int job_pool_fd(const struct job_pool *pool)
{
	return pool->fd;
}

static int look(void *context)
{
	struct job_worker *worker = context;

	return worker->job && (!is_wanted(worker->job) ||
			       monotonic_ns() > worker->job->deadline_ns);
}

static bool is_current(const struct job_worker *worker)
{
	struct stat status;

	return worker->profile && !stat(worker->database, &status) &&
	       status.st_dev == worker->device &&
	       status.st_ino == worker->inode;
}

struct error *job_worker_profile(struct job_worker *worker,
				 struct profile **ret)
{
	struct stat status;
	struct error *error;

	if (!is_current(worker)) {
		profile_close(take_ptr(worker->profile));
		if (stat(worker->database, &status))
			return error_create(ERROR_NOT_FOUND, "there is no "
					    "database '%s' at this moment",
					    worker->database);
		error = profile_open(worker->database, &worker->profile);
		if (error)
			return error;
		worker->device = status.st_dev;
		worker->inode = status.st_ino;
		sqlite3_progress_handler(profile_database(worker->profile),
					 STEPS_BETWEEN_LOOKS, look, worker);
	}
	*ret = worker->profile;
	return NULL;
}
