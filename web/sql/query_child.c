// SPDX-License-Identifier: Apache-2.0
#include "web/sql/query_child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/read/profile.h"
#include "schema/read/query_functions.h"
#include "schema/read/query_guard.h"
#include "schema/read/query_overlay.h"
#include "schema/sql.h"
#include "web/sql/query_result.h"
#include "web/sql/query_walls.h"

enum {
	STEPS_BETWEEN_LOOKS = 4000,
	RESULT_BUFFER_BYTES = 1 << 16,
};

struct run {
	const struct query_question *question; /* borrowed */
	struct profile *profile; /* owned by the process, as is all else */
	uint64_t begin_ns, deadline_ns;
	FILE *out;
	bool late;
};

// Bounds on what is made before it runs (sqlite.org/security.html). A row of a
// rollup is text of some megabytes on its way through its view.
static void lower_limits(sqlite3 *database)
{
	static const struct {
		int limit, most;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, 4 << 20 },
		{ SQLITE_LIMIT_SQL_LENGTH, QUERY_SQL_BYTES_MAX + 1 },
		{ SQLITE_LIMIT_COLUMN, 500 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 200 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 100 },
		{ SQLITE_LIMIT_VDBE_OP, 500000 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 1000 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 0 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		sqlite3_limit(database, limits[i].limit, limits[i].most);
}

static int is_late(void *context)
{
	struct run *run = context;

	run->late = monotonic_ns() >= run->deadline_ns;
	return run->late;
}

// The query sees the database of one moment, and opens nothing more for that.
static struct error *make_ready(struct run *run, const char *path)
{
	struct error *error = profile_open(path, &run->profile);
	sqlite3 *database;

	if (error)
		return error;
	database = profile_database(run->profile);
	sqlite3_progress_handler(database, STEPS_BETWEEN_LOOKS, is_late, run);
	profile_select(run->profile, &run->question->selection);
	error = query_overlay(run->profile);
	if (!error)
		error = query_functions_add(database);
	if (!error)
		error = sql_run(database,
				"BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1");
	if (error)
		return error;
	tzset();
	lower_limits(database);
	sqlite3_hard_heap_limit64(sqlite3_memory_used() + QUERY_HEAP_BYTES_MAX);
	return NULL;
}

static int find_param(sqlite3_stmt *statement, const char *name)
{
	static const char marks[] = ":@$";
	_cleanup_free_ char *marked = malloc(strlen(name) + 2);
	int index = 0;

	for (size_t i = 0; marked && marks[i] && !index; i++) {
		marked[0] = marks[i];
		strcpy(marked + 1, name);
		index = sqlite3_bind_parameter_index(statement, marked);
	}
	return index;
}

static int bind(sqlite3_stmt *statement, int index,
		const struct query_param *param)
{
	switch (param->type) {
	case QUERY_PARAM_NULL:
		return sqlite3_bind_null(statement, index);
	case QUERY_PARAM_INTEGER:
		return sqlite3_bind_int64(statement, index, param->integer);
	case QUERY_PARAM_REAL:
		return sqlite3_bind_double(statement, index, param->real);
	case QUERY_PARAM_TEXT:
		return sqlite3_bind_text(statement, index, param->text, -1,
					 SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

// A value without a parameter is a mistake; a parameter without a value is NULL.
static struct error *bind_params(sqlite3_stmt *statement,
				 const struct query_question *question)
{
	int place = 0;

	for (size_t i = 0; i < question->param_count; i++) {
		const struct query_param *param = &question->params[i];
		int index = param->name ? find_param(statement, param->name) :
					  ++place;

		if (index < 1 || bind(statement, index, param) != SQLITE_OK)
			return error_create(ERROR_USAGE,
					    "the query has no parameter '%s'",
					    param->name ? param->name :
							  "of that place");
	}
	return NULL;
}

// Which errors of SQLite are the query's own doing.
static enum query_end end_of(int result)
{
	switch (result & 0xff) {
	case SQLITE_NOMEM:
	case SQLITE_TOOBIG:
	case SQLITE_FULL:
		return QUERY_END_OVER_LIMIT;
	case SQLITE_IOERR:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_BUSY:
		return QUERY_END_FAILED;
	}
	return QUERY_END_WRONG;
}

static enum query_end end_of_error(const struct run *run,
				   const struct error *error)
{
	int result = sqlite3_errcode(profile_database(run->profile));

	if (run->late)
		return QUERY_END_LATE;
	if (error->code == ERROR_USAGE)
		return QUERY_END_WRONG;
	return error->code == ERROR_NO_MEMORY ? QUERY_END_OVER_LIMIT :
						end_of(result);
}

static struct error *run_statement(struct run *run, sqlite3_stmt *statement,
				   const struct query_guard *guard)
{
	const struct query_question *question = run->question;
	struct error *error = bind_params(statement, question);
	int result;

	if (error)
		return error;
	result = query_result_write(statement, question->format,
				    question->max_rows, run->begin_ns,
				    run->out);
	if (result != SQLITE_DONE && result != SQLITE_ROW)
		return query_guard_error(guard, result);
	if (fflush(run->out) != 0)
		return error_from_errno(errno, "write the result");
	return NULL;
}

static struct error *run_query(struct run *run)
{
	struct query_guard guard;
	sqlite3_stmt *statement;
	struct error *error;

	query_guard_set(&guard, profile_database(run->profile));
	error = query_walls_close(fileno(run->out));
	if (!error)
		error = query_guard_prepare(&guard, run->question->sql,
					    &statement);
	return error ? error : run_statement(run, statement, &guard);
}

// The call itself: a sanitizer's _exit() looks for leaks, with more calls than
// there are behind the walls.
static _Noreturn void leave(enum query_end end)
{
	for (;;)
		syscall(SYS_exit_group, end);
}

// What was written so far is no answer; instead there is what went wrong. The
// stream's buffer is left alone: it dies with the process.
static void say(int result, const struct error *error)
{
	size_t size = strlen(error->message);

	if (ftruncate(result, 0) != 0 ||
	    pwrite(result, error->message, size, 0) != (ssize_t)size)
		leave(QUERY_END_FAILED);
}

static enum query_end run_question(struct run *run,
				   const struct query_order *order)
{
	struct error *error = query_walls_limit(order->timeout_ms);
	enum query_end end = QUERY_END_FAILED;

	if (!error)
		error = make_ready(run, order->database);
	if (error) {
		if (run->late)
			end = QUERY_END_LATE;
		else if (error->code == ERROR_USAGE ||
			 error->code == ERROR_NOT_FOUND)
			end = QUERY_END_WRONG;
	} else {
		error = run_query(run);
		if (!error)
			return QUERY_END_DONE;
		end = end_of_error(run, error);
	}
	say(order->result, error);
	return end;
}

_Noreturn void query_child_run(const struct query_order *order)
{
	struct query_message message;
	struct run run = {
		.question = &message.question,
		.begin_ns = monotonic_ns(),
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (getppid() != order->keeper ||
	    !query_message_decode(order->question, order->size, &message))
		_exit(QUERY_END_FAILED);
	message.question.timeout_ms = order->timeout_ms;
	// Writing beyond the limit of a file is an error, not the end.
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	run.deadline_ns = run.begin_ns + order->timeout_ms * NS_PER_MS;
	run.out = fdopen(order->result, "w");
	if (!run.out)
		_exit(QUERY_END_FAILED);
	setvbuf(run.out, NULL, _IOFBF, RESULT_BUFFER_BYTES);
	leave(run_question(&run, order));
}
