// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_print.h"

#include <errno.h>

#include "schema/show/json.h"

static struct error *flush(FILE *out)
{
	if (fflush(out) || ferror(out))
		return error_from_errno(errno ? errno : EIO,
					"write standard output");
	return NULL;
}

struct error *top_print_text(const struct top_scene *scene,
			     const struct top_state *state, size_t count,
			     FILE *out)
{
	struct top_page page;
	bool no_memory;

	top_page_init(&page, 0, true);
	top_draw_once(&page, scene, state, count);
	top_page_print(&page, out);
	no_memory = page.no_memory;
	top_page_deinit(&page);
	return no_memory ? &error_nomem : flush(out);
}

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void write_head(struct json *json, const struct top_scene *scene)
{
	const struct top_head *head = scene->head;
	const struct top_table *table = &scene->shown->table;

	json_text(json, "host", head->host);
	json_text(json, "source", scene->source);
	json_text(json, "event", head->event);
	json_text(json, "unit", head->unit);
	json_integer(json, "frequency_hz", (int64_t)head->frequency_hz);
	json_integer(json, "lost", (int64_t)head->lost);
	if (head->own_span_ns)
		json_real(json, "own_cpu_share",
			  share_of(head->own_cpu_ns, head->own_span_ns));
	json_integer(json, "window_ns", (int64_t)table->window_ns);
	json_integer(json, "samples", (int64_t)table->samples);
	json_integer(json, "weight", (int64_t)table->weight);
	json_open(json, "trust", '{');
	json_integer(json, "proven",
		     (int64_t)table->trust[STORE_TRUST_PROVEN]);
	json_integer(json, "unproven",
		     (int64_t)table->trust[STORE_TRUST_UNPROVEN]);
	json_integer(json, "native",
		     (int64_t)table->trust[STORE_TRUST_NATIVE]);
	json_close(json, '}');
}

static void write_function(struct json *json,
			   const struct top_function *function)
{
	static const char *const kinds[] = {
		[STORE_PYTHON] = "python", [STORE_NATIVE] = "native",
		[STORE_KERNEL] = "kernel", [STORE_OTHER] = "other",
	};

	json_text(json, "function", function->name);
	json_text(json, "kind", kinds[function->kind]);
	json_text(json, "where", function->place);
	if (function->first_line)
		json_integer(json, "first_line", function->first_line);
}

static void write_subject(struct json *json, const struct top_model *model,
			  enum top_subject subject, uint32_t place)
{
	const struct top_process *process;

	if (subject == TOP_FUNCTIONS) {
		write_function(json, &model->functions[place]);
		return;
	}
	if (subject == TOP_THREADS) {
		json_text(json, "thread", model->threads[place].name);
		json_integer(json, "tid", model->threads[place].tid);
		place = model->threads[place].process;
	}
	process = &model->processes[place];
	json_text(json, "process", process->name);
	json_integer(json, "pid", process->pid);
}

static void write_row(struct json *json, const struct top_scene *scene,
		      const struct top_state *state, const struct top_row *row)
{
	uint64_t weight = scene->shown->table.weight;

	json_open(json, NULL, '{');
	write_subject(json, scene->model, state->view.subject, row->place);
	json_integer(json, "self_samples", (int64_t)row->self_samples);
	json_integer(json, "total_samples", (int64_t)row->total_samples);
	json_integer(json, "self_weight", (int64_t)row->self_weight);
	json_integer(json, "total_weight", (int64_t)row->total_weight);
	json_real(json, "self_share", share_of(row->self_weight, weight));
	json_real(json, "total_share", share_of(row->total_weight, weight));
	json_open(json, "trend", '[');
	for (size_t i = 0; i < TOP_TREND; i++)
		json_integer(json, NULL, (int64_t)row->trend[i]);
	json_close(json, ']');
	json_close(json, '}');
}

struct error *top_print_json(const struct top_scene *scene,
			     const struct top_state *state, size_t count,
			     FILE *out)
{
	const struct top_rows *rows = &scene->shown->table.rows;
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	write_head(&json, scene);
	json_open(&json, "rows", '[');
	for (size_t i = 0; i < rows->count && i < count; i++)
		write_row(&json, scene, state, &rows->items[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	fputc('\n', out);
	return flush(out);
}
