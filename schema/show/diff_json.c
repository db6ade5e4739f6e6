// SPDX-License-Identifier: Apache-2.0
#include "schema/show/diff.h"

#include "schema/show/json.h"

static void write_side(const struct diff_side *side, const char *key,
		       struct json *json)
{
	const struct selection *selection = &side->excerpt.selection;

	json_open(json, key, '{');
	json_text(json, "label", side->label);
	json_integer(json, "from_wall_ns", selection->wall.from_ns);
	json_integer(json, "until_wall_ns", selection->wall.until_ns);
	json_integer(json, "duration_ns", (int64_t)side->duration_ns);
	json_integer(json, "resolution_ns",
		     (int64_t)side->excerpt.resolution_ns);
	json_integer(json, "samples", (int64_t)side->samples);
	json_integer(json, "weight", (int64_t)side->weight);
	json_close(json, '}');
}

static void write_sum(const char *key, const struct call_sum *sum, double share,
		      struct json *json)
{
	json_open(json, key, '{');
	json_integer(json, "self_samples", (int64_t)sum->self.samples);
	json_integer(json, "total_samples", (int64_t)sum->total.samples);
	json_integer(json, "self_weight", (int64_t)sum->self.weight);
	json_integer(json, "total_weight", (int64_t)sum->total.weight);
	json_real(json, "share", share);
	json_close(json, '}');
}

const char *diff_verdict_name(enum diff_verdict verdict)
{
	switch (verdict) {
	case DIFF_SIGNIFICANT:
		return "significant";
	case DIFF_NOT_SIGNIFICANT:
		return "not significant";
	case DIFF_TOO_FEW:
		break;
	}
	return "too few samples";
}

static void write_function(const struct diff_function *function,
			   struct json *json)
{
	const struct call_function *callee =
		&function->tree->functions[function->function];

	json_open(json, NULL, '{');
	json_text(json, "function", callee->name);
	json_text(json, "file", call_tree_file(function->tree, callee));
	json_text(json, "module", call_tree_module(function->tree, callee));
	json_text(json, "kind", call_kind_name(callee->kind));
	write_sum("a", &function->before, function->share_before, json);
	write_sum("b", &function->after, function->share_after, json);
	json_real(json, "change",
		  function->share_after - function->share_before);
	json_real(json, "p", function->p);
	json_text(json, "verdict", diff_verdict_name(function->verdict));
	json_close(json, '}');
}

struct error *diff_print_json(const struct diff *diff, FILE *out)
{
	const struct selection *selection = &diff->a.excerpt.selection;
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	write_side(&diff->a, "a", &json);
	write_side(&diff->b, "b", &json);
	json_text(&json, "event", selection->event);
	json_text(&json, "weight_unit", selection->unit);
	json_text(&json, "compared", diff->by_total ? "total" : "self");
	json_integer(&json, "tested", (int64_t)diff->tested);
	json_integer(&json, "significant", (int64_t)diff->significant);
	json_open(&json, "functions", '[');
	for (size_t i = 0; i < diff->count; i++)
		write_function(&diff->functions[i], &json);
	json_close(&json, ']');
	json_close(&json, '}');
	putc('\n', out);
	return NULL;
}
