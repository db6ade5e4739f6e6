// SPDX-License-Identifier: Apache-2.0
// Firefox's profiler: the format that its own recorder wrote at version 24,
// which profiler.firefox.com and Perfetto read and bring up to date (`perf
// script report gecko` writes the same). Threads have samples in order of time,
// each a stack; a stack is a frame and the stack of its caller. It knows no
// weights: what one row of the store says of several samples is written as
// several, one period apart.
#include "schema/show/export.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "schema/show/gecko_samples.h"
#include "schema/show/json.h"
#include "schema/show/summary.h"

/* A thread's tables, while it is written. */
struct table {
	const struct gecko_samples *samples; /* borrowed */
	struct json *json;		     /* borrowed */
	/* The values of the thread's groups, borrowed: the outermost frames. */
	const char *groups[GROUPING_LABELS_MAX];
	uint32_t group_count;
	uint32_t *stacks; /* owned; of each node: its number + 1, or 0 */
	uint32_t *nodes;  /* owned; the nodes that have one, in order */
	size_t node_count;
	uint32_t *frames; /* owned; of each function: its number + 1, or 0 */
	uint32_t *functions; /* owned; the functions that have one */
	size_t function_count;
};

/* The order of enum store_kind. */
static const struct {
	const char *name, *color;
} categories[] = {
	{ "Python", "blue" },
	{ "Native", "orange" },
	{ "Kernel", "green" },
	{ "Other", "grey" },
};

static void write_schema(struct json *json, const char *const *names)
{
	json_open(json, "schema", '{');
	for (int64_t i = 0; names[i]; i++)
		json_integer(json, names[i], i);
	json_close(json, '}');
	json_open(json, "data", '[');
}

// Closes what write_schema() opened, and the table around it.
static void end_table(struct json *json)
{
	json_close(json, ']');
	json_close(json, '}');
}

static void write_categories(struct json *json)
{
	json_open(json, "categories", '[');
	for (size_t i = 0; i < sizeof(categories) / sizeof(*categories); i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", categories[i].name);
		json_text(json, "color", categories[i].color);
		json_open(json, "subcategories", '[');
		json_text(json, NULL, "Other");
		json_close(json, ']');
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_meta(struct json *json, const struct gecko_samples *samples,
		       const struct summary *summary)
{
	const struct selection *selection = &samples->excerpt.selection;

	json_open(json, "meta", '{');
	json_real(json, "interval", (double)selection->events[0].period / 1e6);
	json_real(json, "startTime", (double)selection->wall.from_ns / 1e6);
	json_text(json, "shutdownTime", NULL);
	json_integer(json, "version", 24);
	json_integer(json, "processType", 0);
	json_integer(json, "stackwalk", 1);
	json_integer(json, "debug", 0);
	json_integer(json, "gcpoison", 0);
	json_integer(json, "asyncstack", 1);
	json_bool(json, "presymbolicated", true);
	json_text(json, "product", summary->command);
	json_text(json, "platform", summary->host);
	json_text(json, "oscpu", summary->kernel);
	write_categories(json);
	json_open(json, "markerSchema", '[');
	json_close(json, ']');
	json_close(json, '}');
}

// Callers have smaller numbers, so ascending order is one where they come first.
static void want_node(struct table *table, uint32_t node)
{
	const struct call_tree *tree = &table->samples->excerpt.tree;

	for (; node && !table->stacks[node]; node = tree->nodes[node].parent) {
		table->stacks[node] = 1;
		table->nodes[table->node_count++] = node;
	}
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static void number_stacks(struct table *table, const struct gecko_sample *rows,
			  size_t count)
{
	const struct call_tree *tree = &table->samples->excerpt.tree;

	for (size_t i = 0; i < count; i++)
		want_node(table, rows[i].node);
	qsort(table->nodes, table->node_count, sizeof(uint32_t),
	      compare_numbers);
	for (uint32_t i = 0; i < table->node_count; i++) {
		uint32_t function = tree->nodes[table->nodes[i]].function;

		table->stacks[table->nodes[i]] = i + 1;
		if (table->frames[function])
			continue;
		table->functions[table->function_count++] = function;
		table->frames[function] = (uint32_t)table->function_count;
	}
}

static void forget_numbers(struct table *table)
{
	for (size_t i = 0; i < table->node_count; i++)
		table->stacks[table->nodes[i]] = 0;
	for (size_t i = 0; i < table->function_count; i++)
		table->frames[table->functions[i]] = 0;
	table->node_count = table->function_count = 0;
}

// Of what is in no group, none.
static void find_groups(struct table *table, uint32_t thread)
{
	const struct gecko_samples *samples = table->samples;
	const struct groups *groups = &samples->groups;
	const char *inner[GROUPING_LABELS_MAX];
	uint32_t count = 0, group = 0;

	if (groups->count)
		group = groups_find(groups, samples->threads.ids.ids[thread]);
	for (; group && count < GROUPING_LABELS_MAX;
	     group = groups->groups[group].parent)
		inner[count++] =
			groups->values[groups->groups[group].value].text;
	for (uint32_t i = 0; i < count; i++)
		table->groups[i] = inner[count - 1 - i];
	table->group_count = count;
}

// Stacks, frames and texts of the groups stand before those of calls.
static uint32_t stack_of(const struct table *table, uint32_t node)
{
	return table->group_count + table->stacks[node] - 1;
}

static void write_samples(struct table *table, const struct gecko_sample *rows,
			  size_t count)
{
	static const char *const names[] = { "stack", "time", "responsiveness",
					     NULL };
	FILE *out = table->json->out;

	json_open(table->json, "samples", '{');
	write_schema(table->json, names);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s[%" PRIu32 ",%.6f,0]", i ? ",\n" : "",
			stack_of(table, rows[i].node),
			(double)rows[i].time_ns / 1e6);
	end_table(table->json);
}

static void write_frames(struct table *table)
{
	static const char *const names[] = {
		"location", "relevantForJS", "innerWindowID", "implementation",
		"optimizations", "line", "column", "category", "subcategory",
		NULL
	};
	const struct call_tree *tree = &table->samples->excerpt.tree;
	size_t groups = table->group_count;

	json_open(table->json, "frameTable", '{');
	write_schema(table->json, names);
	for (size_t i = 0; i < groups + table->function_count; i++) {
		enum store_kind kind =
			i < groups ? STORE_OTHER :
				     tree->functions[table->functions[i - groups]]
					     .kind;

		fprintf(table->json->out,
			"%s[%zu,%s,0,null,null,null,null,%d,0]", i ? ",\n" : "",
			i, kind == STORE_PYTHON ? "true" : "false", (int)kind);
	}
	end_table(table->json);
}

static void write_stack(FILE *out, bool first, uint32_t number_above,
			uint32_t frame)
{
	fputs(first ? "[" : ",\n[", out);
	if (number_above)
		fprintf(out, "%" PRIu32, number_above - 1);
	else
		fputs("null", out);
	fprintf(out, ",%" PRIu32 "]", frame);
}

static void write_stacks(struct table *table)
{
	static const char *const names[] = { "prefix", "frame", NULL };
	const struct call_tree *tree = &table->samples->excerpt.tree;
	uint32_t groups = table->group_count;
	FILE *out = table->json->out;

	json_open(table->json, "stackTable", '{');
	write_schema(table->json, names);
	for (uint32_t i = 0; i < groups; i++)
		write_stack(out, !i, i, i);
	for (size_t i = 0; i < table->node_count; i++) {
		const struct call_node *node = &tree->nodes[table->nodes[i]];
		uint32_t above = node->parent ? table->stacks[node->parent] : 0;

		write_stack(out, !groups && !i, groups + above,
			    groups + table->frames[node->function] - 1);
	}
	end_table(table->json);
}

// "fib (app.py:3)" and "malloc (in libc.so.6)" are what its reader takes apart.
static char *location_of(const struct call_tree *tree, uint32_t index)
{
	const struct call_function *function = &tree->functions[index];
	const char *module = call_tree_module(tree, function);
	const char *file = call_tree_file(tree, function);
	const char *base = module ? strrchr(module, '/') : NULL;
	char *text = NULL;
	int size;

	if (file && function->kind == STORE_PYTHON)
		size = asprintf(&text, "%s (%s:%" PRIu32 ")", function->name,
				file, function->first_line);
	else if (module)
		size = asprintf(&text, "%s (in %s)", function->name,
				base && base[1] ? base + 1 : module);
	else
		size = asprintf(&text, "%s", function->name);
	return size < 0 ? NULL : text;
}

static bool write_strings(struct table *table)
{
	const struct call_tree *tree = &table->samples->excerpt.tree;

	json_open(table->json, "stringTable", '[');
	for (size_t i = 0; i < table->group_count; i++)
		json_text(table->json, NULL, table->groups[i]);
	for (size_t i = 0; i < table->function_count; i++) {
		_cleanup_free_ char *text =
			location_of(tree, table->functions[i]);

		if (!text)
			return false;
		json_text(table->json, NULL, text);
	}
	json_close(table->json, ']');
	return true;
}

static bool write_thread(struct table *table, const struct gecko_sample *rows,
			 size_t count)
{
	static const char *const markers[] = {
		"name", "startTime", "endTime", "phase", "category", "data", NULL
	};
	const struct export_thread *thread =
		&table->samples->threads.threads[rows[0].thread];
	struct json *json = table->json;
	bool whole;

	number_stacks(table, rows, count);
	find_groups(table, rows[0].thread);
	json_open(json, NULL, '{');
	json_text(json, "name", thread->name);
	json_text(json, "processName", thread->process);
	json_text(json, "processType", "default");
	json_integer(json, "pid", thread->pid);
	json_integer(json, "tid", thread->tid);
	json_real(json, "registerTime", (double)rows[0].time_ns / 1e6);
	json_text(json, "unregisterTime", NULL);
	json_open(json, "markers", '{');
	write_schema(json, markers);
	end_table(json);
	write_samples(table, rows, count);
	write_frames(table);
	write_stacks(table);
	whole = write_strings(table);
	json_close(json, '}');
	forget_numbers(table);
	return whole;
}

static struct error *write_threads(struct table *table)
{
	const struct gecko_samples *samples = table->samples;
	const struct call_tree *tree = &samples->excerpt.tree;
	size_t from = 0;

	table->stacks = calloc(tree->node_count, sizeof(uint32_t));
	table->nodes = calloc(tree->node_count, sizeof(uint32_t));
	table->frames = calloc(tree->function_count, sizeof(uint32_t));
	table->functions = calloc(tree->function_count, sizeof(uint32_t));
	if (!table->stacks || !table->nodes || !table->frames ||
	    !table->functions)
		return &error_nomem;
	json_open(table->json, "threads", '[');
	for (size_t i = 1; i <= samples->count; i++) {
		if (i < samples->count && samples->samples[i].thread ==
						  samples->samples[from].thread)
			continue;
		if (!write_thread(table, &samples->samples[from], i - from))
			return &error_nomem;
		from = i;
	}
	json_close(table->json, ']');
	return NULL;
}

static struct error *write_file(const struct gecko_samples *samples,
				const struct summary *summary, FILE *out)
{
	static const char *const empty[] = { "libs", "processes",
					     "pausedRanges" };
	struct json json = { .out = out };
	struct table table = { .samples = samples, .json = &json };
	struct error *error;

	json_open(&json, NULL, '{');
	write_meta(&json, samples, summary);
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
		json_open(&json, empty[i], '[');
		json_close(&json, ']');
	}
	error = write_threads(&table);
	json_close(&json, '}');
	putc('\n', out);
	free(table.stacks);
	free(table.nodes);
	free(table.frames);
	free(table.functions);
	if (!error && ferror(out))
		error = error_from_errno(errno, "write");
	return error;
}

struct error *export_write_gecko(struct profile *profile, FILE *out)
{
	struct summary summary = { 0 };
	struct gecko_samples samples;
	struct error *error = gecko_samples_load(&samples, profile);

	if (!error) {
		error = summary_load(&summary, profile, &samples.excerpt);
		if (!error)
			error = write_file(&samples, &summary, out);
		summary_deinit(&summary);
		gecko_samples_deinit(&samples);
	}
	return error_wrap(error, "export for Firefox");
}
