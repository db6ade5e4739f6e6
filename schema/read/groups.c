// SPDX-License-Identifier: Apache-2.0
#include "schema/read/groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "schema/read/busiest.h"
#include "schema/read/thread_sums.h"
#include "schema/store/intern.h"

/* Columns are of threads_from: a text, and where it is numbered, a number that
 * tells namesakes apart. */
static const struct label {
	const char *name;
	const char *none; /* what stands for NULL */
	const char *columns, *prefix;
	bool numbered;
} labels[] = {
	{ "process", "[no name]", "p.name", "", false },
	{ "pid", "[no name]", "p.name, p.pid", "", true },
	{ "thread", "[no name]", "t.name", "", false },
	{ "tid", "[no name]", "t.name, t.tid", "", true },
	{ "user", "[no user]", "ifnull(u.name, p.user_id)", "", false },
	{ "cgroup", "[no cgroup]", "c.path", "", false },
	{ "container", "[no container]", "c.container", "", false },
	{ "unit", "[no unit]", "c.unit", "", false },
	{ "executable", "[no executable]", "p.executable", "", false },
	{ "python", "[no Python]", "p.python_version", "Python ", false },
};

enum { LABELS = sizeof(labels) / sizeof(*labels) };

// Joins of which no column is asked for are left out by SQLite.
static const char threads_from[] =
	" FROM thread AS t LEFT JOIN process AS p ON p.id = t.process_id "
	"LEFT JOIN user AS u ON u.id = p.user_id "
	"LEFT JOIN cgroup AS c ON c.id = p.cgroup_id "
	"WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id";

/* What a thread has of a label. Borrowed from the row. */
struct label_value {
	const char *text;
	size_t length;
	int64_t number; /* 0 where there is none, and of several together */
};

struct loader {
	struct groups *groups;		 /* borrowed */
	const struct grouping *grouping; /* borrowed */
	const struct thread_sums *sums;	 /* borrowed */
	size_t next_sum;
	struct intern values; /* by a hash of them */
	struct intern paths;  /* (parent, value): groups, from 1 on */
	uint64_t seed;
};

// "process, pid, ...": all there are. Owned by the caller; NULL: no memory.
static char *label_names(void)
{
	char *names = NULL;
	size_t size;
	FILE *out = open_memstream(&names, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < LABELS; i++)
		fprintf(out, "%s%s", i ? ", " : "", labels[i].name);
	return fclose(out) == 0 ? names : NULL;
}

static size_t find_label(const char *name, size_t length)
{
	size_t i = 0;

	while (i < LABELS && (strlen(labels[i].name) != length ||
			      strncmp(labels[i].name, name, length) != 0))
		i++;
	return i;
}

static struct error *refuse(const char *name, size_t length)
{
	_cleanup_free_ char *names = label_names();

	return error_create(ERROR_USAGE,
			    "group: there is no label '%.*s'; there are %s",
			    (int)(length < 40 ? length : 40), name,
			    names ? names : "others");
}

struct error *grouping_parse(const char *text, struct grouping *ret)
{
	struct grouping grouping = { .count = 0 };
	bool more = text && *text;

	while (more) {
		size_t length = strcspn(text, ",");
		size_t label = find_label(text, length);

		if (label == LABELS)
			return refuse(text, length);
		if (grouping.count == GROUPING_LABELS_MAX)
			return error_create(ERROR_USAGE,
					    "group: more than %d labels",
					    GROUPING_LABELS_MAX);
		grouping.labels[grouping.count++] = (uint8_t)label;
		more = text[length] == ',';
		text += length + more;
	}
	*ret = grouping;
	return NULL;
}

const char *grouping_label(const struct grouping *grouping, size_t index)
{
	return labels[grouping->labels[index]].name;
}

void groups_deinit(struct groups *groups)
{
	for (size_t i = 0; i < groups->value_count; i++)
		free(groups->values[i].text);
	free(groups->values);
	free(groups->groups);
	free(groups->threads.ids);
	free(groups->of_thread);
	*groups = (struct groups){ 0 };
}

// Takes @text.
static bool add_value(struct groups *groups, char *text, size_t label)
{
	if (!text || !array_reserve_one(groups->values, groups->value_count,
					groups->value_capacity)) {
		free(text);
		return false;
	}
	groups->values[groups->value_count++] =
		(struct group_value){ text, (uint8_t)label };
	return true;
}

static bool add_group(struct groups *groups, uint32_t parent, uint32_t value)
{
	if (!array_reserve_one(groups->groups, groups->count,
			       groups->capacity))
		return false;
	groups->groups[groups->count++] = (struct group){
		.parent = parent,
		.value = value,
	};
	return true;
}

// "name (12)"; number 0 is that of what stands for several (0005_merged.sql).
// Owned by the caller; NULL: no memory.
static char *print_value(const struct label *label,
			 const struct label_value *value)
{
	_cleanup_free_ char *text = NULL;
	char number[24] = "several";
	int length;

	if (value->number)
		snprintf(number, sizeof(number), "%" PRId64, value->number);
	length = asprintf(&text, "%s%.*s%s%s%s", label->prefix,
			  (int)value->length, value->text,
			  label->numbered ? " (" : "",
			  label->numbered ? number : "",
			  label->numbered ? ")" : "");
	if (length < 0) {
		text = NULL; // asprintf(3) leaves it undefined
		return NULL;
	}
	return text_repair(text, (size_t)length);
}

// The number of the value of label @index and 1. 0: no memory.
static uint32_t find_or_add_value(struct loader *loader, size_t index,
				  const struct label_value *value)
{
	const struct label *label = &labels[loader->grouping->labels[index]];
	bool none = !value->text || (!value->length && !label->numbered);
	const char *text = none ? label->none : value->text;
	size_t length = none ? strlen(text) : value->length;
	uint8_t which = none ? GROUP_NO_LABEL : (uint8_t)index;
	XXH128_hash_t hash = XXH3_128bits_withSeed(
		text, length,
		loader->seed + which + ((uint64_t)value->number << 8));
	const struct intern_key key = { hash.low64, hash.high64 };
	uint32_t number = intern_find(&loader->values, key);

	if (number)
		return number;
	if (!add_value(loader->groups,
		       none ? strdup(text) : print_value(label, value), which))
		return 0;
	return intern_add(&loader->values, key);
}

// 0: no memory. @value: its number and 1.
static uint32_t find_or_add_group(struct loader *loader, uint32_t parent,
				  uint32_t value)
{
	const struct intern_key key = { parent, value };
	uint32_t number = intern_find(&loader->paths, key);

	if (number)
		return number;
	if (!add_group(loader->groups, parent, value - 1))
		return 0;
	return intern_add(&loader->paths, key);
}

// Sums are by id, as rows are.
static uint64_t samples_of(struct loader *loader, int64_t thread_id)
{
	const struct thread_sums *sums = loader->sums;

	while (loader->next_sum < sums->count &&
	       sums->sums[loader->next_sum].id < thread_id)
		loader->next_sum++;
	return loader->next_sum < sums->count &&
			       sums->sums[loader->next_sum].id == thread_id ?
		       sums->sums[loader->next_sum].samples :
		       0;
}

// @column: that of the label's text; moved behind its columns.
static struct label_value read_value(sqlite3_stmt *row,
				     const struct label *label, int *column)
{
	struct label_value value = {
		.text = (const char *)sqlite3_column_text(row, *column),
		.length = (size_t)sqlite3_column_bytes(row, *column),
	};

	++*column;
	if (label->numbered && value.text)
		value.number = sqlite3_column_int64(row, *column);
	*column += label->numbered;
	return value;
}

// 0: no memory.
static uint32_t read_group(struct loader *loader, sqlite3_stmt *row)
{
	const struct grouping *grouping = loader->grouping;
	uint32_t group = 0, number = 1;
	int column = 1;

	for (size_t i = 0; number && i < grouping->count; i++) {
		const struct label_value value = read_value(
			row, &labels[grouping->labels[i]], &column);

		number = find_or_add_value(loader, i, &value);
		if (number)
			number = group = find_or_add_group(loader, group,
							   number);
	}
	return number ? group : 0;
}

static bool take_thread(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct groups *groups = loader->groups;
	int64_t id = sqlite3_column_int64(row, 0);
	uint32_t group = read_group(loader, row);

	if (!group)
		return false;
	groups->groups[group].samples += samples_of(loader, id);
	if (!array_reserve_one(groups->of_thread, groups->threads.count,
			       groups->thread_capacity) ||
	    !call_ids_add(&groups->threads, id))
		return false;
	groups->of_thread[groups->threads.count - 1] = group;
	return true;
}

// What nobody asked for costs as much as all else: only these columns. Owned by
// the caller; NULL: no memory.
static char *make_sql(const struct grouping *grouping)
{
	char *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);

	if (!out)
		return NULL;
	fputs("SELECT t.id", out);
	for (size_t i = 0; i < grouping->count; i++) {
		fputs(", ", out);
		fputs(labels[grouping->labels[i]].columns, out);
	}
	fputs(threads_from, out);
	if (fclose(out) == 0)
		return sql;
	free(sql);
	return NULL;
}

static struct error *load_threads(struct loader *loader, sqlite3 *database)
{
	_cleanup_free_ char *sql = make_sql(loader->grouping);
	struct id_set wanted = { 0 };
	struct error *error = sql ? NULL : &error_nomem;

	for (size_t i = 0; !error && i < loader->sums->count; i++)
		if (!id_set_add(&wanted, loader->sums->sums[i].id))
			error = &error_nomem;
	if (!error)
		error = call_rows_each(database, sql, &wanted, take_thread,
				       loader);
	id_set_deinit(&wanted);
	return error;
}

static bool add_others(struct groups *groups, size_t count)
{
	char name[40];

	snprintf(name, sizeof(name), "[%zu more]", count);
	if (!add_value(groups, strdup(name), GROUP_NO_LABEL) ||
	    !add_group(groups, 0, (uint32_t)groups->value_count - 1))
		return false;
	groups->others = (uint32_t)groups->count - 1;
	groups->groups[groups->others].apart = true;
	return true;
}

static bool keep_busiest(struct groups *groups)
{
	struct busiest busiest;
	bool good = busiest_init(&busiest, GROUPS_APART);
	size_t used = 0;

	for (size_t i = 1; good && i < groups->count; i++) {
		if (!groups->groups[i].samples)
			continue;
		busiest_offer(&busiest, groups->groups[i].samples,
			      (uint32_t)i);
		used++;
	}
	for (size_t i = 0; good && i < busiest.count; i++)
		groups->groups[busiest.entries[i].index].apart = true;
	if (good && used > busiest.count)
		good = add_others(groups, used - busiest.count);
	busiest_deinit(&busiest);
	return good;
}

struct error *groups_load(struct groups *groups, sqlite3 *database,
			  const struct selection *selection,
			  const struct grouping *grouping)
{
	struct thread_sums sums;
	struct loader loader = {
		.groups = groups,
		.grouping = grouping,
		.sums = &sums,
		.seed = monotonic_ns(),
	};
	struct error *error =
		thread_sums_load(&sums, database, selection, NULL);

	*groups = (struct groups){ 0 };
	if (error)
		return error_wrap(error, "group threads");
	if (!add_group(groups, 0, 0))
		error = &error_nomem;
	if (!error)
		error = load_threads(&loader, database);
	if (!error && !keep_busiest(groups))
		error = &error_nomem;
	intern_deinit(&loader.values);
	intern_deinit(&loader.paths);
	thread_sums_deinit(&sums);
	if (error)
		groups_deinit(groups);
	return error_wrap(error, "group threads");
}

uint32_t groups_find(const struct groups *groups, int64_t thread_id)
{
	uint32_t index = call_ids_find(&groups->threads, thread_id);
	uint32_t group = index == CALL_IDS_NONE ? 0 : groups->of_thread[index];

	return group && !groups->groups[group].apart ? groups->others : group;
}
