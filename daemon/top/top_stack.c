// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_stack.h"

#include <string.h>

#include "base/clock.h"

static bool is_wanted(enum top_language language, enum store_kind kind)
{
	switch (language) {
	case TOP_ALL:
		return true;
	case TOP_PYTHON:
		return kind == STORE_PYTHON;
	case TOP_NATIVE:
		return kind == STORE_NATIVE;
	case TOP_KERNEL:
		break;
	}
	return kind == STORE_KERNEL;
}

void top_stack_init(struct top_stack *stack, const struct top_model *model,
		    const struct top_view *view, uint32_t callsite)
{
	*stack = (struct top_stack){
		.model = model,
		.language = view->language,
		.next = callsite,
		.no_frames = callsite == TOP_NONE && view->language == TOP_ALL,
	};
}

// Parents stand before their children, so this ends.
uint32_t top_stack_next(struct top_stack *stack)
{
	const struct top_model *model = stack->model;

	if (stack->no_frames) {
		stack->no_frames = false;
		return TOP_NO_STACK;
	}
	while (stack->next != TOP_NONE) {
		const struct top_callsite *callsite =
			&model->callsites[stack->next];

		stack->next = callsite->parent;
		if (is_wanted(stack->language,
			      model->functions[callsite->function].kind))
			return callsite->function;
	}
	return TOP_NONE;
}

bool top_stack_leaf_counts(const struct top_stack *stack)
{
	const struct top_model *model = stack->model;
	uint32_t function;

	if (stack->next == TOP_NONE)
		return stack->no_frames;
	function = model->callsites[stack->next].function;
	return is_wanted(stack->language, model->functions[function].kind);
}

struct error *top_marks_init(struct top_marks *marks, size_t count)
{
	*marks = (struct top_marks){
		.stamps = calloc(count + 1, sizeof(*marks->stamps)),
	};
	return marks->stamps ? NULL : &error_nomem;
}

void top_marks_deinit(struct top_marks *marks)
{
	free(marks->stamps);
	marks->stamps = NULL;
}

void top_marks_clear(struct top_marks *marks)
{
	marks->stamp++;
}

bool top_marks_set(struct top_marks *marks, uint32_t function)
{
	if (marks->stamps[function] == marks->stamp)
		return false;
	marks->stamps[function] = marks->stamp;
	return true;
}

void top_window_of(struct top_window *ret, const struct top_model *model,
		   const struct top_view *view)
{
	int64_t first = model->first_second, end = model->last_second - 1;

	*ret = (struct top_window){ .since_start = view->window_s == 0 };
	if (first < 0)
		return;
	// At the very start there is no other.
	if (end < first)
		end = first;
	if (view->window_s && first < end - (int64_t)view->window_s + 1)
		first = end - (int64_t)view->window_s + 1;
	ret->first = first;
	ret->end = end;
	ret->length_ns = (uint64_t)(end - first + 1) * NS_PER_SEC;
}

bool top_window_has(const struct top_window *window, int64_t second)
{
	return window->since_start ||
	       (second >= window->first && second <= window->end);
}

bool top_view_wants(const struct top_view *view,
		    const struct top_thread *thread, uint32_t place)
{
	if (!thread->chosen)
		return false;
	if (view->thread != TOP_NONE && view->thread != place)
		return false;
	return view->process == TOP_NONE || view->process == thread->process;
}

static bool contains(const char *text, const char *part)
{
	return text && strcasestr(text, part);
}

static bool process_matches(const struct top_model *model, uint32_t process,
			    const char *filter)
{
	return process < model->process_count &&
	       contains(model->processes[process].name, filter);
}

bool top_view_matches(const struct top_model *model,
		      const struct top_view *view, uint32_t place)
{
	const char *filter = view->filter;

	if (!filter || !*filter)
		return true;
	switch (view->subject) {
	case TOP_FUNCTIONS:
		return contains(model->functions[place].name, filter) ||
		       contains(model->functions[place].place, filter);
	case TOP_PROCESSES:
		return process_matches(model, place, filter);
	case TOP_THREADS:
		break;
	}
	return contains(model->threads[place].name, filter) ||
	       process_matches(model, model->threads[place].process, filter);
}
