// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/dump_print.h"

#include "base/text.h"

#include <string.h>

static const char json_sql[] =
	"SELECT json_object('process', process, 'pid', pid, 'thread', thread,"
	"  'tid', tid, 'trust', trust, 'trust_reason', trust_reason,"
	"  'walk_end', walk_end, 'frames', (SELECT json_group_array(json_object("
	"    'kind', kind, 'function', function, 'file', file, 'line', line,"
	"    'module', module, 'status', status))"
	"  FROM (SELECT * FROM v_frame_of_callsite AS f"
	"    WHERE f.callsite_id = v.callsite_id ORDER BY depth DESC)))"
	" FROM v_sample AS v GROUP BY tid HAVING time_ns = max(time_ns)"
	" ORDER BY pid, tid";

static const char threads_sql[] =
	"SELECT process, pid, thread, tid, trust, trust_reason, walk_end,"
	"  callsite_id, max(time_ns) FROM v_sample GROUP BY tid"
	" ORDER BY pid, tid";

static const char frames_sql[] =
	"SELECT kind, function, file, line, module, status"
	" FROM v_frame_of_callsite WHERE callsite_id = ? ORDER BY depth DESC";

static void finalizep(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define _cleanup_statement_ _cleanup_(finalizep)

static struct error *prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	if (sqlite3_prepare_v2(db, sql, -1, ret, NULL) == SQLITE_OK)
		return NULL;
	return error_create(ERROR_SYSTEM, "read the stacks: %s",
			    sqlite3_errmsg(db));
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text ? (const char *)text : "";
}

static void print_text(FILE *out, const char *text)
{
	_cleanup_free_ char *safe = text_escape(text);

	fputs(safe ? safe : "?", out);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct {
	const char *kind, *color;
} colors[] = {
	{ "python", "\033[1;36m" },
	{ "kernel", "\033[35m" },
	{ "other", "\033[31m" },
};

static const char *color_of(const struct dump_style *style, const char *kind)
{
	for (size_t i = 0; style->color && i < sizeof(colors) / sizeof(*colors);
	     i++)
		if (!strcmp(kind, colors[i].kind))
			return colors[i].color;
	return "";
}

static void print_frame(sqlite3_stmt *frame, const struct dump_style *style,
			FILE *out)
{
	const char *kind = text_of(frame, 0), *file = text_of(frame, 2);
	const char *module = text_of(frame, 4), *status = text_of(frame, 5);
	const char *color = color_of(style, kind);

	if (!style->native && strcmp(kind, "python") && strcmp(kind, "other"))
		return;
	fprintf(out, "    %s", color);
	print_text(out, text_of(frame, 1));
	fprintf(out, "%s  ", *color ? "\033[0m" : "");
	if (*file) {
		print_text(out, file);
		if (sqlite3_column_int(frame, 3) > 0)
			fprintf(out, ":%d", sqlite3_column_int(frame, 3));
	} else {
		print_text(out, base_name(module));
	}
	if (strcmp(status, "exact") && strcmp(status, "proven"))
		fprintf(out, "  (%s)", status);
	fputc('\n', out);
}

static struct error *print_thread(sqlite3 *db, sqlite3_stmt *thread,
				  const struct dump_style *style, FILE *out)
{
	_cleanup_statement_ sqlite3_stmt *frames = NULL;
	struct error *error = prepare(db, frames_sql, &frames);
	const char *reason = text_of(thread, 5), *end = text_of(thread, 6);

	if (error)
		return error;
	fprintf(out, "Thread %d \"", sqlite3_column_int(thread, 3));
	print_text(out, text_of(thread, 2));
	fprintf(out, "\" of process %d: %s", sqlite3_column_int(thread, 1),
		text_of(thread, 4));
	if (*reason)
		fprintf(out, " (%s)", reason);
	if (strcmp(end, "root"))
		fprintf(out, ", stack ends early (%s)", end);
	fputc('\n', out);
	sqlite3_bind_int64(frames, 1, sqlite3_column_int64(thread, 7));
	while (sqlite3_step(frames) == SQLITE_ROW)
		print_frame(frames, style, out);
	return NULL;
}

static struct error *print_threads(sqlite3 *db, const struct dump_style *style,
				   FILE *out)
{
	_cleanup_statement_ sqlite3_stmt *threads = NULL;
	struct error *error = prepare(db, threads_sql, &threads);
	bool any = false;

	while (!error && sqlite3_step(threads) == SQLITE_ROW) {
		error = print_thread(db, threads, style, out);
		any = true;
	}
	if (!error && !any)
		return error_create(ERROR_NOT_FOUND,
				    "no thread has a stack to show: it has "
				    "ended (a zombie, which its parent has not "
				    "waited for), or is the kernel's");
	return error;
}

static struct error *print_json(sqlite3 *db, FILE *out)
{
	_cleanup_statement_ sqlite3_stmt *threads = NULL;
	struct error *error = prepare(db, json_sql, &threads);
	const char *separator = "[";

	while (!error && sqlite3_step(threads) == SQLITE_ROW) {
		fprintf(out, "%s\n%s", separator, text_of(threads, 0));
		separator = ",";
	}
	if (!error)
		fprintf(out, "%s]\n", *separator == '[' ? "[" : "\n");
	return error;
}

struct error *dump_print(struct profile *profile,
			 const struct dump_style *style, FILE *out)
{
	sqlite3 *db = profile_database(profile);

	return style->json ? print_json(db, out) :
			     print_threads(db, style, out);
}
