// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_draw.h"

#include <string.h>

#include "base/clock.h"

enum {
	KIND_COLUMNS = 7,
	PID_COLUMNS = 9,
	NUMBER_COLUMNS = 22, // self, total, CPU
	NAME_LEAST = 16,
};

static const char *const kinds[] = {
	[STORE_PYTHON] = "python",
	[STORE_NATIVE] = "native",
	[STORE_KERNEL] = "kernel",
	[STORE_OTHER] = "",
};

/* Columns of the tables; 0: not shown. */
struct columns {
	unsigned int trend, kind, pid, name, place;
};

// What does not fit goes: first the place, then the trend, then the kind.
static void columns_of(struct columns *ret, unsigned int width,
		       enum top_subject subject)
{
	unsigned int left;

	*ret = (struct columns){ 0 };
	if (!width)
		width = 132;
	left = width > NUMBER_COLUMNS ? width - NUMBER_COLUMNS : 0;
	if (left > NAME_LEAST + PID_COLUMNS)
		ret->kind = subject == TOP_FUNCTIONS ? KIND_COLUMNS : 0;
	if (left > NAME_LEAST + PID_COLUMNS)
		ret->pid = subject == TOP_FUNCTIONS ? 0 : PID_COLUMNS;
	left -= ret->kind + ret->pid;
	if (left >= NAME_LEAST + TOP_TREND / 2 + 2)
		ret->trend = left >= 80 ? TOP_TREND : TOP_TREND / 2;
	left -= ret->trend ? ret->trend + 2 : 0;
	ret->name = left;
	if (left >= 2 * NAME_LEAST && subject != TOP_PROCESSES) {
		ret->place = left * 2 / 5;
		ret->name = left - ret->place - 1;
	}
}

static enum top_style style_of(enum store_kind kind)
{
	switch (kind) {
	case STORE_PYTHON:
		return TOP_STYLE_PYTHON;
	case STORE_NATIVE:
		return TOP_STYLE_NATIVE;
	case STORE_KERNEL:
		return TOP_STYLE_KERNEL;
	case STORE_OTHER:
		break;
	}
	return TOP_STYLE_DIM;
}

static void put_share(struct top_page *page, uint64_t part, uint64_t whole,
		      unsigned int columns)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;

	if (part)
		top_page_put(page,
			     share >= 10 ? TOP_STYLE_BOLD : TOP_STYLE_PLAIN,
			     "%*.1f%%", (int)columns - 1, share);
	else
		top_page_put(page, TOP_STYLE_DIM, "%*s", (int)columns, "-");
}

static bool is_time(const struct top_scene *scene)
{
	return !scene->head->unit || !*scene->head->unit ||
	       strcmp(scene->head->unit, "ns") == 0;
}

// Of one CPU in percent; of other units, how many in a second.
static void put_rate(struct top_page *page, const struct top_scene *scene,
		     uint64_t weight, uint64_t window_ns)
{
	double rate = window_ns ? (double)weight / (double)window_ns : 0;

	if (is_time(scene))
		top_page_put(page, TOP_STYLE_PLAIN, "%8.1f", 100 * rate);
	else
		top_page_put(page, TOP_STYLE_PLAIN, "%8.3g",
			     rate * NS_PER_SEC);
}

static void draw_heading(struct top_page *page, const struct top_scene *scene,
			 const struct top_state *state,
			 const struct columns *columns)
{
	static const char *const names[] = {
		[TOP_FUNCTIONS] = "FUNCTION",
		[TOP_PROCESSES] = "PROCESS",
		[TOP_THREADS] = "THREAD",
	};
	enum top_subject subject = state->view.subject;
	enum top_style style = TOP_STYLE_HEADING;

	top_page_line(page);
	top_page_put(page, style, "   SELF  TOTAL%s",
		     is_time(scene) ? "     CPU" : "   /s   ");
	if (columns->trend) {
		top_page_put(page, style, "  ");
		top_page_text(page, style, columns->trend, TOP_CUT_END,
			      columns->trend < TOP_TREND ? "TREND 10 s" :
							   "TREND 20 s");
	}
	if (columns->pid)
		top_page_put(page, style, "%*s", (int)columns->pid,
			     subject == TOP_THREADS ? "TID" : "PID");
	top_page_put(page, style, " ");
	if (columns->kind)
		top_page_text(page, style, columns->kind, TOP_CUT_END, "KIND");
	top_page_text(page, style, columns->name - 1, TOP_CUT_END,
		      names[subject]);
	if (columns->place) {
		top_page_put(page, style, " ");
		top_page_text(page, style, columns->place, TOP_CUT_END,
			      subject == TOP_THREADS ? "PROCESS" : "WHERE");
	}
}

// Where there is no room for a path, its last part says more than its end.
static const char *fitting(const char *path, size_t room)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] && strlen(path) > room ? slash + 1 : path;
}

static void put_place(struct top_page *page, const struct top_function *function)
{
	char line[16] = "";
	const char *place;
	unsigned int left;
	size_t room;

	if (function->first_line)
		snprintf(line, sizeof(line), ":%u", function->first_line);
	top_page_put(page, TOP_STYLE_PLAIN, " ");
	left = top_page_left(page);
	room = left > strlen(line) ? left - strlen(line) : 0;
	place = page->width ? fitting(function->place, room) : function->place;
	top_page_text(page, TOP_STYLE_DIM,
		      page->width && strlen(place) > room ? (unsigned int)room :
							    0,
		      TOP_CUT_START, place);
	top_page_put(page, TOP_STYLE_DIM, "%s", line);
}

static void put_function(struct top_page *page, const struct top_scene *scene,
			 const struct columns *columns, uint32_t place)
{
	const struct top_function *function = &scene->model->functions[place];
	enum top_style style = style_of(function->kind);

	top_page_put(page, style, " ");
	if (columns->kind)
		top_page_text(page, style, columns->kind, TOP_CUT_END,
			      kinds[function->kind]);
	top_page_text(page, style, page->width ? columns->name - 1 : 40,
		      TOP_CUT_END, function->name);
	if (columns->place)
		put_place(page, function);
}

static void put_owner(struct top_page *page, const struct top_scene *scene,
		      const struct columns *columns,
		      const struct top_state *state, uint32_t place)
{
	const struct top_model *model = scene->model;
	bool is_thread = state->view.subject == TOP_THREADS;
	const struct top_process *process =
		&model->processes[is_thread ? model->threads[place].process :
					      place];

	if (columns->pid)
		top_page_put(page, TOP_STYLE_PLAIN, "%*d", (int)columns->pid,
			     is_thread ? (int)model->threads[place].tid :
					 (int)process->pid);
	top_page_put(page, TOP_STYLE_PLAIN, " ");
	top_page_text(page, TOP_STYLE_PLAIN, columns->name - 1, TOP_CUT_END,
		      is_thread ? model->threads[place].name : process->name);
	if (!columns->place || !is_thread)
		return;
	top_page_put(page, TOP_STYLE_PLAIN, " ");
	top_page_text(page, TOP_STYLE_DIM, 0, TOP_CUT_END, process->name);
	top_page_put(page, TOP_STYLE_DIM, " (%d)", (int)process->pid);
}

static uint64_t largest_of(const struct top_row *row)
{
	uint64_t most = 0;

	for (size_t i = 0; i < TOP_TREND; i++)
		if (row->trend[i] > most)
			most = row->trend[i];
	return most;
}

static void draw_row(struct top_page *page, const struct top_scene *scene,
		     const struct top_state *state,
		     const struct columns *columns,
		     const struct top_row *row)
{
	const struct top_table *table = &scene->shown->table;

	top_page_line(page);
	put_share(page, row->self_weight, table->weight, 7);
	put_share(page, row->total_weight, table->weight, 7);
	put_rate(page, scene, row->total_weight, table->window_ns);
	if (columns->trend) {
		top_page_put(page, TOP_STYLE_PLAIN, "  ");
		top_page_bars(page, TOP_STYLE_TREND,
			      row->trend + TOP_TREND - columns->trend,
			      columns->trend, largest_of(row));
	}
	if (state->view.subject == TOP_FUNCTIONS)
		put_function(page, scene, columns, row->place);
	else
		put_owner(page, scene, columns, state, row->place);
}

static void select_line(struct top_page *page)
{
	if (page->line_count)
		page->lines[page->line_count - 1].selected = true;
}

// So that the cursor is in sight, and no more rows than fit.
static size_t first_of(size_t cursor, size_t rows)
{
	return rows && cursor >= rows ? cursor - rows + 1 : 0;
}

static void draw_table(struct top_page *page, const struct top_scene *scene,
		       struct top_state *state, unsigned int height)
{
	const struct top_rows *rows = &scene->shown->table.rows;
	struct columns columns;
	size_t fit, first;

	columns_of(&columns, page->width, state->view.subject);
	draw_heading(page, scene, state, &columns);
	fit = page->line_count < height ? height - page->line_count : 0;
	state->page_rows = fit ? fit : 1;
	first = first_of(state->cursor, fit);
	if (!rows->count && fit) {
		top_page_line(page);
		top_page_put(page, TOP_STYLE_DIM, "%s",
			     state->filter[0] ? "  nothing like that" :
						"  nothing was running");
	}
	for (size_t i = first; i < rows->count && i < first + fit; i++) {
		draw_row(page, scene, state, &columns, &rows->items[i]);
		if (i == state->cursor)
			select_line(page);
	}
}

static void draw_slice(struct top_page *page, const struct top_scene *scene,
		       const struct columns *columns,
		       const struct top_row *row, const char *none)
{
	const struct top_sandwich *sandwich = &scene->shown->sandwich;

	top_page_line(page);
	put_share(page, row->total_weight, sandwich->sum.total_weight, 8);
	put_rate(page, scene, row->total_weight, sandwich->window_ns);
	top_page_put(page, TOP_STYLE_PLAIN, "  ");
	if (row->place == TOP_NONE)
		top_page_put(page, TOP_STYLE_DIM, "  %s", none);
	else
		put_function(page, scene, columns, row->place);
}

static void draw_sum(struct top_page *page, const struct top_scene *scene,
		     const struct columns *columns)
{
	const struct top_sandwich *sandwich = &scene->shown->sandwich;

	top_page_line(page);
	put_share(page, sandwich->sum.self_weight, sandwich->weight, 7);
	put_share(page, sandwich->sum.total_weight, sandwich->weight, 7);
	put_rate(page, scene, sandwich->sum.total_weight, sandwich->window_ns);
	put_function(page, scene, columns, sandwich->function);
}

static void draw_title(struct top_page *page, const char *title)
{
	top_page_line(page);
	top_page_text(page, TOP_STYLE_HEADING, top_page_left(page),
		      TOP_CUT_END, title);
}

static void draw_slices(struct top_page *page, const struct top_scene *scene,
			const struct columns *columns, size_t from,
			size_t count, size_t selected)
{
	size_t callers = scene->shown->sandwich.callers.count;

	for (size_t i = from; i < from + count; i++) {
		const struct top_row *row = top_shown_row(scene->shown, i);

		if (!row)
			break;
		draw_slice(page, scene, columns, row,
			   i < callers ? "(nobody: it is the root)" :
					 "(itself)");
		if (i == selected)
			select_line(page);
	}
}

/*
 * Callers above, callees below, each side with half of the room, or with what
 * the other does not need. The side with the cursor scrolls.
 */
static void draw_sandwich(struct top_page *page, const struct top_scene *scene,
			  struct top_state *state, unsigned int height)
{
	const struct top_sandwich *sandwich = &scene->shown->sandwich;
	size_t callers = sandwich->callers.count, above, below, first = 0;
	size_t callees = sandwich->callees.count, cursor = state->cursor;
	size_t room = height > page->line_count + 4 ?
			      height - page->line_count - 4 : 0;
	struct columns columns;

	columns_of(&columns, page->width, TOP_FUNCTIONS);
	columns.name += columns.trend ? columns.trend - 2 : 0;
	above = room / 2;
	if (callees < room - above)
		above = room - callees;
	if (above > callers)
		above = callers;
	below = room - above;
	state->page_rows = room ? (room + 1) / 2 : 1;
	if (cursor < callers)
		first = first_of(cursor, above);
	draw_title(page, "  CALLERS     CPU");
	draw_slices(page, scene, &columns, first, above, cursor);
	draw_title(page, "   SELF  TOTAL     CPU  FUNCTION");
	draw_sum(page, scene, &columns);
	draw_title(page, "  CALLEES     CPU");
	first = cursor >= callers ? first_of(cursor - callers, below) : 0;
	draw_slices(page, scene, &columns, callers + first, below, cursor);
}

static void draw_bottom(struct top_page *page, const struct top_state *state)
{
	top_page_line(page);
	if (state->editing) {
		top_page_put(page, TOP_STYLE_BOLD, "filter: %s_",
			     state->filter);
		top_page_put(page, TOP_STYLE_DIM,
			     "   Enter: keep it, Esc: show all");
		return;
	}
	for (size_t i = 0; i < top_key_count; i++) {
		if (!top_keys[i].hint)
			continue;
		top_page_put(page, TOP_STYLE_BOLD, "%s", top_keys[i].label);
		top_page_put(page, TOP_STYLE_DIM, " %s  ", top_keys[i].hint);
	}
}

void top_draw(struct top_page *page, const struct top_scene *scene,
	      struct top_state *state, unsigned int height)
{
	unsigned int body = height > 1 ? height - 1 : 1;

	if (state->help) {
		top_draw_help(page, body);
	} else {
		top_draw_header(page, scene, state);
		if (scene->shown->is_sandwich)
			draw_sandwich(page, scene, state, body);
		else
			draw_table(page, scene, state, body);
	}
	while (page->line_count < body && top_page_line(page))
		;
	draw_bottom(page, state);
}

void top_draw_once(struct top_page *page, const struct top_scene *scene,
		   const struct top_state *state, size_t count)
{
	const struct top_rows *rows = &scene->shown->table.rows;
	struct columns columns;

	columns_of(&columns, page->width, state->view.subject);
	columns.trend = 0;
	top_draw_header(page, scene, state);
	draw_heading(page, scene, state, &columns);
	for (size_t i = 0; i < rows->count && i < count; i++)
		draw_row(page, scene, state, &columns, &rows->items[i]);
}
