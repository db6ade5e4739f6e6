// SPDX-License-Identifier: Apache-2.0
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

static uint32_t parent_of(const struct store_tree *tree, size_t index)
{
	return tree->intern.keys[index].low >> 32;
}

// A parent's id is smaller than its children's, so one sweep from the end
// carries every new weight up to the roots.
static void carry_weights(struct store_tree *tree)
{
	for (size_t i = tree->count; i-- > 0;) {
		struct store_callsite *node = &tree->nodes[i];
		uint32_t parent = parent_of(tree, i);

		if (!node->carry_samples && !node->carry_ns)
			continue;
		node->total_samples += (uint64_t)(int64_t)node->carry_samples;
		node->total_ns += (uint64_t)node->carry_ns;
		if (parent) {
			tree->nodes[parent - 1].carry_samples +=
				node->carry_samples;
			tree->nodes[parent - 1].carry_ns += node->carry_ns;
		}
		node->carry_samples = 0;
		node->carry_ns = 0;
		node->dirty = true;
	}
}

static struct error *write_callsite(struct store *store, size_t index)
{
	const struct store_tree *tree = &store->tree;
	const struct store_callsite *node = &tree->nodes[index];
	bool new = index >= tree->written;
	sqlite3_stmt *statement =
		store->statements[new ? STATEMENT_INSERT_CALLSITE :
					STATEMENT_UPDATE_CALLSITE];

	sqlite3_bind_int64(statement, 1, tree->base + (int64_t)index + 1);
	sqlite3_bind_int64(statement, 2, (int64_t)node->self_samples);
	sqlite3_bind_int64(statement, 3, (int64_t)node->self_ns);
	sqlite3_bind_int64(statement, 4, (int64_t)node->total_samples);
	sqlite3_bind_int64(statement, 5, (int64_t)node->total_ns);
	if (new) {
		uint32_t parent = parent_of(tree, index);
		uint32_t frame = (uint32_t)tree->intern.keys[index].low;

		sqlite3_bind_int64(statement, 6,
				   parent ? tree->base + parent : 0);
		sqlite3_bind_int64(statement, 7,
				   store->rows[TABLE_FRAME].base + frame);
		sqlite3_bind_int64(statement, 8, node->depth);
		sqlite3_bind_int64(statement, 9, node->recursive);
		sqlite3_bind_int64(statement, 10,
				   store->events[node->event].row_id);
	}
	return sql_step(store->database, statement);
}

// In a recording all weights are right after each commit. A store that goes on
// writes them now and then, a part at a time: who asks it for a span of time
// counts samples and rollups.
struct error *store_write_callsites(struct store *store)
{
	struct store_tree *tree = &store->tree;
	struct error *error;

	if (!store->continued || store->ending)
		carry_weights(tree);
	for (size_t i = store->continued && !store->ending ? tree->written : 0;
	     i < tree->count; i++) {
		if (i < tree->written && !tree->nodes[i].dirty)
			continue;
		error = write_callsite(store, i);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_some(struct store *store, void *next)
{
	enum { NODES = 2000, LOOKED_AT = 50000 };
	const struct store_tree *tree = &store->tree;
	size_t *at = next, end = *at + LOOKED_AT;
	int left = NODES;

	for (; *at < tree->written && *at < end && left > 0; ++*at) {
		struct error *error;

		if (!tree->nodes[*at].dirty)
			continue;
		error = write_callsite(store, *at);
		if (error)
			return error;
		left--;
	}
	return NULL;
}

struct error *store_write_weights(struct store *store, bool *more)
{
	struct store_tree *tree = &store->tree;
	size_t from, at;
	struct error *error;

	if (!store->weights_at)
		return NULL;
	from = at = store->weights_at - 1;
	if (from == 0)
		carry_weights(tree);
	error = store_transact(store, write_some, &at);
	if (error)
		return error;
	for (size_t i = from; i < at; i++)
		tree->nodes[i].dirty = false;
	store->weights_at = at < tree->written ? at + 1 : 0;
	*more = store->weights_at != 0;
	return NULL;
}
