// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_threads.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "schema/read/call_ids.h"

struct thread_row {
	struct call_thread thread;
	uint32_t rank; /* among the busiest; all others share the last */
};

/* What one thread did in one call site; CALL_TREE_NONE: others than these. */
struct cell {
	uint32_t thread, site;
	struct call_weight weight;
};

struct loader {
	const struct call_tree *tree; /* borrowed */
	struct call_ids ids;	      /* of threads */
	struct thread_row *rows;      /* owned */
	size_t row_count, row_capacity;
	struct cell *cells;  /* owned */
	size_t cell_count, cell_capacity;
	uint64_t other_count, other_samples; /* threads that are not apart */
	uint32_t last_rank;		     /* theirs */
};

static void thread_deinit(struct call_thread *thread)
{
	free(thread->process);
	free(thread->name);
	free(thread->shares);
}

static void loader_deinit(struct loader *loader)
{
	for (size_t i = 0; i < loader->row_count; i++)
		thread_deinit(&loader->rows[i].thread);
	free(loader->rows);
	free(loader->ids.ids);
	free(loader->cells);
}

void call_threads_deinit(struct call_threads *threads)
{
	for (size_t i = 0; i < threads->count; i++)
		thread_deinit(&threads->threads[i]);
	free(threads->threads);
	*threads = (struct call_threads){ 0 };
}

static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return strdup(text ? text : "");
}

// Columns: id, name, tid, and the process's name and pid.
static bool add_thread(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct call_thread thread = {
		.name = column_text(row, 1),
		.tid = sqlite3_column_int64(row, 2),
		.process = column_text(row, 3),
		.pid = sqlite3_column_int64(row, 4),
	};

	if (!thread.name || !thread.process ||
	    !array_reserve_one(loader->ids.ids, loader->ids.count,
			       loader->ids.capacity) ||
	    !array_reserve_one(loader->rows, loader->row_count,
			       loader->row_capacity)) {
		thread_deinit(&thread);
		return false;
	}
	loader->ids.ids[loader->ids.count++] = sqlite3_column_int64(row, 0);
	loader->rows[loader->row_count++] =
		(struct thread_row){ .thread = thread };
	return true;
}

// A sample without frames is in the site CALL_TREE_NONE, as is one whose stack
// is not in the file.
static bool add_entry(struct loader *loader, const struct tally_entry *entry)
{
	uint32_t thread = CALL_TREE_NONE;
	uint32_t site = call_ids_find(&loader->tree->callsites,
				      entry->callsite_id);

	if (entry->part_id)
		thread = call_ids_find(&loader->ids, entry->part_id);
	if ((entry->part_id && thread == CALL_TREE_NONE) ||
	    (site == CALL_TREE_NONE && !loader->tree->bare_node))
		return true;
	if (!array_reserve_one(loader->cells, loader->cell_count,
			       loader->cell_capacity))
		return false;
	loader->cells[loader->cell_count++] = (struct cell){
		.thread = thread,
		.site = site,
		.weight = { entry->samples, entry->weight },
	};
	*(thread == CALL_TREE_NONE ? &loader->other_samples :
				     &loader->rows[thread].thread.samples) +=
		entry->samples;
	return true;
}

static bool want_threads(const struct tally *tally, struct id_set *wanted)
{
	for (size_t i = 0; i < tally->count; i++)
		if (tally->entries[i].part_id > 0 &&
		    !id_set_add(wanted, tally->entries[i].part_id))
			return false;
	return true;
}

// "sh (800 threads)"
static bool name_crowd(struct loader *loader, const struct tally_crowd *crowd)
{
	uint32_t index = call_ids_find(&loader->ids, crowd->thread_id);
	struct call_thread *thread;
	char *name;

	if (index == CALL_TREE_NONE || crowd->threads < 2)
		return true;
	thread = &loader->rows[index].thread;
	if (asprintf(&name, "%s (%llu threads)", thread->name,
		     (unsigned long long)crowd->threads) < 0)
		return false;
	free(thread->name);
	thread->name = name;
	return true;
}

static struct error *load_threads(struct loader *loader, sqlite3 *database,
				  const struct tally *tally)
{
	struct id_set wanted = { 0 };
	struct error *error = &error_nomem;

	if (want_threads(tally, &wanted))
		error = call_rows_each(
			database,
			"SELECT t.id, t.name, t.tid, p.name, p.pid "
			"FROM thread AS t LEFT JOIN process AS p "
			"ON p.id = t.process_id "
			"WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id",
			&wanted, add_thread, loader);
	id_set_deinit(&wanted);
	for (size_t i = 0; !error && i < tally->crowd_count; i++)
		if (!name_crowd(loader, &tally->crowds[i]))
			error = &error_nomem;
	for (size_t i = 0; !error && i < tally->count; i++)
		if (!add_entry(loader, &tally->entries[i]))
			error = &error_nomem;
	return error;
}

static int compare_busiest_first(const void *left, const void *right,
				 void *context)
{
	const struct thread_row *rows = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	uint64_t busy_a = rows[a].thread.samples;
	uint64_t busy_b = rows[b].thread.samples;

	if (busy_a != busy_b)
		return busy_a > busy_b ? -1 : 1;
	return (a > b) - (a < b);
}

static bool name_others(struct call_thread *others, uint64_t count)
{
	others->process = strdup("");
	if (asprintf(&others->name, "%llu more threads",
		     (unsigned long long)count) < 0)
		others->name = NULL;
	return others->process && others->name;
}

// Threads get their ranks; those that get a place of their own move there.
static struct error *rank_threads(struct loader *loader,
				  struct call_threads *threads, size_t most)
{
	size_t count = loader->row_count, used = 0;
	_cleanup_free_ uint32_t *order = calloc(count + 1, sizeof(*order));

	threads->threads = calloc(most + 1, sizeof(*threads->threads));
	if (!order || !threads->threads)
		return &error_nomem;
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_busiest_first,
		loader->rows);
	while (used < count && loader->rows[order[used]].thread.samples > 0)
		used++;
	threads->count = loader->last_rank = used < most ? used : most;
	for (size_t i = 0; i < used; i++) {
		struct thread_row *row = &loader->rows[order[i]];

		row->rank = (uint32_t)(i < most ? i : most);
		if (i < most) {
			threads->threads[i] = row->thread;
			row->thread = (struct call_thread){ 0 };
		} else {
			loader->other_samples += row->thread.samples;
			loader->other_count++;
		}
	}
	if (!loader->other_count)
		return NULL;
	threads->threads[threads->count].samples = loader->other_samples;
	return name_others(&threads->threads[threads->count++],
			   loader->other_count) ?
		       NULL :
		       &error_nomem;
}

static uint32_t rank_of(const struct loader *loader, const struct cell *cell)
{
	return cell->thread == CALL_TREE_NONE ?
		       loader->last_rank :
		       loader->rows[cell->thread].rank;
}

/* Cells by the rank of their thread: those of @rank from begins[rank] on. */
struct ranking {
	uint32_t *cells;  /* owned */
	uint32_t *begins; /* owned; one more than there are ranks */
};

static bool rank_cells(const struct loader *loader, struct ranking *ranking)
{
	size_t ranks = (size_t)loader->last_rank + 1;
	_cleanup_free_ uint32_t *ends = calloc(ranks, sizeof(*ends));
	uint32_t sum = 0;

	ranking->cells = calloc(loader->cell_count + 1, sizeof(uint32_t));
	ranking->begins = calloc(ranks + 1, sizeof(uint32_t));
	if (!ends || !ranking->cells || !ranking->begins)
		return false;
	for (size_t i = 0; i < loader->cell_count; i++)
		ends[rank_of(loader, &loader->cells[i])]++;
	for (size_t i = 0; i < ranks; i++) {
		ranking->begins[i] = sum;
		sum += ends[i];
		ends[i] = ranking->begins[i];
	}
	ranking->begins[ranks] = sum;
	for (uint32_t i = 0; i < loader->cell_count; i++)
		ranking->cells[ends[rank_of(loader, &loader->cells[i])]++] = i;
	return true;
}

/* One thread's weight by node, while it is added up. */
struct sums {
	const struct call_tree *tree; /* borrowed */
	struct call_share *shares; /* owned; of each node; all 0 in between */
	uint32_t *touched;	   /* owned; the nodes that are not */
	size_t touched_count;
	bool *is_touched; /* owned */
};

static struct call_share *touch(struct sums *sums, uint32_t node)
{
	if (!sums->is_touched[node]) {
		sums->is_touched[node] = true;
		sums->touched[sums->touched_count++] = node;
	}
	return &sums->shares[node];
}

static void add_cell(struct sums *sums, const struct cell *cell)
{
	const struct call_site *sites = sums->tree->sites;
	uint32_t site = cell->site;
	struct call_share *share;

	share = touch(sums, site == CALL_TREE_NONE ? sums->tree->bare_node :
						     sites[site].node);
	share->self.samples += cell->weight.samples;
	share->self.weight += cell->weight.weight;
	if (site != CALL_TREE_NONE)
		site = sites[site].nearest_doubtful;
	while (site != CALL_TREE_NONE) {
		if (sites[site].doubtful)
			touch(sums, sites[site].node)->doubtful_samples +=
				cell->weight.samples;
		site = sites[site].parent;
		if (site != CALL_TREE_NONE)
			site = sites[site].nearest_doubtful;
	}
}

static int compare_nodes(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static bool take_shares(struct sums *sums, struct call_thread *thread)
{
	size_t count = sums->touched_count;

	thread->shares = calloc(count + 1, sizeof(*thread->shares));
	if (!thread->shares)
		return false;
	thread->share_count = count;
	qsort(sums->touched, count, sizeof(*sums->touched), compare_nodes);
	for (size_t i = 0; i < count; i++) {
		uint32_t node = sums->touched[i];

		thread->shares[i] = sums->shares[node];
		thread->shares[i].node = node;
		sums->shares[node] = (struct call_share){ 0 };
		sums->is_touched[node] = false;
	}
	sums->touched_count = 0;
	return true;
}

static bool add_up(const struct loader *loader, const struct ranking *ranking,
		   struct sums *sums, struct call_threads *threads)
{
	if (!sums->shares || !sums->touched || !sums->is_touched)
		return false;
	for (uint32_t rank = 0; rank < threads->count; rank++) {
		for (uint32_t i = ranking->begins[rank];
		     i < ranking->begins[rank + 1]; i++)
			add_cell(sums, &loader->cells[ranking->cells[i]]);
		if (!take_shares(sums, &threads->threads[rank]))
			return false;
	}
	return true;
}

static struct error *share_out(struct loader *loader,
			       struct call_threads *threads)
{
	size_t count = loader->tree->node_count;
	struct ranking ranking = { NULL, NULL };
	struct sums sums = {
		.tree = loader->tree,
		.shares = calloc(count, sizeof(*sums.shares)),
		.touched = calloc(count, sizeof(*sums.touched)),
		.is_touched = calloc(count, sizeof(*sums.is_touched)),
	};
	bool good;

	good = rank_cells(loader, &ranking) &&
	       add_up(loader, &ranking, &sums, threads);
	free(sums.shares);
	free(sums.touched);
	free(sums.is_touched);
	free(ranking.cells);
	free(ranking.begins);
	return good ? NULL : &error_nomem;
}

struct error *call_threads_load(struct call_threads *threads,
				const struct call_tree *tree, sqlite3 *database,
				const struct tally *tally, size_t most)
{
	struct loader loader = {
		.tree = tree,
		.other_count = tally->other_threads,
	};
	struct error *error;

	*threads = (struct call_threads){ 0 };
	error = load_threads(&loader, database, tally);
	if (!error)
		error = rank_threads(&loader, threads, most);
	if (!error)
		error = share_out(&loader, threads);
	loader_deinit(&loader);
	if (error)
		call_threads_deinit(threads);
	return error_wrap(error, "read the threads");
}
