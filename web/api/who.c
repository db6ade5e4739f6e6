// SPDX-License-Identifier: Apache-2.0
#include "web/api/who.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/read/call_tree_rows.h"
#include "schema/read/id_map.h"
#include "schema/sql.h"

void who_deinit(struct who *who)
{
	thread_sums_deinit(&who->threads);
	free(who->processes_of);
	free(who->processes);
	*who = (struct who){ 0 };
}

uint64_t who_count_threads(const struct thread_sum *thread)
{
	return thread->threads ? thread->threads : 1;
}

/* Whose threads they are, while it is read. */
struct gathering {
	struct id_map places; /* of each process: its index, and 1 */
	size_t at; /* of the threads, where the next row's is */
	struct who *who; /* borrowed */
};

static bool add_process(struct who *who, int64_t id)
{
	if (!array_reserve_one(who->processes, who->process_count,
			       who->process_capacity))
		return false;
	who->processes[who->process_count++] = (struct who_process){
		.id = id,
		.first_id = INT64_MAX,
		.last_id = INT64_MIN,
	};
	return true;
}

// False: no memory.
static bool find_or_add_process(struct gathering *gathering, int64_t id,
				uint32_t *ret)
{
	struct who *who = gathering->who;
	uint32_t *place = id_map_at(&gathering->places, id);

	if (!place)
		return false;
	if (!*place) {
		if (!add_process(who, id))
			return false;
		*place = (uint32_t)who->process_count;
	}
	*ret = *place - 1;
	return true;
}

static void add_to_process(struct who_process *process,
			   const struct thread_sum *thread)
{
	process->weight.samples += thread->samples;
	process->weight.weight += thread->weight;
	process->threads += who_count_threads(thread);
	if (thread->first_id < process->first_id)
		process->first_id = thread->first_id;
	if (thread->last_id > process->last_id)
		process->last_id = thread->last_id;
}

// Columns: id, process_id.
static bool take_thread(void *context, sqlite3_stmt *row)
{
	struct gathering *gathering = context;
	struct who *who = gathering->who;
	const struct thread_sums *threads = &who->threads;
	int64_t id = sqlite3_column_int64(row, 0);
	int64_t process_id = sqlite3_column_int64(row, 1);
	uint32_t process;

	while (gathering->at < threads->count &&
	       threads->sums[gathering->at].id < id)
		gathering->at++;
	if (gathering->at == threads->count || process_id < 1)
		return true;
	if (!find_or_add_process(gathering, process_id, &process))
		return false;
	who->processes_of[gathering->at] = process;
	add_to_process(&who->processes[process],
		       &threads->sums[gathering->at]);
	return true;
}

static struct error *load_processes(struct who *who, sqlite3 *database)
{
	struct gathering gathering = { .who = who };
	struct id_set wanted = { .count = 0 };
	struct error *error = NULL;

	who->processes_of = calloc(who->threads.count + 1,
				   sizeof(*who->processes_of));
	if (!who->processes_of)
		return &error_nomem;
	for (size_t i = 0; i < who->threads.count && !error; i++) {
		who->processes_of[i] = CALL_TREE_NONE;
		if (!id_set_add(&wanted, who->threads.sums[i].id))
			error = &error_nomem;
	}
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, process_id FROM thread WHERE "
				       "id BETWEEN ?1 AND ?2 ORDER BY id",
				       &wanted, take_thread, &gathering);
	id_map_deinit(&gathering.places);
	id_set_deinit(&wanted);
	return error;
}

struct error *who_load(struct who *who, struct profile *profile,
		       const struct selection *selection)
{
	*who = (struct who){ 0 };
	return thread_sums_load(&who->threads, profile_database(profile),
				selection, &who->resolution_ns);
}

struct error *who_load_processes(struct who *who, struct profile *profile,
				 const struct selection *selection)
{
	struct error *error = who_load(who, profile, selection);

	if (!error)
		error = load_processes(who, profile_database(profile));
	if (error)
		who_deinit(who);
	return error;
}

struct error *who_busiest_threads(const struct who *who, size_t most,
				  struct busiest *ret)
{
	if (!busiest_init(ret, most))
		return &error_nomem;
	for (uint32_t i = 0; i < who->threads.count; i++)
		busiest_offer(ret, who->threads.sums[i].weight, i);
	busiest_sort(ret);
	return NULL;
}

struct error *who_busiest_processes(const struct who *who, size_t most,
				    struct busiest *ret)
{
	if (!busiest_init(ret, most))
		return &error_nomem;
	for (uint32_t i = 0; i < who->process_count; i++)
		busiest_offer(ret, who->processes[i].weight.weight, i);
	busiest_sort(ret);
	return NULL;
}
