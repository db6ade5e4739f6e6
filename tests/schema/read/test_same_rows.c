// SPDX-License-Identifier: Apache-2.0
// Rows of one process and of one thread, over eras, sessions and boots.
#include "schema/read/same_rows.h"

#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

// Eras begin with process 1, 11, 21, 31 and thread 101, 111, 121, 131. The first
// three are of one boot, in two sessions; the last is of a kernel that knows none.
static const char tables[] =
	"CREATE TABLE session (id INTEGER PRIMARY KEY, boot_id TEXT);"
	"CREATE TABLE era (id INTEGER PRIMARY KEY, session_id, "
	"first_process_id, first_thread_id);"
	"CREATE TABLE process (id INTEGER PRIMARY KEY, pid, start_ns);"
	"CREATE TABLE thread (id INTEGER PRIMARY KEY, process_id, tid, "
	"start_ns, name);"
	"INSERT INTO session VALUES (1, 'b'), (2, 'b'), (3, NULL), (4, NULL);"
	"INSERT INTO era VALUES (1, 1, 1, 101), (2, 1, 11, 111), "
	"(3, 2, 21, 121), (4, 3, 31, 131), (5, 4, 41, 141);";

struct row {
	int64_t id, latest_id;
};

typedef struct error *(*find_fn)(struct same_rows *same, sqlite3 *database,
				 const struct id_set *wanted);

static void expect(find_fn find, const char *rows_sql, const struct row *rows,
		   size_t count)
{
	struct id_set wanted = { .count = 0 };
	struct same_rows same;
	sqlite3 *database;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	fixture_succeed(sql_run(database, tables));
	fixture_succeed(sql_run(database, rows_sql));
	for (size_t i = 0; i < count; i++)
		assert_true(id_set_add(&wanted, rows[i].id));
	fixture_succeed(find(&same, database, &wanted));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(same_rows_latest(&same, rows[i].id),
				 rows[i].latest_id);
	same_rows_deinit(&same);
	id_set_deinit(&wanted);
	sqlite3_close(database);
}

#define EXPECT(find, sql, ...)						\
	do {								\
		static const struct row rows[] = { __VA_ARGS__ };	\
									\
		expect(find, sql, rows, sizeof(rows) / sizeof(*rows));	\
	} while (0)

static void one_process_lives_through_eras(void **state)
{
	(void)state;
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (1, 50, 7), (2, 60, 7), "
	       "(11, 50, 7), (12, 60, 8), (21, 50, 7), (22, 60, 8)",
	       { 1, 21 }, { 11, 21 }, { 21, 21 }, { 2, 2 }, { 12, 22 },
	       { 22, 22 });
}

// Whatever is not asked for is not there: the latest of those that are.
static void only_of_those_wanted(void **state)
{
	(void)state;
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (1, 50, 7), (11, 50, 7), "
	       "(21, 50, 7)",
	       { 1, 11 }, { 11, 11 });
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (1, 50, 7), (11, 50, 7)",
	       { 1, 1 });
}

static void what_is_not_known_is_not_the_same(void **state)
{
	(void)state;
	// No start; another boot; a boot that nobody knows; one era.
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (1, 50, 0), (11, 50, 0)",
	       { 1, 1 }, { 11, 11 });
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (1, 50, 7), (31, 50, 7), "
	       "(41, 50, 7)",
	       { 1, 1 }, { 31, 31 }, { 41, 41 });
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (11, 50, 7), (12, 50, 7)",
	       { 11, 11 }, { 12, 12 });
	EXPECT(same_rows_of_processes,
	       "INSERT INTO process VALUES (1, 50, 7), (11, 50, 7), "
	       "(12, 50, 7)",
	       { 1, 11 }, { 11, 11 }, { 12, 12 });
}

static void a_thread_is_of_its_process(void **state)
{
	(void)state;
	EXPECT(same_rows_of_threads,
	       "INSERT INTO process VALUES (1, 50, 7), (11, 50, 7), "
	       "(12, 50, 8);"
	       "INSERT INTO thread VALUES (101, 1, 51, 0, 'a'), "
	       "(102, 1, 52, 3, 'a'), (103, 1, 53, 0, 'a'), "
	       "(111, 11, 51, 0, 'a'), (112, 11, 52, 4, 'a'), "
	       "(113, 11, 53, 0, 'b'), (114, 12, 51, 0, 'a')",
	       { 101, 111 }, { 102, 102 }, { 103, 103 }, { 111, 111 },
	       { 112, 112 }, { 113, 113 }, { 114, 114 });
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_process_lives_through_eras),
		cmocka_unit_test(only_of_those_wanted),
		cmocka_unit_test(what_is_not_known_is_not_the_same),
		cmocka_unit_test(a_thread_is_of_its_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
