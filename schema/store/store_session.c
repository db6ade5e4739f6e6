// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"

enum { SESSION_TEXTS = 7 };

static void free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

static void session_texts(struct store_session *session,
			  const char **text[SESSION_TEXTS])
{
	const char **all[SESSION_TEXTS] = {
		&session->brindle_version, &session->host,
		&session->kernel,	   &session->architecture,
		&session->command,	   &session->event,
		&session->event_note,
	};

	memcpy(text, all, sizeof(all));
}

bool store_copy_session(struct store_session *copy,
			const struct store_session *session)
{
	const char **text[SESSION_TEXTS];

	*copy = *session;
	session_texts(copy, text);
	for (size_t i = 0; i < SESSION_TEXTS; i++) {
		*text[i] = strdup(*text[i] ? *text[i] : "");
		if (*text[i])
			continue;
		while (++i < SESSION_TEXTS)
			*text[i] = NULL;
		store_free_session(copy);
		return false;
	}
	return true;
}

void store_free_session(struct store_session *session)
{
	const char **text[SESSION_TEXTS];

	session_texts(session, text);
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		free_text(*text[i]);
	*session = (struct store_session){ 0 };
}

// The kernel's run: 36 characters. Of interest to people only.
static void read_boot_id(char *text, size_t size)
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id",
				      O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	text[got < 0 ? 0 : got] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static struct error *insert_row(const struct store *store, sqlite3 *database,
				const struct store_session *session)
{
	static const char sql[] =
		"INSERT INTO session (id, brindle_version, host, kernel, "
		"architecture, command, event, event_note, boot_id, "
		"frequency_hz, period_ns, cpu_count, stack_bytes, start_id, "
		"start_monotonic_ns, start_wall_ns) VALUES (?1, ?2, ?3, ?4, "
		"?5, ?6, ?7, ?8, nullif(?9, ''), ?10, ?11, ?12, ?13, ?14, ?15, "
		"?16)";
	char boot_id[64];
	const char *texts[] = {
		session->brindle_version, session->host,    session->kernel,
		session->architecture,	  session->command, session->event,
		session->event_note,	  boot_id,
	};
	int64_t numbers[] = {
		session->frequency_hz,
		(int64_t)store->events[0].period,
		session->cpu_count,
		session->stack_bytes,
		store->start_id,
		(int64_t)session->start_monotonic_ns,
		(int64_t)session->start_wall_ns,
	};
	enum { TEXTS = sizeof(texts) / sizeof(*texts) };
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);

	if (error)
		return error;
	read_boot_id(boot_id, sizeof(boot_id));
	sqlite3_bind_int64(statement, 1, store->session_id);
	for (int i = 0; i < TEXTS; i++)
		sqlite3_bind_text(statement, i + 2, texts[i] ? texts[i] : "",
				  -1, SQLITE_STATIC);
	for (int i = 0; i < (int)(sizeof(numbers) / sizeof(*numbers)); i++)
		sqlite3_bind_int64(statement, TEXTS + i + 2, numbers[i]);
	return sql_step(database, statement);
}

static struct error *insert_clock(const struct store *store, sqlite3 *database,
				  const struct store_session *session)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error;

	error = sql_prepare(database,
			    "INSERT INTO clock (id, session_id, wall_ns, "
			    "monotonic_ns, reason) VALUES (?1, ?2, ?3, ?4, "
			    "'start')",
			    &statement);
	if (error)
		return error;
	sqlite3_bind_int64(statement, 1, store->start_id);
	sqlite3_bind_int64(statement, 2, store->session_id);
	sqlite3_bind_int64(statement, 3, (int64_t)session->start_wall_ns);
	sqlite3_bind_int64(statement, 4, (int64_t)session->start_monotonic_ns);
	return sql_step(database, statement);
}

static struct error *insert_event(struct store *store, sqlite3 *database)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct store_event *event = &store->events[0];
	struct error *error;

	if (event->written)
		return NULL;
	error = sql_prepare(database,
			    "INSERT INTO event (id, name, unit, period) "
			    "VALUES (?1, ?2, ?3, ?4)",
			    &statement);
	if (error)
		return error;
	sqlite3_bind_int64(statement, 1, event->row_id);
	sqlite3_bind_text(statement, 2, event->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, event->unit, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, (int64_t)event->period);
	error = sql_step(database, statement);
	event->written = !error;
	return error;
}

struct error *store_insert_session(struct store *store, sqlite3 *database,
				   const struct store_session *session)
{
	struct error *error = insert_row(store, database, session);

	if (!error)
		error = insert_clock(store, database, session);
	if (!error)
		error = insert_event(store, database);
	store->clock_last_id = store->start_id;
	return error;
}
