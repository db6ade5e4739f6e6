// SPDX-License-Identifier: Apache-2.0
#include "schema/read/profile.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "schema/migration.h"
#include "schema/profile_file.h"
#include "schema/sql.h"

#define COPY_BYTES_MAX (INT64_C(1) << 30)

struct profile {
	sqlite3 *database; /* owned */
	struct selection_options selected;
	struct stack_filter *filter; /* owned */
	struct grouping grouping;
	bool split_lines;
	int64_t now_ns; /* of the wall clock, for selected */
};

// What the file is good for, before SQLite touches it.
static struct error *check_file(const char *path, struct profile_file *ret)
{
	struct error *error = profile_file_inspect(path, ret);

	if (error)
		return error;
	switch (ret->kind) {
	case PROFILE_FILE_NONE:
		return error_create(ERROR_NOT_FOUND,
				    "there is no profile '%s'; "
				    "`brindle record -- COMMAND` makes one",
				    path);
	case PROFILE_FILE_EMPTY:
		return error_create(ERROR_BAD_DATA, "'%s' is empty", path);
	case PROFILE_FILE_DATABASE:
		return error_create(ERROR_BAD_DATA,
				    "'%s' is a SQLite database, but not a "
				    "brindle profile",
				    path);
	case PROFILE_FILE_FOREIGN:
		return error_create(ERROR_BAD_DATA,
				    "'%s' is not a brindle profile", path);
	case PROFILE_FILE_OURS:
		break;
	}
	// With a log beside it, what is missing may be there.
	if (ret->size_bytes < ret->wanted_bytes && !ret->wal_bytes)
		return error_create(ERROR_BAD_DATA,
				    "profile '%s' is cut off: %llu of %llu "
				    "bytes",
				    path, (unsigned long long)ret->size_bytes,
				    (unsigned long long)ret->wanted_bytes);
	return NULL;
}

// SQLite's file names are URIs when they carry options.
static char *immutable_uri(const char *path)
{
	static const char scheme[] = "file:", option[] = "?immutable=1";
	char *uri = malloc(3 * strlen(path) + sizeof(scheme) + sizeof(option));
	char *end = uri;

	if (!uri)
		return NULL;
	end = stpcpy(end, scheme);
	for (; *path; path++) {
		if (strchr("?#%", *path))
			end += sprintf(end, "%%%02x", (unsigned char)*path);
		else
			*end++ = *path;
	}
	strcpy(end, option);
	return uri;
}

// Opening is lazy: only a look at the schema shows whether it worked.
static int open_and_look(const char *name, int flags, sqlite3 **ret)
{
	int result =
		sqlite3_open_v2(name, ret,
				SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX |
					flags,
				NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_extended_result_codes(*ret, 1);
	sqlite3_busy_timeout(*ret, 2000);
	return sqlite3_exec(*ret, "SELECT count(*) FROM sqlite_schema", NULL,
			    NULL, NULL);
}

static bool needs_writable_folder(int result)
{
	return (result & 0xff) == SQLITE_CANTOPEN ||
	       (result & 0xff) == SQLITE_READONLY;
}

// A profile in WAL mode wants files beside it even for reading. Where none can
// be made, it opens as one that nobody changes, unless that would hide what a
// killed recorder left in its log.
static struct error *open_file(const char *path,
			       const struct profile_file *file, sqlite3 **ret)
{
	_cleanup_database_ sqlite3 *database = NULL;
	_cleanup_free_ char *uri = NULL;
	int result = open_and_look(path, 0, &database);

	if (needs_writable_folder(result) && file->wal_bytes)
		return error_create(ERROR_PERMISSION,
				    "the recording was cut short, and its "
				    "folder is read-only: copy '%s' and "
				    "'%s-wal' to a folder that is not",
				    path, path);
	if (needs_writable_folder(result)) {
		uri = immutable_uri(path);
		if (!uri)
			return &error_nomem;
		sqlite3_close_v2(take_ptr(database));
		result = open_and_look(uri, SQLITE_OPEN_URI, &database);
	}
	if (result != SQLITE_OK)
		return error_wrap(sql_error(database, result),
				  "open profile '%s'", path);
	*ret = take_ptr(database);
	return NULL;
}

// An older profile is read through a copy with today's schema; the file stays
// as it is.
static struct error *copy_and_migrate(sqlite3 **database)
{
	_cleanup_database_ sqlite3 *copy = NULL;
	sqlite3_backup *backup;
	struct error *error;
	int result = sqlite3_open(":memory:", &copy);

	if (result != SQLITE_OK)
		return sql_error(copy, result);
	backup = sqlite3_backup_init(copy, "main", *database, "main");
	if (!backup)
		return sql_error(copy, sqlite3_errcode(copy));
	sqlite3_backup_step(backup, -1);
	result = sqlite3_backup_finish(backup);
	if (result != SQLITE_OK)
		return sql_error(copy, result);
	error = migration_run(copy);
	if (error)
		return error;
	sqlite3_close_v2(*database);
	*database = take_ptr(copy);
	return NULL;
}

static struct error *check_copyable(sqlite3 *database)
{
	int64_t pages, page_bytes;
	struct error *error = sql_integer(database, "PRAGMA page_count", &pages);

	if (!error)
		error = sql_integer(database, "PRAGMA page_size", &page_bytes);
	if (!error && pages > COPY_BYTES_MAX / page_bytes)
		error = error_create(ERROR_UNSUPPORTED,
				     "it has an older schema and is too large "
				     "to be read through a copy; `brindle "
				     "daemon` brings its store up to date when "
				     "it starts");
	return error;
}

static struct error *check_version(const char *path, sqlite3 **database)
{
	struct error *error;
	int64_t version;

	error = sql_integer(*database, "PRAGMA user_version", &version);
	if (error)
		return error_wrap(error, "open profile '%s'", path);
	if (version > migration_newest())
		return error_create(ERROR_UNSUPPORTED,
				    "profile '%s' was made by a newer brindle: "
				    "it has schema %lld, and this one reads "
				    "those up to %d",
				    path, (long long)version,
				    migration_newest());
	if (version < 1)
		return error_create(ERROR_BAD_DATA,
				    "profile '%s' has no schema", path);
	if (version < migration_newest())
		error = check_copyable(*database);
	if (!error && version < migration_newest())
		error = copy_and_migrate(database);
	return error_wrap(error, "migrate profile '%s'", path);
}

// A file from elsewhere may hold views of its own making: they get nothing to
// do harm with.
static struct error *harden(sqlite3 *database)
{
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	// The writer alone brings its log into the file.
	sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 256 << 20);
	sqlite3_limit(database, SQLITE_LIMIT_WORKER_THREADS, 0);
	return sql_run(database, "PRAGMA query_only = ON;"
				 "PRAGMA cell_size_check = ON;"
				 "PRAGMA temp_store = MEMORY;"
				 "PRAGMA cache_size = -16384");
}

static struct error *check_views(const char *path, sqlite3 *database)
{
	static const char sql[] =
		"SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND "
		"name IN ('v_sample', 'v_frame_of_callsite', 'v_function', "
		"'v_folded', 'v_health')";
	struct error *error;
	int64_t count;

	error = sql_integer(database, sql, &count);
	if (!error && count != 5)
		error = error_create(ERROR_BAD_DATA, "its views are missing");
	return error_wrap(error, "open profile '%s'", path);
}

struct error *profile_open(const char *path, struct profile **ret)
{
	_cleanup_database_ sqlite3 *database = NULL;
	struct profile *profile;
	struct profile_file file;
	struct error *error;

	error = check_file(path, &file);
	if (!error)
		error = open_file(path, &file, &database);
	if (!error)
		error = check_version(path, &database);
	if (!error)
		error = harden(database);
	if (!error)
		error = check_views(path, database);
	if (error)
		return error;
	profile = calloc(1, sizeof(*profile));
	if (!profile)
		return &error_nomem;
	profile->database = take_ptr(database);
	profile->now_ns = (int64_t)clock_now_ns(CLOCK_REALTIME);
	*ret = profile;
	return NULL;
}

void profile_close(struct profile *profile)
{
	if (!profile)
		return;
	sqlite3_close_v2(profile->database);
	stack_filter_destroy(profile->filter);
	free(profile);
}

sqlite3 *profile_database(struct profile *profile)
{
	return profile->database;
}

void profile_select(struct profile *profile,
		    const struct selection_options *options)
{
	profile->selected = *options;
	profile->now_ns = options->now_ns ?
				  options->now_ns :
				  (int64_t)clock_now_ns(CLOCK_REALTIME);
}

struct error *profile_selection(struct profile *profile, struct selection *ret)
{
	struct error *error = selection_init(ret, profile->database,
					     &profile->selected,
					     profile->now_ns);

	if (!error) {
		ret->stacks = profile->filter;
		ret->split_lines = profile->split_lines;
	}
	return error;
}

void profile_filter(struct profile *profile, struct stack_filter *filter)
{
	stack_filter_destroy(profile->filter);
	profile->filter = filter;
}

void profile_group(struct profile *profile, const struct grouping *grouping)
{
	profile->grouping = *grouping;
}

const struct grouping *profile_grouping(const struct profile *profile)
{
	return &profile->grouping;
}

void profile_split_lines(struct profile *profile, bool split)
{
	profile->split_lines = split;
}

int64_t profile_now(const struct profile *profile)
{
	return profile->now_ns;
}

const struct selection_options *profile_selected(const struct profile *profile)
{
	return &profile->selected;
}
