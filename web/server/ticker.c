// SPDX-License-Identifier: Apache-2.0
#include "web/server/ticker.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "web/server/body.h"
#include "web/server/job.h"

enum {
	SECONDS_BETWEEN_STATUS = 10,
	SAID_MAX = 24 << 10, // that nobody has taken
	LOOK_SECONDS = 5,
};

/** What was there at the last look. */
struct look {
	int64_t to_us, samples, lost;
};

struct ticker {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool started, stopping;
	bool newcomer; // who has not been told the status
	size_t followers;
	char *said; // owned
	size_t said_size;
	int fd; // owned; eventfd

	// The thread's own.
	const struct api_host *host; // borrowed
	struct job_worker worker;
	struct job job; // of the worker: it may end late
	struct look last;
	uint64_t status_ns; // when it was said
};

static const struct api_route *status_route(void)
{
	const struct api_route *route = api_routes;

	while (route->path && strcmp(route->path, "/api/v1/status") != 0)
		route++;
	return route->path ? route : NULL;
}

static void say(struct ticker *ticker, const char *text, size_t size)
{
	char *said;

	pthread_mutex_lock(&ticker->lock);
	said = ticker->said_size + size <= SAID_MAX ?
		       realloc(ticker->said, ticker->said_size + size) : NULL;
	if (said) {
		memcpy(said + ticker->said_size, text, size);
		ticker->said = said;
		ticker->said_size += size;
	}
	pthread_mutex_unlock(&ticker->lock);
	eventfd_write(ticker->fd, 1);
}

// A line of the data is a line that says so.
static void say_event(struct ticker *ticker, const char *name, int64_t id,
		      const char *data, size_t size)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	const char *end = data + size;

	if (!out)
		return;
	fprintf(out, "event: %s\nid: %lld\n", name, (long long)id);
	while (data < end) {
		const char *stop = memchr(data, '\n', (size_t)(end - data));
		const char *line_end = stop ? stop : end;

		fprintf(out, "data: %.*s\n", (int)(line_end - data), data);
		data = stop ? stop + 1 : end;
	}
	fputs("\n", out);
	if (!fclose(out))
		say(ticker, text, length);
}

// Of the last second. Sums of vitals are kept every ten seconds; samples are
// numbered by time, so the latest is found at once.
static struct error *look(struct ticker *ticker, struct look *ret)
{
	struct profile *profile;
	struct error *error = job_worker_profile(&ticker->worker, &profile);
	sqlite3 *database;

	if (error)
		return error;
	database = profile_database(profile);
	error = sql_integer(database, "SELECT wall_ns / 1000 FROM v_sample "
			    "WHERE sample_id = (SELECT max(id) FROM sample)",
			    &ret->to_us);
	if (!error)
		error = sql_integer(database, "SELECT row_count FROM level "
				    "WHERE name = 'sample'", &ret->samples);
	if (!error)
		error = sql_integer(database, "SELECT sum(value) FROM v_health "
				    "WHERE name IN ('lost', 'samples_dropped', "
				    "'dropped_by_storage')",
				    &ret->lost);
	return error;
}

static void say_look(struct ticker *ticker, const struct look *now)
{
	char data[128];
	int size;

	if (now->to_us != ticker->last.to_us) {
		size = snprintf(data, sizeof(data),
				"{\"to_us\":%lld,\"samples\":%lld}",
				(long long)now->to_us, (long long)now->samples);
		say_event(ticker, "tick", now->to_us, data, (size_t)size);
	}
	if (ticker->last.to_us && now->lost > ticker->last.lost) {
		size = snprintf(data, sizeof(data), "{\"count\":%lld}",
				(long long)(now->lost - ticker->last.lost));
		say_event(ticker, "lost", now->to_us, data, (size_t)size);
	}
	ticker->last = *now;
}

static struct error *say_status(struct ticker *ticker)
{
	const struct api_route *route = status_route();
	_cleanup_(body_writer_deinit) struct body_writer writer;
	struct api_call call = { .host = ticker->host,
				 .now_ns = (int64_t)clock_now_ns(
					 CLOCK_REALTIME) };
	struct body *body = NULL;
	struct error *error;

	if (!route)
		return NULL;
	error = body_writer_init(&writer);
	if (error)
		return error;
	call.out = writer.out;
	error = job_worker_profile(&ticker->worker, &call.profile);
	if (!error)
		error = route->answer(&call);
	if (!error)
		error = body_writer_finish(&writer, &body);
	if (!error)
		say_event(ticker, "status", ticker->last.to_us, body->bytes,
			  body->size);
	body_unref(body);
	return error;
}

static void tick(struct ticker *ticker)
{
	struct look now = ticker->last;
	struct error *error;

	ticker->job.deadline_ns = monotonic_ns() + LOOK_SECONDS * NS_PER_SEC;
	error = look(ticker, &now);
	if (!error)
		say_look(ticker, &now);
	if (!error && monotonic_ns() > ticker->status_ns +
				SECONDS_BETWEEN_STATUS * NS_PER_SEC) {
		ticker->status_ns = monotonic_ns();
		error = say_status(ticker);
	}
	// The next look may find the database again.
	error_destroy(error);
}

// False: it shall end.
static bool wait_for_second(struct ticker *ticker)
{
	struct timespec until;
	bool stopping;

	pthread_mutex_lock(&ticker->lock);
	while (!ticker->stopping && !ticker->followers)
		pthread_cond_wait(&ticker->changed, &ticker->lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	while (!ticker->stopping &&
	       pthread_cond_timedwait(&ticker->changed, &ticker->lock,
				      &until) != ETIMEDOUT)
		;
	if (ticker->newcomer)
		ticker->status_ns = 0;
	ticker->newcomer = false;
	stopping = ticker->stopping;
	pthread_mutex_unlock(&ticker->lock);
	return !stopping;
}

static void *ticker_main(void *argument)
{
	struct ticker *ticker = argument;

	prctl(PR_SET_NAME, "web/ticker");
	while (wait_for_second(ticker))
		tick(ticker);
	profile_close(ticker->worker.profile);
	return NULL;
}

struct error *ticker_create(const struct api_host *host, struct ticker **ret)
{
	struct ticker *ticker = calloc(1, sizeof(*ticker));
	pthread_condattr_t monotonic;

	if (!ticker)
		return &error_nomem;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&ticker->lock, NULL);
	pthread_cond_init(&ticker->changed, &monotonic);
	ticker->host = host;
	ticker->worker.database = host->database;
	ticker->worker.job = &ticker->job;
	ticker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ticker->started = ticker->fd >= 0 &&
			  !pthread_create(&ticker->thread, NULL, ticker_main,
					  ticker);
	if (!ticker->started) {
		ticker_destroy(ticker);
		return error_create(ERROR_SYSTEM, "start the ticker");
	}
	*ret = ticker;
	return NULL;
}

void ticker_destroy(struct ticker *ticker)
{
	if (!ticker)
		return;
	pthread_mutex_lock(&ticker->lock);
	ticker->stopping = true;
	__atomic_store_n(&ticker->job.unwanted, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&ticker->changed);
	pthread_mutex_unlock(&ticker->lock);
	if (ticker->started)
		pthread_join(ticker->thread, NULL);
	if (ticker->fd >= 0)
		close(ticker->fd);
	free(ticker->said);
	free(ticker);
}

void ticker_follow(struct ticker *ticker, size_t count)
{
	pthread_mutex_lock(&ticker->lock);
	if (count > ticker->followers)
		ticker->newcomer = true;
	ticker->followers = count;
	pthread_cond_broadcast(&ticker->changed);
	pthread_mutex_unlock(&ticker->lock);
}

int ticker_fd(const struct ticker *ticker)
{
	return ticker->fd;
}

char *ticker_take(struct ticker *ticker, size_t *ret_size)
{
	eventfd_t count;
	char *said;

	pthread_mutex_lock(&ticker->lock);
	eventfd_read(ticker->fd, &count);
	said = take_ptr(ticker->said);
	*ret_size = ticker->said_size;
	ticker->said_size = 0;
	pthread_mutex_unlock(&ticker->lock);
	return said;
}
