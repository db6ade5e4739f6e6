// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_model.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"

enum { CALLSITES_MAX = 1000000 };

static struct intern_key key_of(int64_t id)
{
	return (struct intern_key){ .low = (uint64_t)id };
}

static uint32_t find(const struct intern *ids, int64_t id)
{
	uint32_t number = intern_find(ids, key_of(id));

	return number ? number - 1 : TOP_NONE;
}

static void counts_clear(struct top_counts *counts)
{
	free(counts->items);
	intern_deinit(&counts->places);
	memset(counts, 0, sizeof(*counts));
}

static void counts_add(struct top_model *model, struct top_counts *counts,
		       const struct top_count *count)
{
	struct intern_key key = { .low = count->thread,
				  .high = count->callsite };
	uint32_t number = intern_find(&counts->places, key);

	if (!number) {
		if (counts->count >= model->limit ||
		    !array_reserve_one(counts->items, counts->count,
				       counts->capacity)) {
			model->no_memory = true;
			return;
		}
		number = intern_add(&counts->places, key);
		if (!number) {
			model->no_memory = true;
			return;
		}
		counts->items[counts->count++] = (struct top_count){
			.thread = count->thread,
			.callsite = count->callsite,
		};
	}
	counts->items[number - 1].samples += count->samples;
	counts->items[number - 1].weight += count->weight;
	counts->samples += count->samples;
	counts->weight += count->weight;
}

static void move_before(struct top_model *model, struct top_counts *counts)
{
	for (size_t i = 0; i < counts->count; i++)
		counts_add(model, &model->before, &counts->items[i]);
	for (size_t i = 0; i < 3; i++)
		model->before.trust[i] += counts->trust[i];
	counts_clear(counts);
}

static struct error *add_no_stack(struct top_model *model)
{
	struct top_function function = { .kind = STORE_OTHER,
					 .name = (char *)"[no stack]" };

	// No row has this id.
	return top_model_function(model, -1, &function) == TOP_NO_STACK ?
		       NULL :
		       &error_nomem;
}

struct error *top_model_init(struct top_model *model)
{
	memset(model, 0, sizeof(*model));
	model->first_second = -1;
	model->limit = CALLSITES_MAX;
	return add_no_stack(model);
}

void top_model_deinit(struct top_model *model)
{
	for (size_t i = 0; i < model->process_count; i++)
		free(model->processes[i].name);
	for (size_t i = 0; i < model->thread_count; i++)
		free(model->threads[i].name);
	for (size_t i = 0; i < model->function_count; i++) {
		free(model->functions[i].name);
		free(model->functions[i].place);
	}
	free(model->processes);
	free(model->threads);
	free(model->functions);
	free(model->callsites);
	intern_deinit(&model->process_ids);
	intern_deinit(&model->thread_ids);
	intern_deinit(&model->function_ids);
	intern_deinit(&model->callsite_ids);
	for (size_t i = 0; i < TOP_SECONDS; i++)
		counts_clear(&model->seconds[i]);
	counts_clear(&model->before);
	memset(model, 0, sizeof(*model));
}

void top_model_align(struct top_model *model, int64_t time_ns)
{
	if (model->first_second < 0 && time_ns >= 0)
		model->phase_ns = (time_ns + 1) % (int64_t)NS_PER_SEC;
}

struct error *top_model_reset(struct top_model *model)
{
	unsigned int resets = model->resets + 1;
	size_t limit = model->limit;
	struct error *error;

	top_model_deinit(model);
	error = top_model_init(model);
	model->resets = resets;
	model->limit = limit;
	return error;
}

bool top_model_is_full(const struct top_model *model)
{
	return model->no_memory || model->callsite_count >= model->limit ||
	       model->thread_count >= model->limit ||
	       model->function_count >= model->limit ||
	       model->before.count >= model->limit;
}

uint32_t top_model_find_thread(const struct top_model *model, int64_t id)
{
	return find(&model->thread_ids, id);
}

uint32_t top_model_find_callsite(const struct top_model *model, int64_t id)
{
	return find(&model->callsite_ids, id);
}

uint32_t top_model_find_function(const struct top_model *model, int64_t id)
{
	return find(&model->function_ids, id);
}

/* The place of row @id in an (items, count, capacity) trio, new or not. */
#define place_of(model, ids, id, items, count, capacity)                       \
	add_place(model, ids, id, (void **)&(items), &(count), &(capacity),    \
		  sizeof(*(items)))

static uint32_t add_place(struct top_model *model, struct intern *ids,
			  int64_t id, void **items, size_t *count,
			  size_t *capacity, size_t size)
{
	uint32_t place = find(ids, id);

	if (place != TOP_NONE)
		return place;
	if (*count >= model->limit ||
	    !array_reserve(items, capacity, *count + 1, size) ||
	    !intern_add(ids, key_of(id))) {
		model->no_memory = true;
		return TOP_NONE;
	}
	memset((char *)*items + *count * size, 0, size);
	return (uint32_t)(*count)++;
}

// @to keeps what it had without memory.
static void set_text(struct top_model *model, char **to, const char *text)
{
	char *copy;

	if (*to && strcmp(*to, text ? text : "") == 0)
		return;
	copy = strdup(text ? text : "");
	if (!copy) {
		model->no_memory = true;
		return;
	}
	free(*to);
	*to = copy;
}

uint32_t top_model_process(struct top_model *model, int64_t id, pid_t pid,
			   const char *name)
{
	uint32_t place = place_of(model, &model->process_ids, id,
				  model->processes, model->process_count,
				  model->process_capacity);

	if (place == TOP_NONE)
		return TOP_NONE;
	model->processes[place].id = id;
	model->processes[place].pid = pid;
	set_text(model, &model->processes[place].name, name);
	return place;
}

uint32_t top_model_thread(struct top_model *model, int64_t id,
			  uint32_t process, pid_t tid, const char *name,
			  bool chosen)
{
	uint32_t place = place_of(model, &model->thread_ids, id, model->threads,
				  model->thread_count, model->thread_capacity);

	if (place == TOP_NONE)
		return TOP_NONE;
	model->threads[place].id = id;
	model->threads[place].process = process;
	model->threads[place].tid = tid;
	model->threads[place].chosen = chosen;
	set_text(model, &model->threads[place].name, name);
	return place;
}

uint32_t top_model_function(struct top_model *model, int64_t id,
			    const struct top_function *function)
{
	uint32_t place = place_of(model, &model->function_ids, id,
				  model->functions, model->function_count,
				  model->function_capacity);

	if (place == TOP_NONE)
		return TOP_NONE;
	model->functions[place].kind = function->kind;
	model->functions[place].first_line = function->first_line;
	set_text(model, &model->functions[place].name, function->name);
	set_text(model, &model->functions[place].place, function->place);
	return place;
}

uint32_t top_model_callsite(struct top_model *model, int64_t id,
			    uint32_t parent, uint32_t function)
{
	uint32_t place = place_of(model, &model->callsite_ids, id,
				  model->callsites, model->callsite_count,
				  model->callsite_capacity);

	if (place == TOP_NONE)
		return TOP_NONE;
	model->callsites[place].parent =
		parent < place ? parent : (uint32_t)TOP_NONE;
	model->callsites[place].function = function;
	return place;
}

// From 0 on for times from 0 on.
static int64_t second_of(const struct top_model *model, int64_t time_ns)
{
	int64_t since = time_ns - model->phase_ns + (int64_t)NS_PER_SEC;

	return since >= 0 ? since / (int64_t)NS_PER_SEC : -1;
}

void top_model_advance(struct top_model *model, int64_t time_ns)
{
	int64_t second = second_of(model, time_ns);

	if (second < 0)
		return;
	if (model->first_second < 0)
		model->first_second = model->last_second = second;
	// A gap wider than the ring leaves nothing of it.
	if (second - model->last_second > TOP_SECONDS)
		model->last_second = second - TOP_SECONDS;
	while (model->last_second < second) {
		model->last_second++;
		move_before(model, &model->seconds[model->last_second %
						   TOP_SECONDS]);
	}
}

static bool is_known(const struct top_model *model, int64_t second)
{
	return second >= 0 && second <= model->last_second &&
	       second > model->last_second - TOP_SECONDS;
}

const struct top_counts *top_model_second(const struct top_model *model,
					  int64_t second)
{
	return is_known(model, second) ?
		       &model->seconds[second % TOP_SECONDS] :
		       NULL;
}

void top_model_sample(struct top_model *model, const struct top_sample *sample)
{
	int64_t second = second_of(model, sample->time_ns);
	struct top_count count = {
		.thread = sample->thread,
		.callsite = sample->callsite,
		.samples = 1,
		.weight = sample->weight,
	};
	struct top_counts *counts = &model->before;

	if (sample->thread >= model->thread_count)
		return;
	top_model_advance(model, sample->time_ns);
	if (is_known(model, second))
		counts = &model->seconds[second % TOP_SECONDS];
	if (second < model->first_second)
		model->first_second = second;
	counts_add(model, counts, &count);
	counts->trust[sample->trust]++;
}
