// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_state.h"

#include <string.h>

static const unsigned int windows_s[] = { 1, 5, 30, 0 };

void top_state_init(struct top_state *state)
{
	*state = (struct top_state){
		.view = {
			.window_s = 5,
			.process = TOP_NONE,
			.thread = TOP_NONE,
		},
		.page_rows = 1,
	};
	state->view.filter = state->filter;
}

static size_t shown_count(const struct top_shown *shown)
{
	if (!shown->is_sandwich)
		return shown->table.rows.count;
	return shown->sandwich.callers.count + shown->sandwich.callees.count;
}

const struct top_row *top_shown_row(const struct top_shown *shown,
				    size_t index)
{
	const struct top_rows *rows = &shown->table.rows;

	if (shown->is_sandwich) {
		rows = &shown->sandwich.callers;
		if (index >= rows->count) {
			index -= rows->count;
			rows = &shown->sandwich.callees;
		}
	}
	return index < rows->count ? &rows->items[index] : NULL;
}

void top_shown_deinit(struct top_shown *shown)
{
	top_table_deinit(&shown->table);
	top_sandwich_deinit(&shown->sandwich);
}

// Places in a model that began anew mean nothing.
static void check_places(const struct top_model *model,
			 struct top_state *state)
{
	if (state->resets == model->resets)
		return;
	state->resets = model->resets;
	state->view.process = state->view.thread = TOP_NONE;
	state->focus_count = 0;
}

struct error *top_shown_make(const struct top_model *model,
			     struct top_state *state, struct top_shown *ret)
{
	struct top_shown shown = { .is_sandwich = state->focus_count > 0 };
	struct error *error;

	check_places(model, state);
	shown.is_sandwich = state->focus_count > 0;
	error = shown.is_sandwich ?
			top_sandwich_make(model, &state->view,
					  state->focus[state->focus_count - 1],
					  &shown.sandwich) :
			top_table_make(model, &state->view, &shown.table);
	if (error)
		return error;
	if (state->cursor >= shown_count(&shown))
		state->cursor = shown_count(&shown) ?
					shown_count(&shown) - 1 : 0;
	*ret = shown;
	return NULL;
}

static void edit_filter(struct top_state *state, int code)
{
	size_t length = strlen(state->filter);

	switch (top_key_editing(code)) {
	case TOP_EDITING_ACCEPT:
		state->editing = false;
		break;
	case TOP_EDITING_CANCEL:
		state->filter[0] = '\0';
		state->editing = false;
		break;
	case TOP_EDITING_ERASE:
		// A character of UTF-8 goes as a whole.
		while (length > 0 && (state->filter[--length] & 0xc0) == 0x80)
			;
		state->filter[length] = '\0';
		break;
	case TOP_EDITING_TEXT:
		if (length + 1 >= sizeof(state->filter))
			break;
		state->filter[length] = (char)code;
		state->filter[length + 1] = '\0';
		break;
	case TOP_EDITING_IGNORE:
		break;
	}
	state->cursor = 0;
}

static void open_row(struct top_state *state, const struct top_shown *shown)
{
	const struct top_row *row = top_shown_row(shown, state->cursor);

	if (!row || row->place == TOP_NONE)
		return;
	if (state->view.subject == TOP_FUNCTIONS || shown->is_sandwich) {
		if (state->focus_count == TOP_FOCUS_MAX)
			memmove(state->focus, state->focus + 1,
				(--state->focus_count) *
					sizeof(*state->focus));
		state->focus[state->focus_count++] = row->place;
	} else {
		if (state->view.subject == TOP_PROCESSES)
			state->view.process = row->place;
		else
			state->view.thread = row->place;
		state->view.subject = TOP_FUNCTIONS;
		state->filter[0] = '\0';
	}
	state->cursor = 0;
}

static void go_back(struct top_state *state)
{
	state->cursor = 0;
	if (state->focus_count > 0) {
		state->focus_count--;
	} else if (state->filter[0]) {
		state->filter[0] = '\0';
	} else if (state->view.thread != TOP_NONE) {
		state->view.thread = TOP_NONE;
		state->view.subject = TOP_THREADS;
	} else if (state->view.process != TOP_NONE) {
		state->view.process = TOP_NONE;
		state->view.subject = TOP_PROCESSES;
	}
}

static void next_window(struct top_state *state)
{
	size_t count = sizeof(windows_s) / sizeof(*windows_s), i = 0;

	while (i < count && windows_s[i] != state->view.window_s)
		i++;
	state->view.window_s = windows_s[(i + 1) % count];
}

static void next_subject(struct top_state *state)
{
	static const enum top_subject next[] = {
		[TOP_FUNCTIONS] = TOP_PROCESSES,
		[TOP_PROCESSES] = TOP_THREADS,
		[TOP_THREADS] = TOP_FUNCTIONS,
	};

	state->view.subject = next[state->view.subject];
	state->focus_count = 0;
	state->cursor = 0;
}

static void sort_by(struct top_state *state, enum top_sort sort)
{
	state->view.reverse = false;
	state->view.sort = sort;
	state->cursor = 0;
}

static void move_to(struct top_state *state, const struct top_shown *shown,
		    size_t back, size_t forth)
{
	size_t count = shown_count(shown), to = state->cursor + forth;

	to = to > back ? to - back : 0;
	state->cursor = !count ? 0 : to < count ? to : count - 1;
}

static void move(struct top_state *state, const struct top_shown *shown,
		 enum top_action action)
{
	size_t count = shown_count(shown);

	switch ((int)action) {
	case TOP_ACTION_UP:
		move_to(state, shown, 1, 0);
		break;
	case TOP_ACTION_DOWN:
		move_to(state, shown, 0, 1);
		break;
	case TOP_ACTION_PAGE_UP:
		move_to(state, shown, state->page_rows, 0);
		break;
	case TOP_ACTION_PAGE_DOWN:
		move_to(state, shown, 0, state->page_rows);
		break;
	case TOP_ACTION_FIRST:
		move_to(state, shown, count, 0);
		break;
	case TOP_ACTION_LAST:
		move_to(state, shown, 0, count);
		break;
	}
}

void top_state_key(struct top_state *state, const struct top_shown *shown,
		   int code)
{
	enum top_action action = top_key_action(code);

	if (state->editing) {
		edit_filter(state, code);
		return;
	}
	// Any key ends the help, and those of the help do only that.
	if (state->help && action != TOP_ACTION_QUIT) {
		state->help = false;
		return;
	}
	switch (action) {
	case TOP_ACTION_NONE:
		break;
	case TOP_ACTION_QUIT:
		state->quit = true;
		break;
	case TOP_ACTION_HELP:
		state->help = true;
		break;
	case TOP_ACTION_PAUSE:
		state->paused = !state->paused;
		break;
	case TOP_ACTION_FILTER:
		state->editing = true;
		state->focus_count = 0;
		break;
	case TOP_ACTION_SORT_NEXT:
		sort_by(state, (state->view.sort + 1) % (TOP_BY_NAME + 1));
		break;
	case TOP_ACTION_SORT_SELF:
		sort_by(state, TOP_BY_SELF);
		break;
	case TOP_ACTION_SORT_TOTAL:
		sort_by(state, TOP_BY_TOTAL);
		break;
	case TOP_ACTION_SORT_TREND:
		sort_by(state, TOP_BY_TREND);
		break;
	case TOP_ACTION_SORT_NAME:
		sort_by(state, TOP_BY_NAME);
		break;
	case TOP_ACTION_REVERSE:
		state->view.reverse = !state->view.reverse;
		break;
	case TOP_ACTION_LANGUAGE:
		state->view.language =
			(state->view.language + 1) % (TOP_KERNEL + 1);
		break;
	case TOP_ACTION_SUBJECT:
		next_subject(state);
		break;
	case TOP_ACTION_WINDOW:
		next_window(state);
		break;
	case TOP_ACTION_OPEN:
		open_row(state, shown);
		break;
	case TOP_ACTION_BACK:
		go_back(state);
		break;
	case TOP_ACTION_UP:
	case TOP_ACTION_DOWN:
	case TOP_ACTION_PAGE_UP:
	case TOP_ACTION_PAGE_DOWN:
	case TOP_ACTION_FIRST:
	case TOP_ACTION_LAST:
		move(state, shown, action);
		break;
	}
}
