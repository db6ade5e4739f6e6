// SPDX-License-Identifier: Apache-2.0
#include "schema/migration.h"

#include <stdint.h>
#include <string.h>

#include "base/embed.h"
#include "schema/sql.h"

EMBEDDED_FILE(0001_tables_sql);
EMBEDDED_FILE(0002_views_sql);
EMBEDDED_FILE(0003_store_sql);
EMBEDDED_FILE(0004_views_sql);
EMBEDDED_FILE(0005_merged_sql);
EMBEDDED_FILE(0006_losses_sql);

static const struct embedded_file *const files[] = {
	&embedded_0001_tables_sql,
	&embedded_0002_views_sql,
	&embedded_0003_store_sql,
	&embedded_0004_views_sql,
	&embedded_0005_merged_sql,
	&embedded_0006_losses_sql,
};

enum { FILE_COUNT = sizeof(files) / sizeof(*files) };

int migration_newest(void)
{
	return FILE_COUNT;
}

const char *migration_views(size_t part)
{
	switch (part) {
	case 0:
		return embedded_0004_views_sql.text;
	case 1:
		return strstr(embedded_0006_losses_sql.text, "DROP VIEW ");
	}
	return NULL;
}

// PRAGMA user_version takes no parameter, so the number has to be printed.
static struct error *set_version(sqlite3 *database, size_t version)
{
	_cleanup_free_ char *sql = NULL;

	if (asprintf(&sql, "PRAGMA user_version = %zu", version) < 0) {
		sql = NULL;
		return &error_nomem;
	}
	return sql_run(database, sql);
}

static struct error *run_step(sqlite3 *database, const char *sql, size_t version)
{
	struct error *error = sql_run(database, "BEGIN IMMEDIATE");

	if (error)
		return error;
	error = sql_run(database, sql);
	if (!error)
		error = set_version(database, version);
	if (!error)
		error = sql_run(database, "COMMIT");
	if (error && !sqlite3_get_autocommit(database))
		error_destroy(sql_run(database, "ROLLBACK"));
	return error;
}

struct error *migration_run_steps(sqlite3 *database, const char *const *steps,
				  size_t count)
{
	int64_t version;
	struct error *error;

	error = sql_integer(database, "PRAGMA user_version", &version);
	if (error)
		return error;
	if (version < 0 || version > (int64_t)count)
		return error_create(ERROR_UNSUPPORTED,
				    "it has schema %lld, and this program "
				    "knows those up to %zu",
				    (long long)version, count);
	for (size_t i = (size_t)version; i < count; i++) {
		error = run_step(database, steps[i], i + 1);
		if (error)
			return error_wrap(error, "schema step %zu", i + 1);
	}
	return NULL;
}

struct error *migration_run(sqlite3 *database)
{
	const char *steps[FILE_COUNT];

	for (size_t i = 0; i < FILE_COUNT; i++)
		steps[i] = files[i]->text;
	return migration_run_steps(database, steps, FILE_COUNT);
}
