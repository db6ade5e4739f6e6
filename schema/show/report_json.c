// SPDX-License-Identifier: Apache-2.0
#include "schema/show/report.h"

static const char *status_name(const struct call_function *function,
			       uint64_t doubtful, uint64_t total)
{
	if (function->unresolved)
		return "unresolved";
	if (function->kind == STORE_PYTHON)
		return doubtful == 0	 ? "proven" :
		       doubtful == total ? "unproven" :
					   "mixed";
	return doubtful == 0	 ? "exact" :
	       doubtful == total ? "guessed" :
				   "mixed";
}

static void write_place(const struct report *report,
			const struct call_function *function, uint32_t line,
			struct json *json)
{
	json_text(json, "function", function->name);
	json_text(json, "file", call_tree_file(&report->excerpt.tree, function));
	if (line)
		json_integer(json, "line", line);
	else
		json_text(json, "line", NULL);
	json_text(json, "module", call_tree_module(&report->excerpt.tree, function));
	json_text(json, "kind", call_kind_name(function->kind));
}

static void write_weight(const struct report *report, struct json *json,
			 const struct call_weight *self,
			 const struct call_weight *total)
{
	const struct call_node *all = &report->excerpt.tree.nodes[0];
	int64_t samples = (int64_t)all->total.samples;

	json_integer(json, "self_samples", (int64_t)self->samples);
	json_integer(json, "total_samples", (int64_t)total->samples);
	json_integer(json, "self_ns", (int64_t)self->weight);
	json_integer(json, "total_ns", (int64_t)total->weight);
	json_real(json, "self_share",
		  summary_share((int64_t)self->samples, samples));
	json_real(json, "total_share",
		  summary_share((int64_t)total->samples, samples));
}

static void write_function(const struct report *report, uint32_t index,
			   struct json *json)
{
	const struct call_function *function = &report->excerpt.tree.functions[index];
	const struct call_sum *sum = &report->sums[index];

	json_open(json, NULL, '{');
	write_place(report, function, function->first_line, json);
	json_text(json, "status",
		  status_name(function, sum->doubtful_samples,
			      sum->total.samples));
	json_integer(json, "doubtful_samples", (int64_t)sum->doubtful_samples);
	write_weight(report, json, &sum->self, &sum->total);
	json_close(json, '}');
}

static void write_frame(const struct report *report, struct report_frame frame,
			struct json *json)
{
	const struct call_node *node = &report->excerpt.tree.nodes[frame.node];
	const struct call_function *function =
		&report->excerpt.tree.functions[node->function];

	json_open(json, NULL, '{');
	write_place(report, function, frame.line, json);
	json_text(json, "status",
		  status_name(function, node->doubtful_samples,
			      node->total.samples));
	json_close(json, '}');
}

static struct error *write_stack(const struct report *report, uint32_t index,
				 struct json *json)
{
	const struct call_node *node = &report->excerpt.tree.nodes[index];
	const struct call_node *all = &report->excerpt.tree.nodes[0];
	_cleanup_free_ struct report_frame *stack = NULL;
	size_t count;

	stack = report_stack(report, index, &count);
	if (!stack)
		return &error_nomem;
	json_open(json, NULL, '{');
	json_integer(json, "samples", (int64_t)node->self.samples);
	json_integer(json, "time_ns", (int64_t)node->self.weight);
	json_real(json, "share",
		  summary_share((int64_t)node->self.samples,
				(int64_t)all->total.samples));
	json_open(json, "frames", '[');
	for (size_t i = 0; i < count; i++)
		write_frame(report, stack[i], json);
	json_close(json, ']');
	json_close(json, '}');
	return NULL;
}

// All functions, by self time: who asks for JSON does the cutting.
struct error *report_print_json(const struct report *report,
				const struct report_options *options, FILE *out)
{
	struct json json = { .out = out };
	struct error *error = NULL;

	json_open(&json, NULL, '{');
	summary_write_json(&report->summary, &json);
	json_integer(&json, "time_ns",
		     (int64_t)report->excerpt.tree.nodes[0].total.weight);
	json_open(&json, "functions", '[');
	for (size_t i = 0; i < report->function_count; i++)
		write_function(report, report->by_self[i], &json);
	json_close(&json, ']');
	json_open(&json, "stacks", '[');
	for (size_t i = 0;
	     !error && i < report->stack_count && i < options->stack_count; i++)
		error = write_stack(report, report->stacks[i], &json);
	json_close(&json, ']');
	json_close(&json, '}');
	putc('\n', out);
	return error;
}
