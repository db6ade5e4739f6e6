// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <string.h>

#include "base/array.h"
#include "schema/store/store_parts.h"

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

static uint32_t add_node(struct store_tree *tree, uint32_t event,
			 uint32_t parent, uint32_t frame, struct intern_key key)
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
		.event = parent ? tree->nodes[parent - 1].event : event,
		.depth = parent ? tree->nodes[parent - 1].depth + 1 : 0,
		.recursive = is_recursive(tree, parent, function_id),
	};
	return id;
}

// The number of what @id names, or 0: not of this era, or of none.
static uint32_t known_number(int64_t id, int64_t base, size_t count)
{
	return id > base && (uint64_t)(id - base) <= count ?
		       (uint32_t)(id - base) :
		       0;
}

int64_t store_callsite(struct store *store, int64_t event_id,
		       int64_t parent_id, int64_t frame_id)
{
	struct store_tree *tree = &store->tree;
	uint32_t parent = known_number(parent_id, tree->base, tree->count);
	uint32_t frame = known_number(frame_id, store->rows[TABLE_FRAME].base,
				      tree->frame_count);
	uint32_t event = parent ? 0 : store_event_index(store, event_id);
	struct intern_key key = {
		.low = (uint64_t)parent << 32 | frame,
		.high = event,
	};
	uint32_t number;

	if (!frame || (!parent && parent_id != 0))
		return 0;
	number = intern_find(&tree->intern, key);
	if (number)
		return tree->base + number;
	if (tree->count >= store->callsites_max) {
		// The stack is cut here rather than put elsewhere.
		store->full_tables++;
		return parent_id;
	}
	number = add_node(tree, event, parent, frame, key);
	if (number)
		return tree->base + number;
	store->out_of_memory = true;
	return 0;
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
		    outcome->gil == sample->gil &&
		    same_text(outcome->reason, sample->trust_reason) &&
		    same_text(outcome->walk_end, walk_end))
			return (uint32_t)i;
	// Reasons are constants of this program: the table never fills.
	if (store->outcome_count == STORE_OUTCOMES_MAX)
		return STORE_OUTCOMES_MAX - 1;
	*outcome = (struct store_outcome){
		.trust = sample->trust,
		.gil = sample->gil,
		.reason = sample->trust_reason,
		.walk_end = walk_end,
	};
	return (uint32_t)store->outcome_count++;
}

// Samples without frames have no node; those of other events than the first
// would then not say which event it was.
static int64_t no_stack(struct store *store, uint32_t index)
{
	struct store_event *event = &store->events[index];
	int64_t function, frame;

	if (event->row_id == 1)
		return 0;
	if (event->no_stack > store->tree.base)
		return event->no_stack;
	function = store_function(store, STORE_OTHER, "[no stack]", NULL, 0, 0);
	frame = store_frame(store, function, STORE_EXACT, 0, 0);
	event->no_stack = store_callsite(store, (int64_t)index + 1, 0, frame);
	return event->no_stack;
}

// Adds or takes back: the weights above the node follow with the next commit.
static void count_sample(struct store *store,
			 const struct store_pending_sample *sample, int sign)
{
	struct store_outcome *outcome = &store->outcomes[sample->outcome];
	int64_t weight = sign * (int64_t)sample->weight;
	struct store_callsite *node;

	outcome->samples += (uint64_t)sign;
	outcome->dirty = true;
	if (!sample->callsite)
		return;
	node = &store->tree.nodes[sample->callsite - 1];
	node->self_samples += (uint64_t)sign;
	node->self_ns += (uint64_t)weight;
	node->carry_samples += sign;
	node->carry_ns += weight;
	node->dirty = true;
}

// Of all samples, the oldest say the least about now.
static void drop_oldest(struct store *store)
{
	size_t count = store->sample_count / 16 + 1;
	struct store_gap *gap = &store->gap;

	if (!gap->samples)
		gap->from_id = store->samples[0].offset_ns;
	gap->until_id = store->samples[count - 1].offset_ns;
	gap->samples += count;
	for (size_t i = 0; i < count; i++)
		count_sample(store, &store->samples[i], -1);
	memmove(store->samples, store->samples + count,
		(store->sample_count - count) * sizeof(*store->samples));
	store->sample_count -= count;
	store->dropped_samples += count;
}

static uint32_t thread_number(const struct store *store, int64_t id)
{
	const struct store_rows *threads = &store->rows[TABLE_THREAD];

	return known_number(id, threads->base, threads->intern.count);
}

void store_add_sample(struct store *store, const struct store_sample *sample)
{
	const struct store_tree *tree = &store->tree;
	uint32_t event = store_event_index(store, sample->event_id);
	struct store_pending_sample pending = {
		.offset_ns = store_time(store, sample->time_ns),
		.weight = sample->weight,
		.thread = thread_number(store, sample->thread_id),
		.callsite = known_number(sample->callsite_id, tree->base,
					 tree->count),
		.cpu = sample->cpu,
		.gil_holder =
			thread_number(store, sample->gil_holder_thread_id),
		.waker = thread_number(store, sample->waker_thread_id),
		.every = sample->every < UINT32_MAX ? (uint32_t)sample->every :
						      UINT32_MAX,
	};

	if (!pending.callsite) {
		int64_t id = no_stack(store, event);

		pending.callsite = known_number(id, tree->base, tree->count);
	}
	if (pending.callsite)
		event = tree->nodes[pending.callsite - 1].event;
	pending.event = (uint16_t)event;
	if (store->sample_count >= store->pending_max)
		drop_oldest(store);
	if (!array_reserve_one(store->samples, store->sample_count,
			       store->sample_capacity)) {
		store->dropped_samples++;
		return;
	}
	pending.outcome = (uint16_t)find_outcome(store, sample);
	store->samples[store->sample_count++] = pending;
	count_sample(store, &pending, 1);
	if (pending.offset_ns > store->now_id)
		store->now_id = pending.offset_ns;
}

uint64_t store_dropped(const struct store *store)
{
	return store->dropped_samples;
}

uint64_t store_pending(const struct store *store)
{
	return store->sample_count;
}

static struct store_counter *find_counter(struct store *store, const char *name)
{
	struct store_counter counter = { 0 };

	// They come in the same order each time.
	for (size_t i = 0; i < store->counter_count; i++) {
		size_t at = (store->counter_next + i) % store->counter_count;

		if (strcmp(store->counters[at].name, name) != 0)
			continue;
		store->counter_next = at + 1;
		return &store->counters[at];
	}
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
