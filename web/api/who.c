// SPDX-License-Identifier: Apache-2.0
#include "web/api/who.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/read/call_tree_rows.h"
#include "schema/read/id_map.h"
#include "schema/read/same_rows.h"
#include "schema/sql.h"

/* Whose rows they are, while that is found out. */
struct gathering {
	struct who *who;      /* borrowed */
	int64_t *ids;	      /* owned; of each of threads: its row, or that
			       * of its process; 0: not known */
	struct same_rows threads; /* owned */
	struct id_map places; /* of each row of those: its index, and 1 */
	size_t at;	      /* of the threads, where the next row's is */
};

typedef struct error *(*same_rows_fn)(struct same_rows *same, sqlite3 *database,
				      const struct id_set *wanted);

void who_deinit(struct who *who)
{
	thread_sums_deinit(&who->threads);
	free(who->one_of);
	free(who->ones);
	*who = (struct who){ 0 };
}

static bool add_one(struct who *who, int64_t id)
{
	if (!array_reserve_one(who->ones, who->count, who->capacity))
		return false;
	who->ones[who->count++] = (struct who_one){
		.id = id,
		.first_id = INT64_MAX,
		.last_id = INT64_MIN,
	};
	return true;
}

// False: no memory.
static bool find_or_add_one(struct gathering *gathering, int64_t id,
			    uint32_t *ret)
{
	struct who *who = gathering->who;
	uint32_t *place = id_map_at(&gathering->places, id);

	if (!place)
		return false;
	if (!*place) {
		if (!add_one(who, id))
			return false;
		*place = (uint32_t)who->count;
	}
	*ret = *place - 1;
	return true;
}

// A thread with several rows is counted with its latest.
static void add_thread(struct who_one *one, const struct thread_sum *thread,
		       const struct same_rows *same)
{
	one->weight.samples += thread->samples;
	one->weight.weight += thread->weight;
	if (same_rows_latest(same, thread->id) == thread->id)
		one->threads += thread->threads ? thread->threads : 1;
	if (thread->first_id < one->first_id)
		one->first_id = thread->first_id;
	if (thread->last_id > one->last_id)
		one->last_id = thread->last_id;
}

// Columns: id, process_id.
static bool take_process_id(void *context, sqlite3_stmt *row)
{
	struct gathering *gathering = context;
	const struct thread_sums *threads = &gathering->who->threads;
	int64_t id = sqlite3_column_int64(row, 0);

	// Those that no row is of have no process that is known.
	while (gathering->at < threads->count &&
	       threads->sums[gathering->at].id < id)
		gathering->ids[gathering->at++] = 0;
	if (gathering->at < threads->count)
		gathering->ids[gathering->at++] = sqlite3_column_int64(row, 1);
	return true;
}

static struct error *read_process_ids(struct gathering *gathering,
				      sqlite3 *database)
{
	const struct thread_sums *threads = &gathering->who->threads;
	struct id_set wanted = { .count = 0 };
	struct error *error = NULL;

	for (size_t i = 0; i < threads->count && !error; i++)
		if (!id_set_add(&wanted, threads->sums[i].id))
			error = &error_nomem;
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, process_id FROM thread WHERE "
				       "id BETWEEN ?1 AND ?2 ORDER BY id",
				       &wanted, take_process_id, gathering);
	while (gathering->at < threads->count)
		gathering->ids[gathering->at++] = 0;
	id_set_deinit(&wanted);
	return error;
}

static struct error *find_same(const struct gathering *gathering,
			       sqlite3 *database, same_rows_fn find,
			       struct same_rows *ret)
{
	struct id_set wanted = { .count = 0 };
	struct error *error = NULL;

	for (size_t i = 0; i < gathering->who->threads.count && !error; i++)
		if (!id_set_add(&wanted, gathering->ids[i]))
			error = &error_nomem;
	if (!error)
		error = find(ret, database, &wanted);
	id_set_deinit(&wanted);
	return error;
}

static struct error *add_up(struct gathering *gathering,
			    const struct same_rows *same)
{
	struct who *who = gathering->who;

	who->one_of = calloc(who->threads.count + 1, sizeof(*who->one_of));
	if (!who->one_of)
		return &error_nomem;
	for (size_t i = 0; i < who->threads.count; i++) {
		int64_t id = same_rows_latest(same, gathering->ids[i]);
		uint32_t *one = &who->one_of[i];

		*one = CALL_TREE_NONE;
		if (id < 1)
			continue;
		if (!find_or_add_one(gathering, id, one))
			return &error_nomem;
		add_thread(&who->ones[*one], &who->threads.sums[i],
			   &gathering->threads);
	}
	return NULL;
}

static struct error *load_threads(struct gathering *gathering, struct who *who,
				  struct profile *profile,
				  const struct selection *selection)
{
	sqlite3 *database = profile_database(profile);
	struct error *error;

	*who = (struct who){ 0 };
	*gathering = (struct gathering){ .who = who };
	error = thread_sums_load(&who->threads, database, selection,
				 &who->resolution_ns);
	if (error)
		return error;
	gathering->ids = calloc(who->threads.count + 1,
				sizeof(*gathering->ids));
	if (!gathering->ids)
		return &error_nomem;
	for (size_t i = 0; i < who->threads.count; i++)
		gathering->ids[i] = who->threads.sums[i].id;
	return find_same(gathering, database, same_rows_of_threads,
			 &gathering->threads);
}

static struct error *add_up_processes(struct gathering *gathering,
				      sqlite3 *database)
{
	struct same_rows same = { .count = 0 };
	struct error *error = read_process_ids(gathering, database);

	if (!error)
		error = find_same(gathering, database, same_rows_of_processes,
				  &same);
	if (!error)
		error = add_up(gathering, &same);
	same_rows_deinit(&same);
	return error;
}

static struct error *finish(struct gathering *gathering, struct error *error)
{
	free(gathering->ids);
	same_rows_deinit(&gathering->threads);
	id_map_deinit(&gathering->places);
	if (error)
		who_deinit(gathering->who);
	return error;
}

struct error *who_load_threads(struct who *who, struct profile *profile,
			       const struct selection *selection)
{
	struct gathering gathering;
	struct error *error = load_threads(&gathering, who, profile, selection);

	if (!error)
		error = add_up(&gathering, &gathering.threads);
	return finish(&gathering, error);
}

struct error *who_load_processes(struct who *who, struct profile *profile,
				 const struct selection *selection)
{
	struct gathering gathering;
	struct error *error = load_threads(&gathering, who, profile, selection);

	if (!error)
		error = add_up_processes(&gathering, profile_database(profile));
	return finish(&gathering, error);
}

struct error *who_busiest(const struct who *who, size_t most,
			  struct busiest *ret)
{
	if (!busiest_init(ret, most))
		return &error_nomem;
	for (uint32_t i = 0; i < who->count; i++)
		busiest_offer(ret, who->ones[i].weight.weight, i);
	busiest_sort(ret);
	return NULL;
}
