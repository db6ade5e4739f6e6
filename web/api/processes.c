// SPDX-License-Identifier: Apache-2.0
// Who did it: processes, threads, and the words that filters can name.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "schema/sql.h"
#include "web/api/who.h"

enum {
	LIMIT_MOST = 5000,
	APART_SAMPLES_MAX = 4000000,
};

/* Samples by trust, where all of its threads were looked at. */
struct trust {
	uint64_t samples[STORE_TRUST_NATIVE + 1];
	bool known;
};

/* Everything that the answers here are made of. */
struct people {
	struct selection selection;
	struct who who;
	struct busiest shown; /* those that there are rows of */
	struct trust *trusts; /* owned; of each row */
};

/* What is listed: one row each. */
struct listing {
	struct error *(*load)(struct who *who, struct profile *profile,
			      const struct selection *selection);
	struct error *(*prepare)(sqlite3 *database, sqlite3_stmt **ret);
	void (*write_facts)(struct json *json, const struct who_facts *facts);
};

/* What stacks the threads of some rows had. */
struct looking {
	struct people *people; /* borrowed */
	uint32_t *rows; /* owned; of each that is listed: the row, and 1 */
	size_t *thread_counts; /* owned; of each row */
	struct id_set threads;
	struct tally tally;
	struct call_tree tree;
};

static void people_deinit(struct people *people)
{
	selection_deinit(&people->selection);
	who_deinit(&people->who);
	busiest_deinit(&people->shown);
	free(people->trusts);
}

static void looking_deinit(struct looking *looking)
{
	free(looking->rows);
	free(looking->thread_counts);
	id_set_deinit(&looking->threads);
	tally_deinit(&looking->tally);
	call_tree_deinit(&looking->tree);
}

// The row of a thread, or CALL_TREE_NONE.
static uint32_t row_of(const struct looking *looking, size_t thread)
{
	uint32_t listed = looking->people->who.one_of[thread];

	return listed == CALL_TREE_NONE || !looking->rows[listed] ?
		       CALL_TREE_NONE :
		       looking->rows[listed] - 1;
}

static bool number_rows(struct looking *looking)
{
	const struct who *who = &looking->people->who;
	const struct busiest *shown = &looking->people->shown;
	uint32_t row;

	looking->rows = calloc(who->count + 1, sizeof(*looking->rows));
	looking->thread_counts =
		calloc(shown->count + 1, sizeof(*looking->thread_counts));
	if (!looking->rows || !looking->thread_counts)
		return false;
	for (uint32_t i = 0; i < shown->count; i++)
		looking->rows[shown->entries[i].index] = i + 1;
	for (size_t i = 0; i < who->threads.count; i++)
		if ((row = row_of(looking, i)) != CALL_TREE_NONE)
			looking->thread_counts[row]++;
	return true;
}

// The busiest rows with all of their threads, as far as these are not too many.
static bool choose_threads(struct looking *looking)
{
	struct people *people = looking->people;
	size_t room = TALLY_THREADS;
	uint32_t row;

	for (size_t i = 0; i < people->shown.count; i++) {
		people->trusts[i].known = looking->thread_counts[i] <= room;
		if (people->trusts[i].known)
			room -= looking->thread_counts[i];
	}
	for (size_t i = 0; i < people->who.threads.count; i++)
		if ((row = row_of(looking, i)) != CALL_TREE_NONE &&
		    people->trusts[row].known &&
		    !id_set_add(&looking->threads,
				people->who.threads.sums[i].id))
			return false;
	return true;
}

static enum store_trust trust_of(const struct call_tree *tree,
				 int64_t callsite_id)
{
	uint32_t site = call_ids_find(&tree->callsites, callsite_id);

	return site == CALL_TREE_NONE ? STORE_TRUST_NATIVE :
					tree->sites[site].trust;
}

static int compare_thread(const void *key, const void *member)
{
	int64_t id = *(const int64_t *)key;
	const struct thread_sum *sum = member;

	return (id > sum->id) - (id < sum->id);
}

static void add_trust(struct looking *looking, const struct tally_entry *entry)
{
	const struct thread_sums *threads = &looking->people->who.threads;
	const struct thread_sum *sum = NULL;
	uint32_t row;

	if (threads->count)
		sum = bsearch(&entry->part_id, threads->sums, threads->count,
			      sizeof(*sum), compare_thread);
	if (!sum)
		return;
	row = row_of(looking, (size_t)(sum - threads->sums));
	if (row != CALL_TREE_NONE)
		looking->people->trusts[row].samples[trust_of(
			&looking->tree, entry->callsite_id)] += entry->samples;
}

// Reading more samples one by one takes longer than people wait.
static bool are_too_many(const struct people *people)
{
	uint64_t samples = 0;

	for (size_t i = 0; i < people->who.threads.count; i++)
		samples += people->who.threads.sums[i].samples;
	return people->selection.whole_recording && samples > APART_SAMPLES_MAX;
}

static struct error *look(struct looking *looking, sqlite3 *database)
{
	const struct selection *selection = &looking->people->selection;
	struct error *error = NULL;

	if (!number_rows(looking) || !choose_threads(looking))
		return &error_nomem;
	error = tally_load_threads(&looking->tally, database, selection,
				   &looking->threads);
	if (!error)
		error = call_tree_load(&looking->tree, database, selection,
				       &looking->tally, CALL_TREE_HEAVY_FIRST);
	for (size_t i = 0; !error && i < looking->tally.count; i++)
		add_trust(looking, &looking->tally.entries[i]);
	return error;
}

static struct error *load_trusts(struct people *people, sqlite3 *database)
{
	struct looking looking = { .people = people };
	struct error *error;

	people->trusts = calloc(people->shown.count + 1,
				sizeof(*people->trusts));
	if (!people->trusts)
		return &error_nomem;
	if (are_too_many(people))
		return NULL;
	error = look(&looking, database);
	looking_deinit(&looking);
	return error;
}

static struct error *people_load(struct people *people,
				 const struct listing *listing,
				 struct profile *profile, size_t limit)
{
	struct error *error;

	*people = (struct people){ 0 };
	error = profile_selection(profile, &people->selection);
	if (!error)
		error = listing->load(&people->who, profile,
				      &people->selection);
	if (!error)
		error = who_busiest(&people->who, limit, &people->shown);
	if (!error)
		error = load_trusts(people, profile_database(profile));
	if (error)
		people_deinit(people);
	return error;
}

static void write_trust(struct json *json, const struct trust *trust)
{
	static const char *const names[] = {
		[STORE_TRUST_PROVEN] = "proven",
		[STORE_TRUST_UNPROVEN] = "unproven",
		[STORE_TRUST_NATIVE] = "native",
	};

	for (int i = 0; i <= STORE_TRUST_NATIVE; i++) {
		if (trust->known)
			json_integer(json, names[i],
				     (int64_t)trust->samples[i]);
		else
			json_text(json, names[i], NULL);
	}
}

static void write_seen(struct json *json, const struct who_facts *facts)
{
	json_integer(json, "seen_from_us", facts->seen_from_us);
	json_integer(json, "seen_to_us", facts->seen_to_us);
}

static void write_process_facts(struct json *json,
				const struct who_facts *facts)
{
	json_text(json, "process", facts->process);
	json_integer(json, "pid", facts->pid);
	json_text(json, "command", facts->command);
	json_text(json, "executable", facts->executable);
	json_text(json, "python", facts->python);
	json_text(json, "user", facts->user);
	if (facts->uid >= 0)
		json_integer(json, "uid", facts->uid);
	else
		json_text(json, "uid", NULL);
	json_text(json, "cgroup", facts->cgroup);
	json_text(json, "container", facts->container);
	json_text(json, "systemd_unit", facts->unit);
	if (facts->started_us)
		json_integer(json, "started_us", facts->started_us);
	else
		json_text(json, "started_us", NULL);
	write_seen(json, facts);
}

static void write_thread_facts(struct json *json, const struct who_facts *facts)
{
	json_text(json, "thread", facts->thread);
	json_integer(json, "tid", facts->tid);
	json_text(json, "process", facts->process);
	json_integer(json, "pid", facts->pid);
	json_text(json, "user", facts->user);
	json_text(json, "cgroup", facts->cgroup);
	write_seen(json, facts);
}

static struct error *write_row(const struct listing *listing, struct json *json,
			       sqlite3_stmt *statement,
			       const struct people *people, size_t row)
{
	const struct who_one *one =
		&people->who.ones[people->shown.entries[row].index];
	struct who_facts facts;
	struct error *error = who_read_facts(statement, one->id, one->first_id,
					     one->last_id, &facts);

	if (error)
		return error;
	json_open(json, NULL, '{');
	listing->write_facts(json, &facts);
	json_integer(json, "samples", (int64_t)one->weight.samples);
	json_integer(json, "weight", (int64_t)one->weight.weight);
	json_integer(json, "threads", (int64_t)one->threads);
	write_trust(json, &people->trusts[row]);
	json_close(json, '}');
	who_facts_deinit(&facts);
	return NULL;
}

static struct error *write_rows(const struct listing *listing,
				struct json *json, sqlite3 *database,
				const struct people *people)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = listing->prepare(database, &statement);

	for (size_t i = 0; i < people->shown.count && !error; i++)
		error = write_row(listing, json, statement, people, i);
	return error;
}

static struct error *answer_people(struct api_call *call,
				   const struct listing *listing)
{
	struct json json = { .out = call->out };
	struct people people;
	uint64_t limit;
	struct error *error = api_select_rows(call, LIMIT_MOST, &limit);

	if (!error)
		error = people_load(&people, listing, call->profile, limit);
	if (error)
		return error;
	json_open(&json, NULL, '{');
	api_write_selection(&json, call, &people.selection,
			    people.who.resolution_ns);
	json_integer(&json, "count", (int64_t)people.who.count);
	json_open(&json, "rows", '[');
	error = write_rows(listing, &json, profile_database(call->profile),
			   &people);
	json_close(&json, ']');
	json_close(&json, '}');
	people_deinit(&people);
	return error;
}

struct error *answer_processes(struct api_call *call)
{
	static const struct listing listing = {
		who_load_processes, who_prepare_processes, write_process_facts,
	};

	return answer_people(call, &listing);
}

struct error *answer_threads(struct api_call *call)
{
	static const struct listing listing = {
		who_load_threads, who_prepare_threads, write_thread_facts,
	};

	return answer_people(call, &listing);
}
