// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_table.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/top/top_stack.h"

struct making {
	const struct top_model *model;
	const struct top_view *view;
	struct top_table *table;
	struct top_marks marks;
	uint32_t *slots; // owned; of a place: its row + 1
	bool no_memory;
	int trend; // the column being counted; -1: none
	bool in_window;
};

static size_t subject_count(const struct making *making)
{
	switch (making->view->subject) {
	case TOP_FUNCTIONS:
		return making->model->function_count;
	case TOP_PROCESSES:
		return making->model->process_count;
	case TOP_THREADS:
		break;
	}
	return making->model->thread_count;
}

static struct top_row *row_of(struct making *making, uint32_t place)
{
	struct top_rows *rows = &making->table->rows;

	if (!making->slots[place]) {
		if (!array_reserve_one(rows->items, rows->count,
				       rows->capacity)) {
			making->no_memory = true;
			return NULL;
		}
		rows->items[rows->count++] = (struct top_row){ .place = place };
		making->slots[place] = (uint32_t)rows->count;
	}
	return &rows->items[making->slots[place] - 1];
}

static void add_self(struct making *making, uint32_t place,
		     const struct top_count *count)
{
	struct top_row *row = row_of(making, place);

	if (!row || !making->in_window)
		return;
	row->self_samples += count->samples;
	row->self_weight += count->weight;
}

static void add_total(struct making *making, uint32_t place,
		      const struct top_count *count)
{
	struct top_row *row = row_of(making, place);

	if (!row)
		return;
	if (making->trend >= 0)
		row->trend[making->trend] += count->weight;
	if (!making->in_window)
		return;
	row->total_samples += count->samples;
	row->total_weight += count->weight;
}

static void count_functions(struct making *making,
			    const struct top_count *count)
{
	struct top_stack stack;
	uint32_t function;
	bool leaf = true;

	top_marks_clear(&making->marks);
	top_stack_init(&stack, making->model, making->view, count->callsite);
	while ((function = top_stack_next(&stack)) != TOP_NONE) {
		if (leaf)
			add_self(making, function, count);
		leaf = false;
		if (top_marks_set(&making->marks, function))
			add_total(making, function, count);
	}
}

// Of a process, self is what ran in the language asked for, and total what it
// was called from.
static void count_owner(struct making *making, uint32_t place,
			const struct top_count *count)
{
	struct top_stack stack;

	top_stack_init(&stack, making->model, making->view, count->callsite);
	if (top_stack_leaf_counts(&stack))
		add_self(making, place, count);
	if (top_stack_next(&stack) != TOP_NONE)
		add_total(making, place, count);
}

static void count_one(struct making *making, const struct top_count *count)
{
	const struct top_thread *thread =
		&making->model->threads[count->thread];

	if (!top_view_wants(making->view, thread, count->thread))
		return;
	if (making->in_window) {
		making->table->samples += count->samples;
		making->table->weight += count->weight;
	}
	switch (making->view->subject) {
	case TOP_FUNCTIONS:
		count_functions(making, count);
		break;
	case TOP_PROCESSES:
		count_owner(making, thread->process, count);
		break;
	case TOP_THREADS:
		count_owner(making, count->thread, count);
		break;
	}
}

static void count_all(struct making *making, const struct top_counts *counts)
{
	for (size_t i = 0; i < counts->count; i++)
		count_one(making, &counts->items[i]);
	for (size_t i = 0; i < 3 && making->in_window; i++)
		making->table->trust[i] += counts->trust[i];
}

static void count_seconds(struct making *making,
			  const struct top_window *window)
{
	for (int64_t second = window->end - TOP_SECONDS + 1;
	     second <= making->model->last_second; second++) {
		const struct top_counts *counts =
			top_model_second(making->model, second);

		making->trend = (int)(second - window->end) + TOP_TREND - 1;
		if (making->trend >= TOP_TREND)
			making->trend = -1;
		making->in_window = top_window_has(window, second);
		if (counts && (making->trend >= 0 || making->in_window))
			count_all(making, counts);
	}
	making->trend = -1;
	making->in_window = true;
	if (window->since_start)
		count_all(making, &making->model->before);
}

static int64_t rise_of(const struct top_row *row)
{
	enum { RECENT = TOP_TREND / 4 };
	int64_t recent = 0, earlier = 0;

	for (int i = 0; i < TOP_TREND; i++)
		*(i < TOP_TREND - RECENT ? &earlier : &recent) +=
			(int64_t)row->trend[i];
	return recent * (TOP_TREND - RECENT) / RECENT - earlier;
}

static const char *name_of(const struct making *making, uint32_t place)
{
	switch (making->view->subject) {
	case TOP_FUNCTIONS:
		return making->model->functions[place].name;
	case TOP_PROCESSES:
		return making->model->processes[place].name;
	case TOP_THREADS:
		break;
	}
	return making->model->threads[place].name;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a < b) - (a > b);
}

// Names ascending, numbers descending; in doubt by the other column, and in
// the end by place, so that no two runs differ.
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct top_row *x = a, *y = b;
	const struct making *making = context;
	int self = compare_numbers((int64_t)x->self_weight,
				   (int64_t)y->self_weight);
	int total = compare_numbers((int64_t)x->total_weight,
				    (int64_t)y->total_weight);
	int order = 0;

	switch (making->view->sort) {
	case TOP_BY_SELF:
		order = self ? self : total;
		break;
	case TOP_BY_TOTAL:
		order = total ? total : self;
		break;
	case TOP_BY_TREND:
		order = compare_numbers(rise_of(x), rise_of(y));
		break;
	case TOP_BY_NAME:
		order = strcmp(name_of(making, x->place),
			       name_of(making, y->place));
		break;
	}
	if (making->view->reverse)
		order = -order;
	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static bool is_shown(const struct making *making, const struct top_row *row)
{
	return (row->total_samples || row->self_samples) &&
	       top_view_matches(making->model, making->view, row->place);
}

static void finish_rows(struct making *making)
{
	struct top_rows *rows = &making->table->rows;
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (is_shown(making, &rows->items[i]))
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
	if (kept)
		qsort_r(rows->items, kept, sizeof(*rows->items), compare_rows,
			making);
}

struct error *top_table_make(const struct top_model *model,
			     const struct top_view *view,
			     struct top_table *ret)
{
	_cleanup_free_ uint32_t *slots = NULL;
	struct top_table table = { 0 };
	struct making making = {
		.model = model, .view = view, .table = &table,
	};
	struct top_window window;
	struct error *error;

	slots = calloc(subject_count(&making) + 1, sizeof(*slots));
	if (!slots)
		return &error_nomem;
	making.slots = slots;
	error = top_marks_init(&making.marks, model->function_count);
	if (error)
		return error;
	top_window_of(&window, model, view);
	table.end_second = window.end;
	table.window_ns = window.length_ns;
	count_seconds(&making, &window);
	finish_rows(&making);
	top_marks_deinit(&making.marks);
	if (making.no_memory) {
		top_table_deinit(&table);
		return &error_nomem;
	}
	*ret = table;
	return NULL;
}

void top_table_deinit(struct top_table *table)
{
	free(table->rows.items);
	memset(table, 0, sizeof(*table));
}
