// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/array.h"
#include "daemon/top/top_stack.h"

/*
 * A recursive function is one slice: its caller is who called the outermost
 * activation, its callee whom the innermost one called. Both sides then add up
 * to the function's total.
 */
struct slicing {
	struct top_sandwich *sandwich;
	uint32_t *callers, *callees; // owned; of a function: its row + 1
	bool no_memory;
};

static void add_row(struct slicing *slicing, struct top_rows *rows,
		    uint32_t *slots, uint32_t function,
		    const struct top_count *count)
{
	// Slot 0 is for what has no function: the root, or self.
	uint32_t *slot = &slots[function == TOP_NONE ? 0 : function + 1];
	struct top_row *row;

	if (!*slot) {
		if (!array_reserve_one(rows->items, rows->count,
				       rows->capacity)) {
			slicing->no_memory = true;
			return;
		}
		rows->items[rows->count++] =
			(struct top_row){ .place = function };
		*slot = (uint32_t)rows->count;
	}
	row = &rows->items[*slot - 1];
	row->self_samples = row->total_samples += count->samples;
	row->self_weight = row->total_weight += count->weight;
}

static void slice(struct slicing *slicing, const struct top_model *model,
		  const struct top_view *view, const struct top_count *count)
{
	struct top_sandwich *sandwich = slicing->sandwich;
	uint32_t wanted = sandwich->function, function;
	uint32_t below = TOP_NONE, callee = TOP_NONE, caller = TOP_NONE;
	bool met = false, caller_is_next = false;
	struct top_stack stack;

	top_stack_init(&stack, model, view, count->callsite);
	while ((function = top_stack_next(&stack)) != TOP_NONE) {
		if (function == wanted && !met) {
			met = true;
			callee = below;
		}
		if (function == wanted)
			caller = TOP_NONE;
		else if (caller_is_next)
			caller = function;
		caller_is_next = function == wanted;
		below = function;
	}
	if (!met)
		return;
	sandwich->sum.total_samples += count->samples;
	sandwich->sum.total_weight += count->weight;
	if (callee == TOP_NONE) {
		sandwich->sum.self_samples += count->samples;
		sandwich->sum.self_weight += count->weight;
	}
	add_row(slicing, &sandwich->callers, slicing->callers, caller, count);
	add_row(slicing, &sandwich->callees, slicing->callees, callee, count);
}

static void slice_all(struct slicing *slicing, const struct top_model *model,
		      const struct top_view *view,
		      const struct top_counts *counts)
{
	for (size_t i = 0; i < counts->count; i++) {
		const struct top_count *count = &counts->items[i];

		if (!top_view_wants(view, &model->threads[count->thread],
				    count->thread))
			continue;
		slicing->sandwich->samples += count->samples;
		slicing->sandwich->weight += count->weight;
		slice(slicing, model, view, count);
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->total_weight != y->total_weight)
		return x->total_weight < y->total_weight ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

static void sort(struct top_rows *rows)
{
	if (rows->count)
		qsort(rows->items, rows->count, sizeof(*rows->items),
		      compare_rows);
}

static void slice_window(struct slicing *slicing,
			 const struct top_model *model,
			 const struct top_view *view)
{
	struct top_window window;

	top_window_of(&window, model, view);
	slicing->sandwich->window_ns = window.length_ns;
	for (int64_t second = window.end - TOP_SECONDS + 1;
	     second <= model->last_second; second++) {
		const struct top_counts *counts =
			top_model_second(model, second);

		if (counts && top_window_has(&window, second))
			slice_all(slicing, model, view, counts);
	}
	if (window.since_start)
		slice_all(slicing, model, view, &model->before);
	sort(&slicing->sandwich->callers);
	sort(&slicing->sandwich->callees);
}

struct error *top_sandwich_make(const struct top_model *model,
				const struct top_view *view, uint32_t function,
				struct top_sandwich *ret)
{
	struct top_sandwich sandwich = { .function = function,
					 .sum.place = function };
	_cleanup_free_ uint32_t *callers = NULL, *callees = NULL;
	struct slicing slicing = { .sandwich = &sandwich };

	callers = calloc(model->function_count + 1, sizeof(*callers));
	callees = calloc(model->function_count + 1, sizeof(*callees));
	if (!callers || !callees)
		return &error_nomem;
	slicing.callers = callers;
	slicing.callees = callees;
	slice_window(&slicing, model, view);
	if (slicing.no_memory) {
		top_sandwich_deinit(&sandwich);
		return &error_nomem;
	}
	*ret = sandwich;
	return NULL;
}

void top_sandwich_deinit(struct top_sandwich *sandwich)
{
	free(sandwich->callers.items);
	free(sandwich->callees.items);
	memset(sandwich, 0, sizeof(*sandwich));
}
