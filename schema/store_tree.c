// SPDX-License-Identifier: Apache-2.0
#include "schema/store.h"

#include <string.h>

#include "base/array.h"
#include "schema/store_state.h"

// A function that called itself, directly or not, counts once a sample: only
// its outermost node does.
static bool is_recursive(const struct store_tree *tree, uint32_t parent,
			 uint32_t function_id)
{
	while (parent) {
		if (tree->nodes[parent - 1].function_id == function_id)
			return true;
		parent = tree->intern.keys[parent - 1].low >> 32;
	}
	return false;
}

static uint32_t add_node(struct store_tree *tree, uint32_t parent,
			 uint32_t frame, struct intern_key key)
{
	uint32_t function_id = tree->function_of_frame[frame - 1];
	uint32_t id;

	if (!array_reserve_one(tree->nodes, tree->count, tree->capacity))
		return 0;
	id = intern_add(&tree->intern, key);
	if (!id)
		return 0;
	tree->nodes[tree->count++] = (struct store_callsite){
		.function_id = function_id,
		.depth = parent ? tree->nodes[parent - 1].depth + 1 : 0,
		.recursive = is_recursive(tree, parent, function_id),
	};
	return id;
}

int64_t store_callsite(struct store *store, int64_t event_id,
		       int64_t parent_id, int64_t frame_id)
{
	struct store_tree *tree = &store->tree;
	struct intern_key key = {
		.low = (uint64_t)parent_id << 32 | (uint64_t)frame_id,
	};
	uint32_t id = intern_find(&tree->intern, key);

	(void)event_id;
	if (id)
		return id;
	if (frame_id <= 0 || (size_t)frame_id > tree->frame_count ||
	    parent_id < 0 || (size_t)parent_id > tree->count)
		return 0;
	if (tree->count >= store->callsites_max) {
		// The stack is cut here rather than put elsewhere.
		store->full_tables++;
		return parent_id;
	}
	id = add_node(tree, (uint32_t)parent_id, (uint32_t)frame_id, key);
	if (!id)
		store->out_of_memory = true;
	return id;
}

static bool same_text(const char *a, const char *b)
{
	if (a == b)
		return true;
	return a && b && strcmp(a, b) == 0;
}

static uint32_t find_outcome(struct store *store,
			     const struct store_sample *sample)
{
	struct store_outcome *outcome = store->outcomes;
	const char *walk_end = sample->walk_end ? sample->walk_end : "";

	for (size_t i = 0; i < store->outcome_count; i++, outcome++)
		if (outcome->trust == sample->trust &&
		    same_text(outcome->reason, sample->trust_reason) &&
		    same_text(outcome->walk_end, walk_end))
			return (uint32_t)i;
	// Reasons are constants of this program: the table never fills.
	if (store->outcome_count == STORE_OUTCOMES_MAX)
		return STORE_OUTCOMES_MAX - 1;
	*outcome = (struct store_outcome){
		.trust = sample->trust,
		.reason = sample->trust_reason,
		.walk_end = walk_end,
	};
	return (uint32_t)store->outcome_count++;
}

static uint32_t known_id(int64_t id, size_t count)
{
	return id > 0 && (uint64_t)id <= count ? (uint32_t)id : 0;
}

void store_add_sample(struct store *store, const struct store_sample *sample)
{
	struct store_pending_sample pending = {
		.offset_ns =
			(int64_t)(sample->time_ns - (uint64_t)store->start_ns),
		.weight_ns = sample->weight,
		.thread_id = known_id(sample->thread_id,
				      store->rows[TABLE_THREAD].intern.count),
		.callsite_id = known_id(sample->callsite_id, store->tree.count),
		.cpu = sample->cpu,
	};
	struct store_callsite *node;

	if (store->sample_count >= store->pending_max ||
	    !array_reserve_one(store->samples, store->sample_count,
			       store->sample_capacity)) {
		store->dropped_samples++;
		return;
	}
	pending.outcome = find_outcome(store, sample);
	store->outcomes[pending.outcome].samples++;
	store->outcomes[pending.outcome].dirty = true;
	store->samples[store->sample_count++] = pending;
	if (!pending.callsite_id)
		return;
	node = &store->tree.nodes[pending.callsite_id - 1];
	node->self_samples++;
	node->self_ns += sample->weight;
	node->carry_samples++;
	node->carry_ns += sample->weight;
}

uint64_t store_pending(const struct store *store)
{
	return store->sample_count;
}

static struct store_counter *find_counter(struct store *store, const char *name)
{
	struct store_counter counter = { 0 };

	for (size_t i = 0; i < store->counter_count; i++)
		if (strcmp(store->counters[i].name, name) == 0)
			return &store->counters[i];
	if (store->counter_count == STORE_HEALTH_MAX ||
	    !array_reserve_one(store->counters, store->counter_count,
			       store->counter_capacity))
		return NULL;
	counter.name = strdup(name);
	if (!counter.name)
		return NULL;
	store->counters[store->counter_count] = counter;
	return &store->counters[store->counter_count++];
}

void store_set_health(struct store *store, const char *name, int64_t value,
		      const char *meaning)
{
	struct store_counter *counter = find_counter(store, name);
	char *copy;

	if (!counter) {
		store->out_of_memory = true;
		return;
	}
	if (!counter->meaning || strcmp(counter->meaning, meaning) != 0) {
		copy = strdup(meaning);
		if (!copy) {
			store->out_of_memory = true;
			return;
		}
		free(counter->meaning);
		counter->meaning = copy;
		counter->dirty = true;
	}
	counter->dirty |= counter->value != value;
	counter->value = value;
}
