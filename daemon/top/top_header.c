// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "daemon/top/top_draw.h"

#include <string.h>

enum { SILENT_S = 5 }; // then somebody should be told

static const char *const subjects[] = {
	[TOP_FUNCTIONS] = "functions",
	[TOP_PROCESSES] = "processes",
	[TOP_THREADS] = "threads",
};
static const char *const languages[] = {
	[TOP_ALL] = "all frames",
	[TOP_PYTHON] = "Python only",
	[TOP_NATIVE] = "native only",
	[TOP_KERNEL] = "kernel only",
};
static const char *const sorts[] = {
	[TOP_BY_SELF] = "self",
	[TOP_BY_TOTAL] = "total",
	[TOP_BY_TREND] = "trend",
	[TOP_BY_NAME] = "name",
};

// What does not fit is left out, rather than cut.
static void put_item(struct top_page *page, enum top_style style,
		     const char *text)
{
	if (strlen(text) + 3 > top_page_left(page))
		return;
	top_page_put(page, TOP_STYLE_DIM, "%s", page->unicode ? " · " : " | ");
	top_page_put(page, style, "%s", text);
}

// Only Python can be proven or not; without any there is nothing to say.
static void put_proven(struct top_page *page, const uint64_t *trust)
{
	uint64_t proven = trust[STORE_TRUST_PROVEN];
	uint64_t all = proven + trust[STORE_TRUST_UNPROVEN];
	char text[40] = "proven -";
	double share = all ? (double)proven / (double)all : 1;

	if (all)
		snprintf(text, sizeof(text), "proven %.1f%%", 100 * share);
	put_item(page, share < 0.9 ? TOP_STYLE_WARNING : TOP_STYLE_PLAIN, text);
}

static void put_lost(struct top_page *page, uint64_t lost)
{
	char text[40];

	snprintf(text, sizeof(text), "lost %llu", (unsigned long long)lost);
	put_item(page, lost ? TOP_STYLE_WARNING : TOP_STYLE_PLAIN, text);
}

static void put_own_cpu(struct top_page *page, const struct top_head *head)
{
	char text[40];

	if (!head->own_span_ns)
		return;
	snprintf(text, sizeof(text), "own CPU %.1f%%",
		 100.0 * (double)head->own_cpu_ns / (double)head->own_span_ns);
	put_item(page, TOP_STYLE_PLAIN, text);
}

static void draw_source(struct top_page *page, const struct top_scene *scene)
{
	const struct top_head *head = scene->head;
	const struct top_table *table = &scene->shown->table;
	char text[128];

	top_page_line(page);
	top_page_put(page, TOP_STYLE_BOLD, "brindle top");
	put_item(page, TOP_STYLE_BOLD, head->host ? head->host : "");
	snprintf(text, sizeof(text), "%llu Hz %.80s",
		 (unsigned long long)head->frequency_hz,
		 head->event ? head->event : "");
	put_item(page, TOP_STYLE_PLAIN, text);
	if (!scene->shown->is_sandwich && table->window_ns) {
		snprintf(text, sizeof(text), "%.0f samples/s",
			 (double)table->samples * NS_PER_SEC /
				 (double)table->window_ns);
		put_item(page, TOP_STYLE_PLAIN, text);
		put_proven(page, table->trust);
	}
	put_lost(page, head->lost);
	put_own_cpu(page, head);
	if (scene->source)
		put_item(page, TOP_STYLE_DIM, scene->source);
}

static void put_window(struct top_page *page, const struct top_scene *scene,
		       const struct top_state *state)
{
	uint64_t ns = scene->shown->is_sandwich ?
			      scene->shown->sandwich.window_ns :
			      scene->shown->table.window_ns;
	char text[64];

	if (state->view.window_s)
		snprintf(text, sizeof(text), "last %u s",
			 state->view.window_s);
	else
		snprintf(text, sizeof(text), "since the start, %llu s",
			 (unsigned long long)(ns / NS_PER_SEC));
	put_item(page, TOP_STYLE_BOLD, text);
}

static void put_owner(struct top_page *page, const struct top_scene *scene,
		      const struct top_view *view)
{
	const struct top_model *model = scene->model;
	char text[160];

	if (view->process != TOP_NONE) {
		snprintf(text, sizeof(text), "of %.64s (%d)",
			 model->processes[view->process].name,
			 (int)model->processes[view->process].pid);
		put_item(page, TOP_STYLE_WARNING, text);
	}
	if (view->thread != TOP_NONE) {
		snprintf(text, sizeof(text), "of thread %.64s (%d)",
			 model->threads[view->thread].name,
			 (int)model->threads[view->thread].tid);
		put_item(page, TOP_STYLE_WARNING, text);
	}
}

static void put_busy(struct top_page *page, const struct top_scene *scene)
{
	const struct top_table *table = &scene->shown->table;
	char text[64];

	if (scene->shown->is_sandwich || !table->window_ns ||
	    strcmp(scene->head->unit ? scene->head->unit : "", "ns") != 0)
		return;
	snprintf(text, sizeof(text), "%.2f CPUs busy",
		 (double)table->weight / (double)table->window_ns);
	put_item(page, TOP_STYLE_PLAIN, text);
}

static void put_opened(struct top_page *page, const struct top_scene *scene)
{
	uint32_t place = scene->shown->sandwich.function;

	top_page_put(page, TOP_STYLE_BOLD, "callers and callees of %.64s",
		     scene->model->functions[place].name);
}

static void draw_choices(struct top_page *page, const struct top_scene *scene,
			 const struct top_state *state)
{
	const struct top_view *view = &state->view;
	char text[96];

	top_page_line(page);
	if (scene->shown->is_sandwich)
		put_opened(page, scene);
	else
		top_page_put(page, TOP_STYLE_BOLD, "%s",
			     subjects[view->subject]);
	put_owner(page, scene, view);
	put_item(page, TOP_STYLE_BOLD, languages[view->language]);
	put_window(page, scene, state);
	if (!scene->shown->is_sandwich) {
		snprintf(text, sizeof(text), "by %s%s", sorts[view->sort],
			 view->reverse ? ", reversed" : "");
		put_item(page, TOP_STYLE_BOLD, text);
	}
	if (state->filter[0] && !scene->shown->is_sandwich) {
		snprintf(text, sizeof(text), "filter '%s'", state->filter);
		put_item(page, TOP_STYLE_WARNING, text);
	}
	put_busy(page, scene);
	if (state->paused)
		put_item(page, TOP_STYLE_WARNING, "PAUSED");
}

static void draw_message(struct top_page *page, const struct top_scene *scene,
			 const struct top_state *state)
{
	uint64_t silent_s = scene->head->silent_ns / NS_PER_SEC;

	top_page_line(page);
	if (scene->message)
		top_page_put(page, TOP_STYLE_WARNING, "%s", scene->message);
	else if (scene->model->resets)
		top_page_put(page, TOP_STYLE_DIM,
			     "began anew: the file was replaced, or there was "
			     "too much to keep");
	else if (silent_s >= SILENT_S && !state->paused)
		top_page_put(page, TOP_STYLE_WARNING,
			     "no samples for %llu s: the host is idle, or "
			     "nobody records",
			     (unsigned long long)silent_s);
}

void top_draw_header(struct top_page *page, const struct top_scene *scene,
		     const struct top_state *state)
{
	draw_source(page, scene);
	draw_choices(page, scene, state);
	draw_message(page, scene, state);
}
