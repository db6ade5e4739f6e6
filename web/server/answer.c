// SPDX-License-Identifier: Apache-2.0
#include "web/server/answer.h"

#include "base/clock.h"
#include "base/version.h"
#include "schema/sql.h"
#include "web/server/answer_cache.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { COMPRESSED_FROM_BYTES = 1024 };

/** What an answer depends on besides the question. */
struct identity {
	char version[32];
	uint64_t device, inode;
	int64_t sessions, kept_id;
	// Of a recording, which may go on under our eyes; 0 of a store, in
	// which what is over stays as it is.
	int64_t size, log_size, changed_ns;
};

static void identify_file(const char *path, bool log, struct identity *ret)
{
	struct stat status;

	if (stat(path, &status))
		return;
	*(log ? &ret->log_size : &ret->size) = status.st_size;
	if (!log)
		ret->changed_ns = status.st_mtim.tv_sec * (int64_t)NS_PER_SEC +
				  status.st_mtim.tv_nsec;
}

// What was pruned by age from one level is in the next and the answer as true
// as before; what is gone from the last is not told any more.
static struct error *identify(const struct answer *answer,
			      const struct job_worker *worker,
			      struct identity *ret)
{
	sqlite3 *database = profile_database(worker->profile);
	_cleanup_free_ char *log = NULL;
	struct error *error;

	memset(ret, 0, sizeof(*ret)); // its padding is hashed, too
	snprintf(ret->version, sizeof(ret->version), "%s", BRINDLE_VERSION);
	ret->device = worker->device;
	ret->inode = worker->inode;
	if (!answer->host->live) {
		if (asprintf(&log, "%s-wal", worker->database) < 0)
			return &error_nomem;
		identify_file(worker->database, false, ret);
		identify_file(log, true, ret);
	}
	error = sql_integer(database, "SELECT count(*) FROM session",
			    &ret->sessions);
	if (!error)
		error = sql_integer(database, "SELECT max(kept_id) FROM level "
				    "WHERE name = 'rollup_10min'",
				    &ret->kept_id);
	return error;
}

static struct error *make_etag(const struct answer *answer,
			       const struct job_worker *worker,
			       char ret[REPLY_ETAG_MAX])
{
	struct identity identity;
	struct error *error = identify(answer, worker, &identity);
	uint64_t hash = XXH64(&identity, sizeof(identity), answer->gzip);

	if (error)
		return error;
	hash = XXH64(answer->route->path, strlen(answer->route->path), hash);
	for (size_t i = 0; i < answer->query.count; i++) {
		const struct api_param *param = &answer->query.params[i];

		hash = XXH64(param->name, strlen(param->name) + 1, hash);
		hash = XXH64(param->value, strlen(param->value) + 1, hash);
	}
	snprintf(ret, REPLY_ETAG_MAX, "\"%016" PRIx64 "\"", hash);
	return NULL;
}

// True: there is nothing left to do.
static bool is_known(struct answer *answer, const char *etag)
{
	struct reply *reply = &answer->reply;

	memcpy(reply->etag, etag, REPLY_ETAG_MAX);
	if (answer->known_etags && strstr(answer->known_etags, etag)) {
		reply->status = 304;
		reply->caching = REPLY_ASK_AGAIN;
		return true;
	}
	return answer_cache_find(answer->cache, reply);
}

// Of a lasting answer as it would be only for now.
static void make_moment(const char *etag, char ret[REPLY_ETAG_MAX])
{
	memcpy(ret, etag, REPLY_ETAG_MAX);
	*ret = '~';
}

// True: somebody has just been told.
static bool is_told_now(struct answer *answer, const char *moment)
{
	struct reply *reply = &answer->reply;
	bool found;

	memcpy(reply->etag, moment, REPLY_ETAG_MAX);
	found = answer_cache_find(answer->cache, reply);
	reply->etag[0] = 0;
	return found;
}

static void keep_for_now(struct answer *answer, const char *moment,
			 uint64_t begin_ns)
{
	struct reply kept = answer->reply; // the cache refers to its body
	uint64_t now_ns = monotonic_ns();
	uint64_t keep_ns = ANSWER_MOMENT_TIMES * (now_ns - begin_ns);

	if (keep_ns < ANSWER_MOMENT_MS * NS_PER_MS)
		keep_ns = ANSWER_MOMENT_MS * NS_PER_MS;
	if (keep_ns > ANSWER_MOMENT_SECONDS_MAX * NS_PER_SEC)
		keep_ns = ANSWER_MOMENT_SECONDS_MAX * NS_PER_SEC;
	memcpy(kept.etag, moment, REPLY_ETAG_MAX);
	answer_cache_add(answer->cache, &kept, now_ns + keep_ns);
}

static struct error *compress(struct answer *answer)
{
	struct reply *reply = &answer->reply;
	struct body *small;
	struct error *error;

	if (!answer->gzip || !reply->body ||
	    reply->body->size < COMPRESSED_FROM_BYTES)
		return NULL;
	error = body_compress(reply->body, &small);
	if (error)
		return error;
	body_unref(reply->body);
	reply->body = small;
	return NULL;
}

static void say_what_it_is(struct answer *answer, struct api_call *call,
			   const char *etag)
{
	struct reply *reply = &answer->reply;

	reply->status = 200;
	reply->content_type = call->content_type ? call->content_type :
						   "application/json";
	if (call->file_name)
		reply_set_file_name(reply, call->file_name);
	reply->etag[0] = 0;
	if (!call->lasting)
		return;
	reply->caching = REPLY_ASK_AGAIN;
	memcpy(reply->etag, etag, REPLY_ETAG_MAX);
}

static struct error *ask(struct answer *answer, struct profile *profile,
			 const char *etag)
{
	_cleanup_(body_writer_deinit) struct body_writer writer;
	struct selection_options all = { 0 };
	struct api_call call = {
		.host = answer->host,
		.profile = profile,
		.params = answer->query.params,
		.param_count = answer->query.count,
		.now_ns = (int64_t)clock_now_ns(CLOCK_REALTIME),
	};
	struct error *error = body_writer_init(&writer);

	if (error)
		return error;
	call.out = writer.out;
	profile_select(profile, &all);
	error = answer->route->answer(&call);
	// What was selected lies in the call.
	profile_select(profile, &all);
	if (!error)
		error = body_writer_finish(&writer, &answer->reply.body);
	if (!error)
		say_what_it_is(answer, &call, etag);
	free(call.file_name);
	return error ? error : compress(answer);
}

static struct error *find_answer(struct answer *answer,
				 struct job_worker *worker)
{
	char etag[REPLY_ETAG_MAX] = "", moment[REPLY_ETAG_MAX];
	uint64_t begin_ns = monotonic_ns();
	struct profile *profile;
	struct error *error = job_worker_profile(worker, &profile);

	if (error && error->code == ERROR_NOT_FOUND)
		error->code = ERROR_BUSY;
	if (!error)
		error = make_etag(answer, worker, etag);
	if (error || is_known(answer, etag))
		return error;
	make_moment(etag, moment);
	if (is_told_now(answer, moment))
		return NULL;
	error = ask(answer, profile, etag);
	if (error)
		return error;
	if (answer->reply.caching == REPLY_ASK_AGAIN)
		answer_cache_add(answer->cache, &answer->reply,
				 ANSWER_CACHE_FOR_EVER);
	else
		keep_for_now(answer, moment, begin_ns);
	return NULL;
}

static bool took_too_long(const struct answer *answer)
{
	return monotonic_ns() > answer->job.deadline_ns;
}

static void run(struct job *job, struct job_worker *worker)
{
	struct answer *answer = (struct answer *)job;
	struct error *error = find_answer(answer, worker);

	if (!error)
		return;
	reply_deinit(&answer->reply);
	if (took_too_long(answer)) {
		error_destroy(error);
		reply_problem(&answer->reply, 503, "the answer took longer "
			      "than 30 s: ask for a shorter time");
		return;
	}
	reply_error(&answer->reply, error);
}

struct answer *answer_create(const struct api_host *host,
			     const struct api_route *route,
			     struct answer_cache *cache,
			     struct query_string *query)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer) {
		query_string_deinit(query);
		return NULL;
	}
	answer->job.run = run;
	answer->job.deadline_ns = monotonic_ns() +
				  ANSWER_SECONDS_MAX * NS_PER_SEC;
	answer->host = host;
	answer->route = route;
	answer->cache = cache;
	answer->query = *query;
	return answer;
}

void answer_destroy(struct answer *answer)
{
	if (!answer)
		return;
	query_string_deinit(&answer->query);
	free(answer->known_etags);
	reply_deinit(&answer->reply);
	free(answer);
}
