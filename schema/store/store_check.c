// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_check.h"

#include "schema/sql.h"

enum { NAMES_MAX = 64, LINES_MAX = 20 /* of one table's errors */ };

// Each yields the number of rows that break the rule.
static const struct {
	const char *rule;
	const char *sql;
} rules[] = {
	{ "callers come before callees",
	  "SELECT count(*) FROM callsite WHERE parent_id >= id" },
	{ "every caller is there",
	  "SELECT count(*) FROM callsite AS c WHERE parent_id IS NOT NULL AND "
	  "NOT EXISTS (SELECT 1 FROM callsite AS p WHERE p.id = c.parent_id)" },
	{ "callers and callees are of one event",
	  "SELECT count(*) FROM callsite AS c JOIN callsite AS p "
	  "ON p.id = c.parent_id WHERE p.event_id <> c.event_id" },
	{ "every stack's frame is there",
	  "SELECT count(*) FROM callsite AS c WHERE NOT EXISTS "
	  "(SELECT 1 FROM frame WHERE frame.id = c.frame_id)" },
	{ "every frame's function is there",
	  "SELECT count(*) FROM frame WHERE NOT EXISTS "
	  "(SELECT 1 FROM function WHERE function.id = frame.function_id)" },
	{ "every function's module is there",
	  "SELECT count(*) FROM function WHERE module_id IS NOT NULL AND NOT "
	  "EXISTS (SELECT 1 FROM module WHERE module.id = module_id)" },
	{ "every thread's process is there",
	  "SELECT count(*) FROM thread WHERE NOT EXISTS "
	  "(SELECT 1 FROM process WHERE process.id = thread.process_id)" },
	{ "every sample's stack is there",
	  "SELECT count(*) FROM sample WHERE callsite_id IS NOT NULL AND NOT "
	  "EXISTS (SELECT 1 FROM callsite WHERE callsite.id = callsite_id)" },
	{ "every sample's thread is there",
	  "SELECT count(*) FROM sample WHERE NOT EXISTS "
	  "(SELECT 1 FROM thread WHERE thread.id = sample.thread_id)" },
	{ "every rollup's thread is there",
	  "SELECT count(*) FROM (SELECT thread_id FROM rollup_10s UNION ALL "
	  "SELECT thread_id FROM rollup_10min) AS r WHERE NOT EXISTS "
	  "(SELECT 1 FROM thread WHERE thread.id = r.thread_id)" },
	{ "no level holds what it is said to have given up",
	  "SELECT (SELECT count(*) FROM sample WHERE id < (SELECT kept_id "
	  "FROM level WHERE name = 'sample')) + (SELECT count(*) FROM "
	  "rollup_10s WHERE (id >> 20) * 1000000000 < (SELECT kept_id FROM "
	  "level WHERE name = 'rollup_10s')) + (SELECT count(*) FROM "
	  "rollup_10min WHERE (id >> 20) * 1000000000 < (SELECT kept_id FROM "
	  "level WHERE name = 'rollup_10min'))" },
	{ "spans of ten seconds add up to their samples",
	  "WITH span(low, high) AS (SELECT max(s.kept_id, r.kept_id), r.done_id "
	  "FROM level AS s, level AS r WHERE s.name = 'sample' "
	  "AND r.name = 'rollup_10s'), "
	  "part(start, samples) AS ("
	  "SELECT id / 10000000000 * 10000000000, 1 FROM sample, span "
	  "WHERE id < high "
	  "UNION ALL SELECT (id >> 20) * 1000000000, -samples "
	  "FROM rollup_10s, span WHERE (id >> 20) * 1000000000 < high) "
	  "SELECT count(*) FROM (SELECT start FROM part, span "
	  "WHERE start >= low GROUP BY start HAVING sum(samples) <> 0)" },
	{ "spans of ten minutes add up to those of ten seconds",
	  "WITH span(low, high) AS (SELECT max(s.kept_id, r.kept_id), r.done_id "
	  "FROM level AS s, level AS r WHERE s.name = 'rollup_10s' "
	  "AND r.name = 'rollup_10min'), "
	  "part(start, samples) AS ("
	  "SELECT (id >> 20) / 600 * 600 * 1000000000, samples "
	  "FROM rollup_10s, span WHERE (id >> 20) * 1000000000 < high "
	  "UNION ALL SELECT (id >> 20) * 1000000000, -samples "
	  "FROM rollup_10min, span WHERE (id >> 20) * 1000000000 < high) "
	  "SELECT count(*) FROM (SELECT start FROM part, span "
	  "WHERE start >= low GROUP BY start HAVING sum(samples) <> 0)" },
};

enum { RULE_COUNT = sizeof(rules) / sizeof(*rules) };

static void complain(struct store_check *check, const char *text)
{
	check->problems++;
	check->problem(check->context, text);
}

// A statement of PRAGMA takes no parameter but by its table-valued form.
static struct error *check_table(sqlite3 *database, struct store_check *check,
				 const char *table)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error;
	int result;

	error = sql_prepare(database, "SELECT integrity_check FROM "
				      "pragma_integrity_check(?1)", &row);
	if (error)
		return error;
	sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
	for (int i = 0; i < LINES_MAX; i++) {
		const char *text;

		result = sqlite3_step(row);
		if (result == SQLITE_DONE)
			return NULL;
		if (result != SQLITE_ROW)
			return sql_error(database, result);
		text = (const char *)sqlite3_column_text(row, 0);
		if (text && sqlite3_stricmp(text, "ok") != 0)
			complain(check, text);
	}
	return NULL;
}

struct names {
	char *name[NAMES_MAX]; // owned
	size_t count;
};

static void names_deinit(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		sqlite3_free(names->name[i]);
}

static struct error *list_tables(sqlite3 *database, struct names *names)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database,
		"SELECT name FROM sqlite_schema WHERE type = 'table' AND "
		"rootpage > 0 ORDER BY rootpage", &row);
	int result = SQLITE_DONE;

	if (error)
		return error;
	while (names->count < NAMES_MAX &&
	       (result = sqlite3_step(row)) == SQLITE_ROW) {
		char *name = sqlite3_mprintf("%s", sqlite3_column_text(row, 0));

		if (!name)
			return &error_nomem;
		names->name[names->count++] = name;
	}
	return result == SQLITE_DONE || result == SQLITE_ROW ?
		       NULL : sql_error(database, result);
}

static struct error *check_rule(sqlite3 *database, struct store_check *check,
				size_t i)
{
	int64_t broken = 0;
	struct error *error = sql_integer(database, rules[i].sql, &broken);
	char text[160];

	if (error || !broken)
		return error;
	snprintf(text, sizeof(text), "not so in %lld places: %s",
		 (long long)broken, rules[i].rule);
	complain(check, text);
	return NULL;
}

// Damage ends one step, not the rest of them.
static struct error *take_damage(struct store_check *check,
				 struct error *error)
{
	if (!error || error->code != ERROR_BAD_DATA)
		return error;
	complain(check, error->message);
	error_destroy(error);
	return NULL;
}

static struct error *run_steps(sqlite3 *database, struct store_check *check,
			       const struct names *tables)
{
	size_t steps = tables->count + RULE_COUNT;
	struct error *error = NULL;

	for (size_t i = 0; i < tables->count && !error; i++) {
		check->progress(check->context, i + 1, steps, tables->name[i]);
		error = take_damage(check, check_table(database, check,
						       tables->name[i]));
	}
	for (size_t i = 0; i < RULE_COUNT && !error; i++) {
		check->progress(check->context, tables->count + i + 1, steps,
				rules[i].rule);
		error = take_damage(check, check_rule(database, check, i));
	}
	return error;
}

struct error *store_check_run(sqlite3 *database, struct store_check *check)
{
	struct names tables = { .count = 0 };
	struct error *error = take_damage(check,
					  list_tables(database, &tables));

	if (!error)
		error = run_steps(database, check, &tables);
	names_deinit(&tables);
	return error;
}
