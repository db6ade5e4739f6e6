// SPDX-License-Identifier: Apache-2.0
#include "schema/show/flame_json.h"

bool flame_json_is_uniform(const struct call_tree *tree, uint64_t period)
{
	for (size_t i = 0; i < tree->node_count; i++) {
		const struct call_weight *self = &tree->nodes[i].self;

		if (self->weight != self->samples * period)
			return false;
	}
	return true;
}

static void write_texts(struct json *json, const char *key, char **texts,
			size_t count)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, texts[i]);
	json_close(json, ']');
}

// Which number of a function goes into a column.
typedef uint64_t (*function_number_fn)(const struct call_function *function);

static uint64_t function_kind(const struct call_function *function)
{
	return function->kind;
}

// 0: none.
static uint64_t function_file(const struct call_function *function)
{
	return (uint32_t)(function->file + 1);
}

static uint64_t function_module(const struct call_function *function)
{
	return (uint32_t)(function->module + 1);
}

static uint64_t function_line(const struct call_function *function)
{
	return function->first_line;
}

static uint64_t function_unresolved(const struct call_function *function)
{
	return function->unresolved;
}

// 0: a function; 1: a group of no label; else 2 more than the label's index.
static uint64_t function_group(const struct call_function *function)
{
	if (!function->group)
		return 0;
	return function->label == GROUP_NO_LABEL ? 1 : function->label + 2u;
}

static void write_column(struct json *json, const char *key,
			 const struct call_tree *tree,
			 function_number_fn number)
{
	struct json_column column;

	json_column_open(&column, json, key);
	for (size_t i = 0; i < tree->function_count; i++)
		json_column_add(&column, number(&tree->functions[i]));
	json_column_close(&column);
}

static void write_functions(struct json *json, const struct call_tree *tree,
			    bool grouped)
{
	static const struct {
		const char *key;
		function_number_fn number;
	} columns[] = {
		{ "kinds", function_kind },
		{ "files", function_file },
		{ "modules", function_module },
		{ "lines", function_line },
		{ "unresolved", function_unresolved },
	};

	json_open(json, "functions", '{');
	json_open(json, "names", '[');
	for (size_t i = 0; i < tree->function_count; i++)
		json_text(json, NULL, tree->functions[i].name);
	json_close(json, ']');
	for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++)
		write_column(json, columns[c].key, tree, columns[c].number);
	if (grouped)
		write_column(json, "groups", tree, function_group);
	json_close(json, '}');
}

// The labels that rows at the root are values of, the outermost first.
static void write_grouping(struct json *json, const struct grouping *grouping)
{
	json_open(json, "grouping", '[');
	for (size_t i = 0; i < grouping->count; i++)
		json_text(json, NULL, grouping_label(grouping, i));
	json_close(json, ']');
}

// Which number of node @index goes into a column.
typedef uint64_t (*node_number_fn)(const struct call_node *nodes, size_t index);

static uint64_t node_parent(const struct call_node *nodes, size_t index)
{
	return index ? nodes[index].parent - nodes[index - 1].parent : 0;
}

static uint64_t node_function(const struct call_node *nodes, size_t index)
{
	return nodes[index].function;
}

static uint64_t node_samples(const struct call_node *nodes, size_t index)
{
	return nodes[index].self.samples;
}

static uint64_t node_time(const struct call_node *nodes, size_t index)
{
	return nodes[index].self.weight;
}

static uint64_t node_doubt(const struct call_node *nodes, size_t index)
{
	return nodes[index].doubtful_samples;
}

static void write_node_column(struct json *json, const char *key,
			      const struct call_tree *tree,
			      node_number_fn number)
{
	struct json_column column;

	json_column_open(&column, json, key);
	for (size_t i = 0; i < tree->node_count; i++)
		json_column_add(&column, number(tree->nodes, i));
	json_column_close(&column);
}

// What a node had of the other profile that a comparison is with.
static void write_before(struct json *json, const uint64_t *before, size_t count)
{
	struct json_column column;

	json_column_open(&column, json, "before");
	for (size_t i = 0; i < count; i++)
		json_column_add(&column, before[i]);
	json_column_close(&column);
}

static void write_nodes(struct json *json, const struct flame_document *document)
{
	const struct call_tree *tree = document->tree;

	json_open(json, "nodes", '{');
	json_integer(json, "count", (int64_t)tree->node_count);
	write_node_column(json, "parents", tree, node_parent);
	write_node_column(json, "functions", tree, node_function);
	write_node_column(json, "samples", tree, node_samples);
	if (document->uniform)
		json_text(json, "times", NULL);
	else
		write_node_column(json, "times", tree, node_time);
	write_node_column(json, "doubts", tree, node_doubt);
	if (document->before)
		write_before(json, document->before, tree->node_count);
	json_close(json, '}');
}

static void write_lines(struct json *json, const struct call_tree *tree)
{
	const struct call_line *lines = tree->lines;
	struct json_column column;

	json_open(json, "lines", '{');
	json_integer(json, "count", (int64_t)tree->line_count);
	json_column_open(&column, json, "nodes");
	for (size_t i = 0; i < tree->line_count; i++)
		json_column_add(&column, i ? lines[i].node - lines[i - 1].node :
					     lines[i].node);
	json_column_close(&column);
	json_column_open(&column, json, "lines");
	for (size_t i = 0; i < tree->line_count; i++)
		json_column_add(&column, lines[i].line);
	json_column_close(&column);
	json_column_open(&column, json, "samples");
	for (size_t i = 0; i < tree->line_count; i++)
		json_column_add(&column, lines[i].samples);
	json_column_close(&column);
	json_close(json, '}');
}

typedef uint64_t (*share_number_fn)(const struct call_share *shares,
				    size_t index);

static uint64_t share_node(const struct call_share *shares, size_t index)
{
	return index ? shares[index].node - shares[index - 1].node :
		       shares[index].node;
}

static uint64_t share_samples(const struct call_share *shares, size_t index)
{
	return shares[index].self.samples;
}

static uint64_t share_time(const struct call_share *shares, size_t index)
{
	return shares[index].self.weight;
}

static uint64_t share_doubt(const struct call_share *shares, size_t index)
{
	return shares[index].doubtful_samples;
}

static void write_share_column(struct json *json, const char *key,
			       const struct call_thread *thread,
			       share_number_fn number)
{
	struct json_column column;

	json_column_open(&column, json, key);
	for (size_t i = 0; i < thread->share_count; i++)
		json_column_add(&column, number(thread->shares, i));
	json_column_close(&column);
}

static void write_thread(struct json *json, const struct call_thread *thread,
			 bool uniform)
{
	json_open(json, NULL, '{');
	json_text(json, "process", thread->process);
	json_integer(json, "pid", thread->pid);
	json_text(json, "thread", thread->name);
	json_integer(json, "tid", thread->tid);
	json_integer(json, "total", (int64_t)thread->samples);
	json_integer(json, "count", (int64_t)thread->share_count);
	write_share_column(json, "nodes", thread, share_node);
	write_share_column(json, "samples", thread, share_samples);
	if (uniform)
		json_text(json, "times", NULL);
	else
		write_share_column(json, "times", thread, share_time);
	write_share_column(json, "doubts", thread, share_doubt);
	json_close(json, '}');
}

// One thread is the whole profile: nothing to choose.
static void write_threads(struct json *json,
			  const struct flame_document *document)
{
	const struct call_threads *threads = document->threads;
	size_t count = threads && threads->count > 1 ? threads->count : 0;

	json_open(json, "threads", '[');
	for (size_t i = 0; i < count; i++)
		write_thread(json, &threads->threads[i], document->uniform);
	json_close(json, ']');
}

// Of a whole recording: from its begin to its end.
static void write_recording(const struct summary *summary, struct json *json)
{
	int64_t begin_us = summary->start_wall_ns / 1000;

	json_open(json, "selection", '{');
	json_bool(json, "whole", true);
	json_integer(json, "from_us", begin_us);
	json_integer(json, "to_us", begin_us + summary->duration_ns / 1000);
	json_integer(json, "resolution_us", 0);
	json_text(json, "filters", summary->filters);
	json_close(json, '}');
}

static void write_summary(const struct summary *summary, struct json *json)
{
	if (!summary)
		return;
	summary_write_json(summary, json);
	if (!summary->selected)
		write_recording(summary, json);
	json_text(json, "event", summary->event);
	json_text(json, "unit", summary->unit);
}

void flame_json_write(const struct flame_document *document, struct json *json)
{
	const struct call_tree *tree = document->tree;
	bool grouped = document->grouping && document->grouping->count;

	json_text(json, "title", document->title ? document->title : "");
	write_summary(document->summary, json);
	json_integer(json, "period", (int64_t)document->period);
	json_integer(json, "time_ns", (int64_t)tree->nodes[0].total.weight);
	json_integer(json, "least_samples", (int64_t)document->least_samples);
	json_bool(json, "threads_left_out", document->threads_left_out);
	write_texts(json, "files", tree->files, tree->file_count);
	write_texts(json, "modules", tree->modules, tree->module_count);
	if (grouped)
		write_grouping(json, document->grouping);
	write_functions(json, tree, grouped);
	write_nodes(json, document);
	if (document->lines)
		write_lines(json, tree);
	write_threads(json, document);
}
