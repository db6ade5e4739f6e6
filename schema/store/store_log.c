// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * What a store tells about the recording itself: incidents, the clock, vitals.
 * Those that wait for the disk are bounded in number; of too many, the newest
 * incidents are given up, for the first of them say what began it.
 */

// An incident that comes back within this time goes on.
#define PAUSE_NS (10 * NS_PER_SEC)
#define NOT_OVER INT64_MAX

static void hear_of(struct store *store, int64_t id)
{
	if (id > store->now_id)
		store->now_id = id;
}

static bool goes_on(const struct store_incident *incident, const char *kind,
		    const char *detail, int64_t start_id)
{
	return strcmp(incident->kind, kind) == 0 &&
	       (incident->end_id == NOT_OVER ||
		start_id - incident->end_id < (int64_t)PAUSE_NS) &&
	       strcmp(incident->detail, detail) == 0;
}

static void remove_incident(struct store *store, size_t i)
{
	free(store->incidents[i].detail);
	store->incidents[i] = store->incidents[--store->incident_count];
}

// Room for one more: what is over and written needs not be remembered.
static bool make_room(struct store *store)
{
	if (store->incident_count < STORE_INCIDENTS_MAX)
		return true;
	for (size_t i = 0; i < store->incident_count; i++) {
		const struct store_incident *incident = &store->incidents[i];

		if (incident->end_id == NOT_OVER || incident->dirty)
			continue;
		remove_incident(store, i);
		return true;
	}
	return false;
}

static int64_t add_incident(struct store *store, const char *kind,
			    int64_t start_id, int64_t end_id,
			    const char *detail)
{
	char *copy = text_fit(detail, STORE_TEXT_MAX);

	if (!copy || !make_room(store)) {
		store->out_of_memory |= !copy;
		free(copy);
		return 0;
	}
	store->incidents[store->incident_count++] = (struct store_incident){
		.id = ++store->incident_last_id,
		.kind = kind,
		.start_id = start_id,
		.end_id = end_id,
		.detail = copy,
		.dirty = true,
	};
	return store->incident_last_id;
}

int64_t store_incident(struct store *store, const char *kind, uint64_t from_ns,
		       uint64_t until_ns, const char *detail)
{
	int64_t start_id = store_time(store, from_ns);
	int64_t end_id = until_ns ? store_time(store, until_ns) : NOT_OVER;

	hear_of(store, until_ns ? end_id : start_id);
	for (size_t i = 0; i < store->incident_count; i++) {
		struct store_incident *incident = &store->incidents[i];

		if (!goes_on(incident, kind, detail, start_id))
			continue;
		incident->dirty |= incident->end_id != end_id;
		incident->end_id = end_id;
		return incident->id;
	}
	return add_incident(store, kind, start_id, end_id, detail);
}

void store_tell(struct store *store, const char *kind, uint64_t from_ns,
		uint64_t until_ns, const char *detail)
{
	int64_t end_id = store_time(store, until_ns);

	hear_of(store, end_id);
	add_incident(store, kind, store_time(store, from_ns), end_id, detail);
}

void store_end_incident(struct store *store, int64_t id, uint64_t until_ns)
{
	for (size_t i = 0; i < store->incident_count; i++) {
		struct store_incident *incident = &store->incidents[i];

		if (incident->id != id)
			continue;
		incident->end_id = store_time(store, until_ns);
		incident->dirty = true;
		hear_of(store, incident->end_id);
	}
}

void store_clock(struct store *store, uint64_t monotonic_ns, uint64_t wall_ns,
		 const char *reason)
{
	int64_t id = store_time(store, monotonic_ns);

	// One clock for each instant; and no more of them than make sense.
	if (store->clock_count == STORE_CLOCKS_MAX)
		store->clock_count--;
	if (id <= store->clock_last_id)
		id = store->clock_last_id + 1;
	store->clocks[store->clock_count++] = (struct store_clock_row){
		.id = id,
		.wall_ns = (int64_t)wall_ns +
			   (id - store_time(store, monotonic_ns)),
		.monotonic_ns = (int64_t)monotonic_ns +
				(id - store_time(store, monotonic_ns)),
		.reason = reason,
	};
	store->clock_last_id = id;
	store->wall_ahead_ns = wall_ns - monotonic_ns;
	hear_of(store, id);
}

void store_add_vitals(struct store *store, const struct store_vitals *vitals)
{
	if (store->vitals_count == STORE_VITALS_MAX) {
		store->vitals_count--;
		memmove(store->vitals, store->vitals + 1,
			store->vitals_count * sizeof(*store->vitals));
	}
	if (!array_reserve_one(store->vitals, store->vitals_count,
			       store->vitals_capacity)) {
		store->out_of_memory = true;
		return;
	}
	store->vitals[store->vitals_count++] = (struct store_vitals_row){
		.id = store_time(store, vitals->monotonic_ns),
		.vitals = *vitals,
		.store_bytes = store_file_bytes(store),
	};
	hear_of(store, store_time(store, vitals->monotonic_ns));
}

static struct error *write_incidents(struct store *store)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_SET_INCIDENT];

	for (size_t i = 0; i < store->incident_count; i++) {
		const struct store_incident *incident = &store->incidents[i];
		struct error *error;

		if (!incident->dirty)
			continue;
		sqlite3_bind_int64(statement, 1, incident->id);
		sqlite3_bind_int64(statement, 2, store->session_id);
		sqlite3_bind_text(statement, 3, incident->kind, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int64(statement, 4, incident->start_id);
		if (incident->end_id == NOT_OVER)
			sqlite3_bind_null(statement, 5);
		else
			sqlite3_bind_int64(statement, 5, incident->end_id);
		sqlite3_bind_text(statement, 6, incident->detail, -1,
				  SQLITE_STATIC);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_clocks(struct store *store)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_CLOCK];

	for (size_t i = 0; i < store->clock_count; i++) {
		const struct store_clock_row *row = &store->clocks[i];
		struct error *error;

		sqlite3_bind_int64(statement, 1, row->id);
		sqlite3_bind_int64(statement, 2, store->session_id);
		sqlite3_bind_int64(statement, 3, row->wall_ns);
		sqlite3_bind_int64(statement, 4, row->monotonic_ns);
		sqlite3_bind_text(statement, 5, row->reason, -1, SQLITE_STATIC);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_vitals(struct store *store)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_VITALS];

	for (size_t i = 0; i < store->vitals_count; i++) {
		const struct store_vitals *vitals = &store->vitals[i].vitals;
		const uint64_t value[] = {
			vitals->samples,
			vitals->proven,
			vitals->unproven,
			vitals->lost,
			vitals->dropped,
			vitals->frequency_hz,
			vitals->own_cpu_ns,
			vitals->own_memory_bytes,
			vitals->processes,
			vitals->threads,
			store->vitals[i].store_bytes,
			vitals->lost_records,
		};
		struct error *error;

		sqlite3_bind_int64(statement, 1, store->vitals[i].id);
		for (int v = 0; v < (int)(sizeof(value) / sizeof(*value)); v++)
			sqlite3_bind_int64(statement, v + 2, (int64_t)value[v]);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

struct error *store_write_log(struct store *store)
{
	struct error *error = write_incidents(store);

	if (!error)
		error = write_clocks(store);
	return error ? error : write_vitals(store);
}

void store_forget_log(struct store *store)
{
	for (size_t i = 0; i < store->incident_count; i++)
		store->incidents[i].dirty = false;
	store->clock_count = 0;
	store->vitals_count = 0;
}
