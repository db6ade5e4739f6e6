// SPDX-License-Identifier: Apache-2.0
// Two selections, a before and b after: functions, and one graph of both.
#include "web/api/answers.h"

#include <stdlib.h>

#include "schema/read/call_tree_view.h"
#include "schema/show/diff.h"
#include "schema/show/flame_json.h"

enum { LIMIT_STANDARD = 200, LIMIT_MOST = 5000 };

static const char *const sort_words[] = { "self", "total", NULL };

struct question {
	struct selection_options a, b;
	char *label_a, *label_b; /* owned */
	uint64_t limit, most;
	size_t by_total;
};

static void question_deinit(struct question *question)
{
	free(question->label_a);
	free(question->label_b);
}

// What was asked for, in its words. NULL: no memory.
static char *label_of(const struct selection_options *options)
{
	const struct {
		const char *name, *text;
	} filters[] = {
		{ "event", options->event },   { "process", options->process },
		{ "thread", options->thread }, { "user", options->user },
		{ "cgroup", options->cgroup },
	};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (options->from || options->until)
		fprintf(out, "%s to %s",
			options->from ? options->from : "the beginning",
			options->until ? options->until : "now");
	else
		fputs("all", out);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		if (filters[i].text)
			fprintf(out, ", %s %s", filters[i].name,
				filters[i].text);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

// Of a live database the last quarter of an hour and the one before.
static void set_standards(struct question *question)
{
	if (!question->b.from && !question->b.until)
		question->b.from = "-15m";
	if (!question->a.from && !question->a.until) {
		question->a.from = "-30m";
		question->a.until = "-15m";
	}
}

static struct error *take_ranges(struct api_call *call,
				 struct question *question)
{
	bool lasting_a, lasting_b;
	struct error *error =
		api_options(call, "a_", &question->a, &lasting_a);

	if (!error)
		error = api_options(call, "b_", &question->b, &lasting_b);
	if (error)
		return error;
	call->lasting = lasting_a && lasting_b;
	if (call->host->live)
		set_standards(question);
	question->label_a = label_of(&question->a);
	question->label_b = label_of(&question->b);
	return question->label_a && question->label_b ? NULL : &error_nomem;
}

static struct error *take_params(struct api_call *call,
				 struct question *question)
{
	struct error *error = take_ranges(call, question);

	if (!error)
		error = api_filter(call);
	if (!error)
		error = api_param_word(call, "sort", sort_words,
				       &question->by_total);
	if (!error)
		error = api_param_number(call, "limit", LIMIT_STANDARD, 1,
					 LIMIT_MOST, &question->limit);
	if (!error)
		error = api_param_nodes(call, &question->most);
	return error;
}

static void write_side(struct json *json, const char *key,
		       struct api_call *call, const struct diff_side *side)
{
	const struct selection *selection = &side->excerpt.selection;

	json_open(json, key, '{');
	json_text(json, "label", side->label);
	api_write_selection(json, call, selection, side->excerpt.resolution_ns);
	json_integer(json, "from_us", selection->wall.from_ns / 1000);
	json_integer(json, "to_us", selection->wall.until_ns / 1000);
	json_integer(json, "samples", (int64_t)side->samples);
	json_integer(json, "weight", (int64_t)side->weight);
	json_integer(json, "duration_us", (int64_t)side->duration_ns / 1000);
	json_close(json, '}');
}

static void write_function(struct json *json, const struct diff *diff,
			   const struct diff_function *function)
{
	json_open(json, NULL, '{');
	api_write_function(json, function->tree, function->function);
	api_write_weight(json, "before", diff_weight(diff, &function->before));
	api_write_weight(json, "after", diff_weight(diff, &function->after));
	json_real(json, "share_before", function->share_before);
	json_real(json, "share_after", function->share_after);
	json_real(json, "p", function->p);
	json_text(json, "verdict", diff_verdict_name(function->verdict));
	json_close(json, '}');
}

static struct error *write_graph(struct json *json, const struct diff *diff,
				 size_t most)
{
	const struct excerpt *a = &diff->a.excerpt, *b = &diff->b.excerpt;
	uint64_t period = b->selection.events[0].period;
	_cleanup_free_ uint64_t *before = NULL;
	struct call_tree_limit limit = { .most = most };
	struct flame_document document;
	struct call_tree tree;
	struct error *error =
		call_tree_merge(&a->tree, &b->tree, &limit, &tree, &before);

	if (error)
		return error;
	document = (struct flame_document){
		.tree = &tree,
		.before = before,
		.least_samples = limit.least_samples,
		.period = period,
		.uniform = flame_json_is_uniform(&tree, period),
	};
	json_open(json, "graph", '{');
	flame_json_write(&document, json);
	json_close(json, '}');
	call_tree_deinit(&tree);
	return NULL;
}

static struct error *write_diff(struct api_call *call, const struct diff *diff,
				const struct question *question)
{
	struct json json = { .out = call->out };
	struct error *error;

	json_open(&json, NULL, '{');
	write_side(&json, "a", call, &diff->a);
	write_side(&json, "b", call, &diff->b);
	json_text(&json, "event", diff->b.excerpt.selection.event);
	json_text(&json, "unit", diff->b.excerpt.selection.unit);
	json_text(&json, "compared", sort_words[diff->by_total]);
	json_integer(&json, "count", (int64_t)diff->count);
	json_integer(&json, "tested", (int64_t)diff->tested);
	json_integer(&json, "significant", (int64_t)diff->significant);
	json_open(&json, "functions", '[');
	for (size_t i = 0; i < diff->count && i < question->limit; i++)
		write_function(&json, diff, &diff->functions[i]);
	json_close(&json, ']');
	error = write_graph(&json, diff, question->most);
	json_close(&json, '}');
	return error;
}

struct error *answer_diff(struct api_call *call)
{
	struct question question = { .by_total = 0 };
	struct diff_source a = { call->profile, &question.a, NULL };
	struct diff_source b = { call->profile, &question.b, NULL };
	struct diff diff;
	struct error *error = take_params(call, &question);

	a.label = question.label_a;
	b.label = question.label_b;
	if (!error)
		error = diff_load(&diff, &a, &b, question.by_total);
	if (!error) {
		error = write_diff(call, &diff, &question);
		diff_deinit(&diff);
	}
	question_deinit(&question);
	return error;
}
