// SPDX-License-Identifier: Apache-2.0
#include "schema/migration.h"

#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static const char *const steps[] = {
	"CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1)",
	"ALTER TABLE one ADD COLUMN b INTEGER; UPDATE one SET b = a + 1",
	"INSERT INTO one VALUES (3, 4); INSERT INTO absent VALUES (1)",
};

static int64_t number(sqlite3 *database, const char *sql)
{
	int64_t value;

	fixture_succeed(sql_integer(database, sql, &value));
	return value;
}

static sqlite3 *open_memory(void)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	return database;
}

static void test_step_by_step(void **state)
{
	_cleanup_database_ sqlite3 *database = open_memory();

	(void)state;
	fixture_succeed(migration_run_steps(database, steps, 1));
	assert_int_equal(number(database, "PRAGMA user_version"), 1);
	fixture_succeed(migration_run_steps(database, steps, 2));
	assert_int_equal(number(database, "PRAGMA user_version"), 2);
	assert_int_equal(number(database, "SELECT b FROM one"), 2);
	fixture_succeed(migration_run_steps(database, steps, 2));
	assert_int_equal(number(database, "SELECT count(*) FROM one"), 1);
}

static void test_failed_step_leaves_nothing(void **state)
{
	_cleanup_database_ sqlite3 *database = open_memory();

	(void)state;
	fixture_fail(migration_run_steps(database, steps, 3), ERROR_USAGE,
		     "schema step 3: no such table: absent");
	assert_int_equal(number(database, "PRAGMA user_version"), 2);
	assert_int_equal(number(database, "SELECT count(*) FROM one"), 1);
}

static void test_newer(void **state)
{
	_cleanup_database_ sqlite3 *database = open_memory();

	(void)state;
	fixture_succeed(sql_run(database, "PRAGMA user_version = 9"));
	fixture_fail(migration_run_steps(database, steps, 2), ERROR_UNSUPPORTED,
		     "it has schema 9");
}

static void test_ours(void **state)
{
	_cleanup_database_ sqlite3 *database = open_memory();

	(void)state;
	fixture_succeed(migration_run(database));
	assert_int_equal(number(database, "PRAGMA user_version"),
			 migration_newest());
	// Rule 29 of the style: every table is STRICT.
	assert_int_equal(number(database,
				"SELECT count(*) FROM pragma_table_list "
				"WHERE schema = 'main' AND type = 'table' AND "
				"NOT strict AND name NOT LIKE 'sqlite%'"),
			 0);
	// And says which question it answers.
	assert_int_equal(number(database,
				"SELECT count(*) FROM sqlite_schema WHERE "
				"type IN ('table', 'view') AND "
				"sql NOT LIKE '%-- %?%' AND name NOT IN "
				"('kind', 'status', 'trust')"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_by_step),
		cmocka_unit_test(test_failed_step_leaves_nothing),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
