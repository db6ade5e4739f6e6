// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_parts.h"

static void forget_pending(struct store_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		for (size_t t = 0; t < STORE_ROW_TEXTS; t++)
			free(rows->pending[i].text[t]);
	rows->count = 0;
}

static void forget_rows(struct store_rows *rows)
{
	forget_pending(rows);
	free(rows->pending);
	free(rows->ids);
	if (!rows->kept)
		rows->base += (int64_t)rows->intern.count;
	intern_deinit(&rows->intern);
	rows->pending = NULL;
	rows->ids = NULL;
	rows->count = rows->capacity = rows->id_capacity = 0;
	rows->overflow_id = 0;
}

static void forget_no_stack(struct store *store)
{
	for (size_t i = 0; i < store->event_count; i++)
		store->events[i].no_stack = 0;
}

static void forget_tree(struct store *store)
{
	struct store_tree *tree = &store->tree;

	tree->base += (int64_t)tree->count;
	intern_deinit(&tree->intern);
	free(tree->nodes);
	free(tree->function_of_frame);
	*tree = (struct store_tree){ .base = tree->base };
	forget_no_stack(store);
}

void store_forget_era(struct store *store)
{
	struct store_tree *tree = &store->tree;

	for (size_t table = 0; table < TABLE_COUNT; table++) {
		struct store_rows *rows = &store->rows[table];

		if (rows->kept)
			continue;
		forget_pending(rows);
		rows->base += (int64_t)rows->intern.count;
		rows->overflow_id = 0;
		intern_clear(&rows->intern);
	}
	tree->base += (int64_t)tree->count;
	tree->count = tree->written = tree->frame_count = 0;
	intern_clear(&tree->intern);
	forget_no_stack(store);
}

static bool forget_unused(struct store_rows *rows)
{
	struct intern kept = { 0 };
	uint32_t number;

	for (size_t i = 0; i < rows->intern.count; i++) {
		if (!rows->ids[i].used)
			continue;
		number = intern_add(&kept, rows->intern.keys[i]);
		if (!number) {
			intern_deinit(&kept);
			return false;
		}
	}
	for (size_t i = 0, n = 0; i < rows->intern.count; i++) {
		if (!rows->ids[i].used)
			continue;
		rows->ids[n].id = rows->ids[i].id;
		rows->ids[n++].used = 0;
	}
	intern_deinit(&rows->intern);
	rows->intern = kept;
	rows->overflow_id = 0;
	return true;
}

bool store_forget_unused(struct store *store)
{
	bool done = true;

	for (size_t table = 0; table < TABLE_COUNT; table++)
		if (store->rows[table].kept)
			done &= forget_unused(&store->rows[table]);
	return done;
}

void store_forget(struct store *store)
{
	for (size_t table = 0; table < TABLE_COUNT; table++)
		forget_rows(&store->rows[table]);
	forget_tree(store);
	for (size_t i = 0; i < store->rename_count; i++)
		free(store->renames[i].name);
	store_forget_labels(store);
	free(store->renames);
	free(store->labels);
	free(store->samples);
	store->renames = NULL;
	store->labels = NULL;
	store->samples = NULL;
	store->rename_count = store->rename_capacity = 0;
	store->label_count = store->label_capacity = 0;
	store->sample_count = store->sample_capacity = 0;
}
