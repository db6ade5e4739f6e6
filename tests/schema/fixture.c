// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/fixture.h"

#include <fcntl.h>
#include <string.h>

#include "schema/sql.h"
#include "tests/cmocka.h"

int fixture_enter_folder(void **state)
{
	char path[] = "/tmp/brindle-schema-XXXXXX";

	if (!mkdtemp(path) || chdir(path) < 0)
		return -1;
	*state = strdup(path);
	return *state ? 0 : -1;
}

int fixture_leave_folder(void **state)
{
	_cleanup_free_ char *path = *state;
	_cleanup_free_ char *command = NULL;

	if (chdir("/") < 0 || asprintf(&command, "rm -rf '%s'", path) < 0)
		return -1;
	return system(command);
}

void fixture_succeed(struct error *error)
{
	if (error)
		fail_msg("unexpected error: %s", error->message);
}

void fixture_fail(struct error *error, enum error_code code, const char *text)
{
	assert_non_null(error);
	if (!strstr(error->message, text))
		fail_msg("'%s' does not say '%s'", error->message, text);
	assert_int_equal(error->code, code);
	error_destroy(error);
}

struct store *fixture_open_store(const char *path)
{
	const struct store_session session = {
		.brindle_version = "0.1",
		.host = "host",
		.kernel = "6.1",
		.architecture = "x86_64",
		.command = "python3 app.py",
		.event = "cpu-clock",
		.event_note = "",
		.frequency_hz = FIXTURE_HZ,
		.cpu_count = 2,
		.stack_bytes = 16384,
		.start_monotonic_ns = FIXTURE_START_NS,
		.start_wall_ns = FIXTURE_WALL_NS,
	};
	struct store *store;

	fixture_succeed(store_open(path, &session, &store));
	return store;
}

static int64_t push(struct store *store, int64_t parent, int64_t function,
		    enum store_status status, uint32_t line)
{
	int64_t frame = store_frame(store, function, status, line, 0);
	int64_t callsite = store_callsite(store, 0, parent, frame);

	assert_true(function > 0 && frame > 0 && callsite > 0);
	return callsite;
}

struct place {
	int64_t thread, callsite;
	enum store_trust trust;
	const char *reason, *walk_end;
};

static void add_samples(struct store *store, struct place place, int count,
			uint64_t *time_ns)
{
	for (int i = 0; i < count; i++) {
		const struct store_sample sample = {
			.time_ns = *time_ns,
			.weight = FIXTURE_PERIOD_NS,
			.thread_id = place.thread,
			.callsite_id = place.callsite,
			.cpu = (uint32_t)i % 2,
			.trust = place.trust,
			.trust_reason = place.reason,
			.walk_end = place.walk_end,
		};

		store_add_sample(store, &sample);
		*time_ns += 100000000;
	}
}

struct stacks {
	int64_t fib_fib, fib, system_call, start;
};

static struct stacks add_stacks(struct store *store)
{
	static const uint8_t build_id[] = { 0xab, 0xcd };
	int64_t app = store_module(store, "/bin/app", build_id, 2);
	int64_t libc = store_module(store, "/lib/libc.so.6", NULL, 0);
	int64_t main_c =
		store_function(store, STORE_NATIVE, "main_c", NULL, 0, app);
	int64_t run =
		store_function(store, STORE_PYTHON, "run", "/app.py", 1, 0);
	int64_t fib =
		store_function(store, STORE_PYTHON, "fib", "/app.py", 10, 0);
	int64_t qsort =
		store_function(store, STORE_NATIVE, "qsort", NULL, 0, libc);
	int64_t kernel = store_function(store, STORE_KERNEL, "do_syscall_64",
					NULL, 0, 0);
	int64_t start = store_function(store, STORE_NATIVE, "start_thread",
				       NULL, 0, libc);
	int64_t root = push(store, 0, main_c, STORE_EXACT, 0);
	int64_t line5 = push(store, root, run, STORE_PROVEN, 5);
	int64_t line6 = push(store, root, run, STORE_PROVEN, 6);
	int64_t fib11 = push(store, line5, fib, STORE_PROVEN, 11);
	int64_t sort = push(store, line6, qsort, STORE_EXACT, 0);

	return (struct stacks){
		.fib_fib = push(store, fib11, fib, STORE_PROVEN, 12),
		.fib = fib11,
		.system_call = push(store, sort, kernel, STORE_EXACT, 0),
		.start = push(store, 0, start, STORE_GUESSED, 0),
	};
}

void fixture_fill(struct store *store)
{
	struct stacks stacks = add_stacks(store);
	int64_t app = store_process(store, 100, 7, "app");
	int64_t main_thread = store_thread(store, app, 100, 7, "main");
	int64_t worker = store_thread(store, app, 101, 8, "worker");
	uint64_t time_ns = FIXTURE_START_NS;
	struct place place = {
		main_thread, stacks.fib_fib, STORE_TRUST_PROVEN, NULL, "root",
	};

	add_samples(store, place, 3, &time_ns);
	place.callsite = stacks.fib;
	place.trust = STORE_TRUST_UNPROVEN;
	place.reason = "it ran meanwhile";
	add_samples(store, place, 2, &time_ns);
	place.callsite = stacks.system_call;
	place.trust = STORE_TRUST_PROVEN;
	place.reason = NULL;
	add_samples(store, place, 4, &time_ns);
	place = (struct place){ worker, stacks.start, STORE_TRUST_NATIVE, NULL,
				"no_cfi" };
	add_samples(store, place, 1, &time_ns);
	place.callsite = 0;
	place.walk_end = "kernel_thread";
	add_samples(store, place, 1, &time_ns);
	store_set_health(store, "lost", 0, "samples the kernel lost");
}

void fixture_make(const char *path)
{
	struct store *store = fixture_open_store(path);

	fixture_fill(store);
	fixture_succeed(
		store_close(store, FIXTURE_START_NS + UINT64_C(1100000000)));
}

struct profile *fixture_open_profile(const char *path)
{
	struct profile *profile;

	fixture_succeed(profile_open(path, &profile));
	return profile;
}

static void print_row(sqlite3_stmt *statement, FILE *out)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *text =
			(const char *)sqlite3_column_text(statement, i);

		fprintf(out, "%s%s", i ? "," : "", text ? text : "");
	}
	putc('\n', out);
}

char *fixture_query(struct profile *profile, const char *sql)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	sqlite3 *database = profile_database(profile);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result;

	assert_non_null(out);
	fixture_succeed(sql_prepare(database, sql, &statement));
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		print_row(statement, out);
	if (result != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	fclose(out);
	return text;
}

void fixture_expect(struct profile *profile, const char *sql,
		    const char *expected)
{
	_cleanup_free_ char *rows = fixture_query(profile, sql);

	if (strcmp(rows, expected) != 0)
		fail_msg("%s\ngives\n%sand not\n%s", sql, rows, expected);
}

void fixture_write_file(const char *path, const void *bytes, size_t size)
{
	_cleanup_close_ int fd =
		open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
}
