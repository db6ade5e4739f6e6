// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

enum { TEXT_COMMAND_LINE, TEXT_EXECUTABLE, TEXT_PYTHON_VERSION, TEXT_USER };

_Static_assert(TEXT_USER + 1 == STORE_LABEL_TEXTS, "texts of a label");

static bool event_is(const struct store_event *event, const char *name,
		     const char *unit, uint64_t period)
{
	return strcmp(event->name, name) == 0 &&
	       strcmp(event->unit, unit) == 0 && event->period == period;
}

static int64_t add_event(struct store *store, const char *name,
			 const char *unit, uint64_t period)
{
	struct store_event event = { .period = period };

	event.name = text_fit(name, STORE_TEXT_MAX);
	event.unit = text_fit(unit, STORE_TEXT_MAX);
	if (!event.name || !event.unit) {
		free(event.name);
		free(event.unit);
		store->out_of_memory = true;
		return 0;
	}
	event.row_id = ++store->event_last_id;
	store->events[store->event_count++] = event;
	return (int64_t)store->event_count;
}

// No host has as many: those beyond share one, under a name that says so,
// rather than one that is of another unit.
int64_t store_event(struct store *store, const char *name, const char *unit,
		    uint64_t period)
{
	for (size_t i = 0; i < store->event_count; i++)
		if (event_is(&store->events[i], name, unit, period))
			return (int64_t)i + 1;
	if (store->event_count < STORE_EVENTS_MAX - 1)
		return add_event(store, name, unit, period);
	if (store->event_count < STORE_EVENTS_MAX)
		return add_event(store, "[more events]", "mixed", 0);
	return STORE_EVENTS_MAX;
}

uint32_t store_event_index(const struct store *store, int64_t id)
{
	return id > 0 && (uint64_t)id <= store->event_count ?
		       (uint32_t)(id - 1) :
		       0;
}

struct error *store_write_events(struct store *store)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_EVENT];

	for (size_t i = 0; i < store->event_count; i++) {
		const struct store_event *event = &store->events[i];
		struct error *error;

		if (event->written)
			continue;
		sqlite3_bind_int64(statement, 1, event->row_id);
		sqlite3_bind_text(statement, 2, event->name, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 3, event->unit, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 4, (int64_t)event->period);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static void free_label(struct store_label *label)
{
	for (size_t i = 0; i < STORE_LABEL_TEXTS; i++)
		free(label->text[i]);
}

static size_t label_bytes(const struct store_label *label)
{
	size_t bytes = sizeof(*label);

	for (size_t i = 0; i < STORE_LABEL_TEXTS; i++)
		bytes += label->text[i] ? strlen(label->text[i]) + 1 : 0;
	return bytes;
}

static bool copy_label(struct store_label *label,
		       const struct store_process_labels *labels)
{
	const char *text[] = {
		[TEXT_COMMAND_LINE] = labels->command_line,
		[TEXT_EXECUTABLE] = labels->executable,
		[TEXT_PYTHON_VERSION] = labels->python_version,
		[TEXT_USER] = labels->user,
	};

	for (size_t i = 0; i < STORE_LABEL_TEXTS; i++) {
		if (!text[i])
			continue;
		label->text[i] = text_fit(text[i], STORE_TEXT_MAX);
		if (!label->text[i])
			return false;
	}
	return true;
}

static int64_t intern_cgroup(struct store *store,
			     const struct store_process_labels *labels)
{
	struct store_row row = {
		.text = { (char *)labels->cgroup, (char *)labels->container,
			  (char *)labels->unit },
	};

	if (!labels->cgroup)
		return 0;
	return store_intern_row(store, TABLE_CGROUP, &row, 1);
}

void store_label_alike(struct store *store, int64_t process_id,
		       const struct store_process_labels *labels,
		       int64_t cgroup_id)
{
	struct store_label label = {
		.process_id = process_id,
		.uid = labels->uid,
		.cgroup_id = cgroup_id,
	};

	if (!copy_label(&label, labels) ||
	    !array_reserve_one(store->labels, store->label_count,
			       store->label_capacity)) {
		store->out_of_memory = true;
		free_label(&label);
		return;
	}
	// Only a disk that stays full makes so many wait.
	if (store->label_bytes + label_bytes(&label) > STORE_LABELS_BYTES_MAX) {
		free_label(&label);
		return;
	}
	store->label_bytes += label_bytes(&label);
	store->labels[store->label_count++] = label;
}

void store_label_process(struct store *store, int64_t process_id,
			 const struct store_process_labels *labels)
{
	store_label_alike(store, process_id, labels,
			  intern_cgroup(store, labels));
}

static struct error *write_user(struct store *store,
				const struct store_label *label)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_USER];

	if (label->uid < 0)
		return NULL;
	sqlite3_bind_int64(statement, 1, label->uid);
	sqlite3_bind_text(statement, 2, label->text[TEXT_USER], -1,
			  SQLITE_STATIC);
	return sql_step(store->database, statement);
}

static void bind_known(sqlite3_stmt *statement, int parameter, int64_t value,
		       bool known)
{
	if (known)
		sqlite3_bind_int64(statement, parameter, value);
	else
		sqlite3_bind_null(statement, parameter);
}

static struct error *write_label(struct store *store,
				 const struct store_label *label)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_LABEL_PROCESS];

	sqlite3_bind_int64(statement, 1, label->process_id);
	sqlite3_bind_text(statement, 2, label->text[TEXT_COMMAND_LINE], -1,
			  SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, label->text[TEXT_EXECUTABLE], -1,
			  SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, label->text[TEXT_PYTHON_VERSION], -1,
			  SQLITE_STATIC);
	bind_known(statement, 5, label->uid, label->uid >= 0);
	bind_known(statement, 6, label->cgroup_id, label->cgroup_id > 0);
	return sql_step(store->database, statement);
}

struct error *store_write_labels(struct store *store)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < store->label_count; i++) {
		error = write_user(store, &store->labels[i]);
		if (!error)
			error = write_label(store, &store->labels[i]);
	}
	return error;
}

void store_forget_labels(struct store *store)
{
	for (size_t i = 0; i < store->label_count; i++)
		free_label(&store->labels[i]);
	store->label_count = 0;
	store->label_bytes = 0;
}
