// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/late_close.h"

#include "base/cleanup.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/prctl.h>

enum { WAITING_MAX = 1024 };

struct late_close {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int waiting[WAITING_MAX]; // owned
	size_t count;
	bool stop;
};

// The next one, or -1: it is to end.
static int take_next(struct late_close *closer)
{
	int fd = -1;

	pthread_mutex_lock(&closer->lock);
	while (!closer->count && !closer->stop)
		pthread_cond_wait(&closer->changed, &closer->lock);
	if (closer->count)
		fd = closer->waiting[--closer->count];
	pthread_mutex_unlock(&closer->lock);
	return fd;
}

static void *close_main(void *argument)
{
	struct late_close *closer = argument;
	int fd;

	prctl(PR_SET_NAME, "closer");
	while ((fd = take_next(closer)) >= 0)
		close(fd);
	return NULL;
}

struct error *late_close_start(const struct opener *opener,
			       struct late_close **ret)
{
	_cleanup_free_ struct late_close *closer = calloc(1, sizeof(*closer));
	int failed;

	if (!closer)
		return &error_nomem;
	pthread_mutex_init(&closer->lock, NULL);
	pthread_cond_init(&closer->changed, NULL);
	failed = opener_start_thread(opener, &closer->thread, close_main,
				     closer);
	if (failed)
		return error_from_errno(failed, "start a thread");
	*ret = take_ptr(closer);
	return NULL;
}

void late_close_fd(struct late_close *closer, int fd)
{
	bool taken = false;

	if (fd < 0)
		return;
	if (closer) {
		pthread_mutex_lock(&closer->lock);
		taken = closer->count < WAITING_MAX;
		if (taken)
			closer->waiting[closer->count++] = fd;
		pthread_cond_signal(&closer->changed);
		pthread_mutex_unlock(&closer->lock);
	}
	if (!taken)
		close(fd);
}

void late_close_stop(struct late_close *closer)
{
	if (!closer)
		return;
	pthread_mutex_lock(&closer->lock);
	closer->stop = true;
	pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
	pthread_join(closer->thread, NULL);
	pthread_cond_destroy(&closer->changed);
	pthread_mutex_destroy(&closer->lock);
	free(closer);
}
