// SPDX-License-Identifier: Apache-2.0
// A store of many hours in a minute: the samples of a recording, in their real
// order, again and again, as the daemon would have stored them. Processes that
// began in the recording are new ones each time. Time is stretched so that two
// CPUs are busy, whatever the recording's had to do.
//
// usage: bench_store RECORDING STORE HOURS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/read/profile.h"
#include "schema/sql.h"
#include "schema/store/store.h"

#define START_NS (1000 * NS_PER_SEC)
#define HOUR_NS (3600 * NS_PER_SEC)

enum { FREQUENCY_HZ = 99, CPUS = 2 };

struct row {
	int64_t number[7];
	const char *text[4]; /* owned; never freed: the program is short */
};

/* A table of the recording, by id, and what its rows are in the store. */
struct table {
	const char *sql;
	struct row *rows;
	size_t count, capacity;
	int64_t *ids; /* in the store; 0: not yet */
};

enum { PROCESSES, THREADS, MODULES, FUNCTIONS, FRAMES, CALLSITES, TABLES };

static const char *const table_sql[TABLES] = {
	"SELECT p.id, pid, p.start_ns - s.start_monotonic_ns, name "
	"FROM process AS p, session AS s ORDER BY p.id",
	"SELECT t.id, process_id, tid, t.start_ns - s.start_monotonic_ns, name "
	"FROM thread AS t, session AS s ORDER BY t.id",
	"SELECT id, path, build_id FROM module ORDER BY id",
	"SELECT f.id, kind_id, first_line, module_id, name, path "
	"FROM function AS f LEFT JOIN source_file AS s "
	"ON s.id = source_file_id ORDER BY f.id",
	"SELECT id, function_id, status_id, line, vaddr FROM frame ORDER BY id",
	"SELECT id, parent_id, frame_id FROM callsite ORDER BY id",
};

static const char sample_sql[] =
	"SELECT s.id, thread_id, callsite_id, cpu, o.trust_id, "
	"ifnull(weight, period), 0, trust_reason, walk_end "
	"FROM sample AS s JOIN outcome AS o ON o.id = outcome_id, event "
	"WHERE event.id = 1 ORDER BY s.id";

struct bench {
	struct table tables[TABLES], samples;
	struct store *store;
	uint32_t era;
	uint64_t length_ns, repeat;
	double stretch; /* of time */
};

static void __attribute__((noreturn)) fail(struct error *error)
{
	fprintf(stderr, "bench_store: %s\n", error->message);
	exit(1);
}

static void check(struct error *error)
{
	if (error)
		fail(error);
}

static void *check_memory(void *memory)
{
	if (!memory)
		fail(&error_nomem);
	return memory;
}

static void take_row(struct table *table, sqlite3_stmt *statement)
{
	struct row row = { .number = { 0 } };
	size_t numbers = 0, texts = 0;

	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		if (sqlite3_column_type(statement, i) == SQLITE_TEXT)
			row.text[texts++] = check_memory(strdup(
				(const char *)sqlite3_column_text(statement, i)));
		else if (numbers < 7)
			row.number[numbers++] =
				sqlite3_column_int64(statement, i);
	}
	if (!array_reserve_one(table->rows, table->count, table->capacity))
		fail(&error_nomem);
	table->rows[table->count++] = row;
}

static void load_table(sqlite3 *database, const char *sql, struct table *table)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;

	table->sql = sql;
	check(sql_prepare(database, sql, &statement));
	while (sqlite3_step(statement) == SQLITE_ROW)
		take_row(table, statement);
	table->ids = check_memory(calloc(table->count + 1, sizeof(int64_t)));
}

static size_t index_of(const struct table *table, int64_t id)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->rows[middle].number[0] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// When it would have begun: in the recording, or before; then it was one of
// those that a daemon finds.
static uint64_t start_ns(const struct bench *bench, int64_t since_ns)
{
	if (since_ns <= 0)
		return 0;
	return START_NS + bench->repeat * bench->length_ns +
	       (uint64_t)(bench->stretch * (double)since_ns);
}

static int64_t process_id(struct bench *bench, size_t index)
{
	struct table *table = &bench->tables[PROCESSES];
	const struct row *row = &table->rows[index];

	if (!table->ids[index])
		table->ids[index] = store_process(
			bench->store, (pid_t)row->number[1],
			start_ns(bench, row->number[2]), row->text[0]);
	return table->ids[index];
}

static int64_t thread_id(struct bench *bench, size_t index)
{
	struct table *table = &bench->tables[THREADS];
	const struct row *row = &table->rows[index];

	if (!table->ids[index])
		table->ids[index] = store_thread(
			bench->store,
			process_id(bench, index_of(&bench->tables[PROCESSES],
						   row->number[1])),
			(pid_t)row->number[2], start_ns(bench, row->number[3]),
			row->text[0]);
	return table->ids[index];
}

static int64_t module_id(struct bench *bench, int64_t id)
{
	struct table *table = &bench->tables[MODULES];
	size_t index = index_of(table, id);
	const struct row *row = &table->rows[index];
	const char *build_id = row->text[1] ? row->text[1] : "";

	if (!id)
		return 0;
	// As bytes its digits are as good as any.
	if (!table->ids[index])
		table->ids[index] = store_module(bench->store, row->text[0],
						 (const uint8_t *)build_id,
						 strlen(build_id) / 2);
	return table->ids[index];
}

static int64_t function_id(struct bench *bench, int64_t id)
{
	struct table *table = &bench->tables[FUNCTIONS];
	size_t index = index_of(table, id);
	const struct row *row = &table->rows[index];

	if (!table->ids[index])
		table->ids[index] = store_function(
			bench->store, (enum store_kind)row->number[1],
			row->text[0], row->text[1], (uint32_t)row->number[2],
			module_id(bench, row->number[3]));
	return table->ids[index];
}

static int64_t frame_id(struct bench *bench, int64_t id)
{
	struct table *table = &bench->tables[FRAMES];
	size_t index = index_of(table, id);
	const struct row *row = &table->rows[index];

	if (!table->ids[index])
		table->ids[index] = store_frame(
			bench->store, function_id(bench, row->number[1]),
			(enum store_status)row->number[2],
			(uint32_t)row->number[3], (uint64_t)row->number[4]);
	return table->ids[index];
}

// A caller's row comes first, so the way up is not long.
static int64_t callsite_id(struct bench *bench, int64_t id)
{
	struct table *table = &bench->tables[CALLSITES];
	size_t index = index_of(table, id);
	const struct row *row = &table->rows[index];

	if (!id)
		return 0;
	if (!table->ids[index])
		table->ids[index] = store_callsite(
			bench->store, 0, callsite_id(bench, row->number[1]),
			frame_id(bench, row->number[2]));
	return table->ids[index];
}

static void forget(struct table *table)
{
	memset(table->ids, 0, table->count * sizeof(*table->ids));
}

// What began in the recording begins again, and in a new era all is new.
static void forget_ids(struct bench *bench)
{
	struct table *processes = &bench->tables[PROCESSES];
	struct table *threads = &bench->tables[THREADS];

	if (store_era(bench->store) != bench->era) {
		bench->era = store_era(bench->store);
		for (size_t i = 0; i < TABLES; i++)
			forget(&bench->tables[i]);
	}
	for (size_t i = 0; i < threads->count; i++) {
		size_t process = index_of(processes, threads->rows[i].number[1]);

		if (processes->rows[process].number[2] > 0)
			threads->ids[i] = processes->ids[process] = 0;
	}
}

static void add_sample(struct bench *bench, const struct row *row,
		       uint64_t time_ns)
{
	struct table *threads = &bench->tables[THREADS];
	const struct store_sample sample = {
		.time_ns = time_ns,
		.weight = (uint64_t)row->number[5],
		.thread_id = thread_id(bench, index_of(threads, row->number[1])),
		.callsite_id = callsite_id(bench, row->number[2]),
		.cpu = (uint32_t)row->number[3],
		.trust = (enum store_trust)row->number[4],
		.trust_reason = row->number[4] == STORE_TRUST_UNPROVEN ?
					row->text[0] :
					NULL,
		.walk_end = row->number[4] == STORE_TRUST_UNPROVEN ?
				    row->text[1] :
				    row->text[0],
	};

	store_add_sample(bench->store, &sample);
}

static uint64_t replay(struct bench *bench, uint64_t until_ns)
{
	uint64_t tick_ns = START_NS + NS_PER_SEC, now_ns = START_NS, count = 0;

	for (; now_ns < until_ns; bench->repeat++) {
		uint64_t begin_ns = START_NS + bench->repeat * bench->length_ns;

		forget_ids(bench);
		for (size_t i = 0; i < bench->samples.count; i++) {
			const struct row *row = &bench->samples.rows[i];

			now_ns = begin_ns + (uint64_t)(bench->stretch *
						       row->number[0]);
			if (now_ns >= until_ns)
				break;
			for (; now_ns >= tick_ns; tick_ns += NS_PER_SEC)
				check(store_commit(bench->store));
			if (store_era(bench->store) != bench->era)
				forget_ids(bench);
			add_sample(bench, row, now_ns);
			count++;
		}
	}
	return count;
}

static void load(struct bench *bench, const char *path)
{
	struct profile *profile;
	sqlite3 *database;
	uint64_t last_ns;

	check(profile_open(path, &profile));
	database = profile_database(profile);
	for (size_t i = 0; i < TABLES; i++)
		load_table(database, table_sql[i], &bench->tables[i]);
	load_table(database, sample_sql, &bench->samples);
	profile_close(profile);
	if (bench->samples.count < 100)
		fail(error_create(ERROR_USAGE, "'%s' has too few samples", path));
	last_ns = (uint64_t)bench->samples.rows[bench->samples.count - 1]
			  .number[0];
	bench->length_ns =
		bench->samples.count * NS_PER_SEC / (FREQUENCY_HZ * CPUS);
	bench->stretch = (double)(bench->length_ns - 5 * NS_PER_MS) /
			 (double)last_ns;
}

static void print_bytes(const char *path, uint64_t samples)
{
	struct profile *profile;
	int64_t raw = 0, rolled = 0, all = 0;

	check(profile_open(path, &profile));
	check(sql_integer(profile_database(profile),
			  "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE "
			  "AND name = 'sample'",
			  &raw));
	check(sql_integer(profile_database(profile),
			  "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE "
			  "AND name IN ('rollup_10s', 'rollup_10min')",
			  &rolled));
	check(sql_integer(profile_database(profile),
			  "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE",
			  &all));
	profile_close(profile);
	printf("{\"samples\": %llu, \"raw_bytes\": %.2f, "
	       "\"rolled_up_bytes\": %.3f, \"other_bytes\": %.3f}\n",
	       (unsigned long long)samples, (double)raw / (double)samples,
	       (double)rolled / (double)samples,
	       (double)(all - raw - rolled) / (double)samples);
}

int main(int argc, char **argv)
{
	const struct store_session session = {
		.brindle_version = "bench",
		.host = "bench",
		.kernel = "6.1",
		.architecture = "x86_64",
		.command = "brindle daemon",
		.event = "cpu-clock",
		.event_note = "",
		.frequency_hz = FREQUENCY_HZ,
		.cpu_count = CPUS,
		.stack_bytes = 16384,
		.start_monotonic_ns = START_NS,
		.start_wall_ns = UINT64_C(1700000000) * NS_PER_SEC,
	};
	const struct store_limits limits = {
		.bytes = UINT64_C(64) << 30,
		.sample_seconds = 400 * 86400,
		.rollup_10s_seconds = 400 * 86400,
		.rollup_10min_seconds = 400 * 86400,
	};
	struct bench bench = { .repeat = 0 };
	uint64_t until_ns, samples;
	char *note = NULL;

	if (argc != 4) {
		fputs("usage: bench_store RECORDING STORE HOURS\n", stderr);
		return 2;
	}
	load(&bench, argv[1]);
	unlink(argv[2]);
	check(store_continue(argv[2], &session, &limits, &bench.store, &note));
	until_ns = START_NS + (uint64_t)(strtod(argv[3], NULL) * HOUR_NS);
	samples = replay(&bench, until_ns);
	check(store_close(bench.store, until_ns));
	free(note);
	print_bytes(argv[2], samples);
	return 0;
}
