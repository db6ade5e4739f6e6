// SPDX-License-Identifier: Apache-2.0
#include "schema/show/export_threads.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/text.h"
#include "schema/read/call_ids.h"

void export_threads_deinit(struct export_threads *threads)
{
	for (size_t i = 0; i < threads->count; i++) {
		free(threads->threads[i].process);
		free(threads->threads[i].name);
	}
	free(threads->threads);
	free(threads->ids.ids);
	*threads = (struct export_threads){ 0 };
}

// Owned by the caller. NULL: no memory.
static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	int size = sqlite3_column_bytes(row, column);

	return text_repair(text ? text : "", text ? (size_t)size : 0);
}

// Columns: id, name, tid, and the process's name and pid.
static bool take_thread(void *context, sqlite3_stmt *row)
{
	struct export_threads *threads = context;
	struct export_thread *thread;

	if (!array_reserve_one(threads->threads, threads->count,
			       threads->capacity) ||
	    !call_ids_add(&threads->ids, sqlite3_column_int64(row, 0)))
		return false;
	thread = &threads->threads[threads->count++];
	*thread = (struct export_thread){
		.name = column_text(row, 1),
		.tid = sqlite3_column_int64(row, 2),
		.process = column_text(row, 3),
		.pid = sqlite3_column_int64(row, 4),
	};
	return thread->name && thread->process;
}

struct error *export_threads_load(struct export_threads *threads,
				  sqlite3 *database, const struct id_set *wanted)
{
	*threads = (struct export_threads){ 0 };
	return call_rows_each(database,
			      "SELECT t.id, t.name, t.tid, p.name, p.pid "
			      "FROM thread AS t LEFT JOIN process AS p "
			      "ON p.id = t.process_id "
			      "WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id",
			      wanted, take_thread, threads);
}
