// SPDX-License-Identifier: Apache-2.0
#include "schema/read/timeline.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/read/call_ids.h"
#include "schema/store/intern.h"
#include "schema/sql.h"

struct clock_row {
	int64_t id, ahead_ns; /* wall time is so much more than store time */
};

struct cell {
	int64_t thread_id;
	uint32_t bucket;
	uint64_t samples, weight;
};

struct loader {
	struct timeline *timeline; /* borrowed */
	struct clock_row *clocks;  /* owned; by id */
	size_t clock_count, clock_capacity;
	struct cell *cells; /* owned */
	size_t cell_count, cell_capacity;
	struct id_set wanted;
	struct call_ids threads;
	uint32_t *rows; /* owned; the timeline's row of each of threads */
	size_t row_capacity;
	struct intern names; /* numbers of the rows */
	uint64_t seed;	     /* of the names' hashes */
	const char *names_sql;
};

static void row_deinit(struct timeline_row *row)
{
	free(row->name);
	free(row->weights);
}

void timeline_deinit(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->row_count; i++)
		row_deinit(&timeline->rows[i]);
	free(timeline->rows);
	row_deinit(&timeline->all);
	*timeline = (struct timeline){ 0 };
}

static void loader_deinit(struct loader *loader)
{
	free(loader->clocks);
	free(loader->cells);
	free(loader->threads.ids);
	free(loader->rows);
	intern_deinit(&loader->names);
	id_set_deinit(&loader->wanted);
}

// The shortest length that people count in, of which @buckets are enough. In
// less than a tenth of a second there are too few samples to count.
static uint64_t choose_bucket_ns(uint64_t range_ns, size_t buckets)
{
	static const uint64_t lengths_ms[] = {
		100,	  200,	    500,      1000,	 2000,	  5000,
		10000,	  20000,    30000,    60000,	 120000,  300000,
		600000,	  1200000,  1800000,  3600000,	 7200000, 10800000,
		21600000, 43200000, 86400000, 172800000, 604800000,
		1209600000, 2419200000,
	};
	size_t last = sizeof(lengths_ms) / sizeof(*lengths_ms) - 1;

	for (size_t i = 0; i <= last; i++)
		if (lengths_ms[i] * 1000000 * (buckets - 1) >= range_ns)
			return lengths_ms[i] * 1000000;
	return range_ns / (buckets - 1) + 1;
}

static bool init_buckets(struct timeline *timeline,
			 const struct selection *selection, size_t buckets)
{
	const struct time_range *wall = &selection->wall;
	uint64_t range_ns = wall->until_ns > wall->from_ns ?
				    (uint64_t)(wall->until_ns - wall->from_ns) :
				    0;
	int64_t bucket_ns;

	if (buckets < 2)
		buckets = 2;
	bucket_ns = (int64_t)choose_bucket_ns(range_ns, buckets);
	timeline->bucket_ns = (uint64_t)bucket_ns;
	timeline->from_wall_ns = wall->from_ns - wall->from_ns % bucket_ns;
	timeline->bucket_count =
		range_ns ? (size_t)((wall->until_ns - 1 -
				     timeline->from_wall_ns) /
				    bucket_ns) +
				   1 :
			   1;
	timeline->all.name = strdup("");
	timeline->all.weights =
		calloc(timeline->bucket_count, sizeof(uint64_t));
	return timeline->all.name && timeline->all.weights;
}

static struct error *load_clocks(struct loader *loader, sqlite3 *database)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error;
	int result;

	error = sql_prepare(database,
			    "SELECT id, wall_ns - id FROM clock ORDER BY id",
			    &row);
	if (error)
		return error;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		if (!array_reserve_one(loader->clocks, loader->clock_count,
				       loader->clock_capacity))
			return &error_nomem;
		loader->clocks[loader->clock_count++] = (struct clock_row){
			sqlite3_column_int64(row, 0),
			sqlite3_column_int64(row, 1),
		};
	}
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

static int64_t wall_of(const struct loader *loader, int64_t id)
{
	size_t low = 0, high = loader->clock_count;

	while (low + 1 < high) {
		size_t middle = (low + high) / 2;

		if (loader->clocks[middle].id <= id)
			low = middle;
		else
			high = middle;
	}
	return loader->clock_count ? id + loader->clocks[low].ahead_ns : id;
}

// A span that is longer than what is left of the range belongs to its end.
static uint32_t bucket_of(const struct loader *loader, int64_t id)
{
	const struct timeline *timeline = loader->timeline;
	int64_t bucket = (wall_of(loader, id) - timeline->from_wall_ns) /
			 (int64_t)timeline->bucket_ns;
	int64_t last = (int64_t)timeline->bucket_count - 1;

	return (uint32_t)(bucket < 0 ? 0 : bucket > last ? last : bucket);
}

static bool take_row(void *context, const struct selection_row *row)
{
	struct loader *loader = context;
	struct timeline_row *all = &loader->timeline->all;
	uint32_t bucket = bucket_of(loader, row->time_id);
	struct cell *last = NULL;

	all->weights[bucket] += row->weight;
	all->weight += row->weight;
	all->samples += row->samples;
	if (loader->cell_count)
		last = &loader->cells[loader->cell_count - 1];
	if (last && last->thread_id == row->thread_id &&
	    last->bucket == bucket) {
		last->samples += row->samples;
		last->weight += row->weight;
		return true;
	}
	if (!id_set_add(&loader->wanted, row->thread_id) ||
	    !array_reserve_one(loader->cells, loader->cell_count,
			       loader->cell_capacity))
		return false;
	loader->cells[loader->cell_count++] = (struct cell){
		.thread_id = row->thread_id,
		.bucket = bucket,
		.samples = row->samples,
		.weight = row->weight,
	};
	return true;
}

static bool add_row(struct timeline *timeline, const char *name)
{
	struct timeline_row row = {
		.name = strdup(name),
		.weights = calloc(timeline->bucket_count, sizeof(uint64_t)),
	};

	if (row.name && row.weights &&
	    array_reserve_one(timeline->rows, timeline->row_count,
			      timeline->row_capacity)) {
		timeline->rows[timeline->row_count++] = row;
		return true;
	}
	row_deinit(&row);
	return false;
}

// The number of the row of that name; CALL_IDS_NONE: no memory.
static uint32_t find_or_add_row(struct loader *loader, const char *name)
{
	XXH128_hash_t hash =
		XXH3_128bits_withSeed(name, strlen(name), loader->seed);
	struct intern_key key = { hash.low64, hash.high64 };
	uint32_t number = intern_find(&loader->names, key);

	if (number)
		return number - 1;
	if (!add_row(loader->timeline, name) ||
	    !intern_add(&loader->names, key))
		return CALL_IDS_NONE;
	return (uint32_t)loader->timeline->row_count - 1;
}

// Columns: id, name.
static bool take_thread(void *context, sqlite3_stmt *statement)
{
	struct loader *loader = context;
	const char *name = (const char *)sqlite3_column_text(statement, 1);
	uint32_t row = find_or_add_row(loader, name ? name : "");

	if (row == CALL_IDS_NONE ||
	    !array_reserve((void **)&loader->rows, &loader->row_capacity,
			   loader->threads.count + 1, sizeof(*loader->rows)) ||
	    !call_ids_add(&loader->threads,
			  sqlite3_column_int64(statement, 0)))
		return false;
	loader->rows[loader->threads.count - 1] = row;
	return true;
}

static void add_cells(struct loader *loader)
{
	for (size_t i = 0; i < loader->cell_count; i++) {
		const struct cell *cell = &loader->cells[i];
		uint32_t thread =
			call_ids_find(&loader->threads, cell->thread_id);
		struct timeline_row *row;

		if (thread == CALL_IDS_NONE)
			continue;
		row = &loader->timeline->rows[loader->rows[thread]];
		row->weights[cell->bucket] += cell->weight;
		row->weight += cell->weight;
		row->samples += cell->samples;
	}
}

static int compare_rows(const void *left, const void *right)
{
	const struct timeline_row *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void keep_heaviest(struct timeline *timeline, size_t most)
{
	if (timeline->row_count)
		qsort(timeline->rows, timeline->row_count,
		      sizeof(*timeline->rows), compare_rows);
	while (timeline->row_count > most) {
		row_deinit(&timeline->rows[--timeline->row_count]);
		timeline->left_out++;
	}
}

static struct error *load(struct loader *loader, sqlite3 *database,
			  const struct selection *selection)
{
	const struct selection_reading reading = {
		.longest_span_ns = loader->timeline->bucket_ns,
		.take = take_row,
		.context = loader,
	};
	struct error *error = load_clocks(loader, database);

	if (!error)
		error = selection_read(selection, database, &reading, NULL);
	if (!error)
		error = call_rows_each(database, loader->names_sql,
				       &loader->wanted, take_thread, loader);
	return error;
}

static struct error *load_named(struct timeline *timeline, sqlite3 *database,
				const struct selection *selection,
				size_t buckets, size_t most,
				const char *names_sql)
{
	struct loader loader = {
		.timeline = timeline,
		.names_sql = names_sql,
		.seed = monotonic_ns(),
	};
	struct error *error;

	*timeline = (struct timeline){ 0 };
	error = init_buckets(timeline, selection, buckets) ?
			load(&loader, database, selection) :
			&error_nomem;
	if (!error) {
		add_cells(&loader);
		keep_heaviest(timeline, most);
	}
	loader_deinit(&loader);
	if (error)
		timeline_deinit(timeline);
	return error_wrap(error, "timeline");
}

struct error *timeline_load(struct timeline *timeline, sqlite3 *database,
			    const struct selection *selection, size_t buckets,
			    size_t most)
{
	return load_named(timeline, database, selection, buckets, most,
			  "SELECT t.id, p.name FROM thread AS t LEFT JOIN "
			  "process AS p ON p.id = t.process_id "
			  "WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id");
}

struct error *timeline_load_threads(struct timeline *timeline,
				    sqlite3 *database,
				    const struct selection *selection,
				    size_t buckets, size_t most)
{
	return load_named(timeline, database, selection, buckets, most,
			  "SELECT id, name FROM thread "
			  "WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
}
