// SPDX-License-Identifier: Apache-2.0
// The flame graph page: schema/flame/page.html with the profile filled in.
//
// The profile is JSON, read by schema/flame/profile.js. What there is much of
// is in columns (schema/show/json.h): nodes breadth first, each with the difference
// of its parent to the one before (0 or 1, mostly), its function, its own
// samples. 100,000 nodes are about 500 KiB and are decoded in 10 ms.
#include "schema/read/profile.h"

#include <errno.h>
#include <string.h>

#include "base/embed.h"
#include "schema/read/call_threads.h"
#include "schema/read/excerpt.h"
#include "schema/show/json.h"
#include "schema/show/summary.h"

EMBEDDED_FILE(flame_page_html);

enum {
	FLAME_NODES_MAX = 500000, /* more would make a browser slow */
};

struct flame {
	struct summary summary;
	struct excerpt excerpt;
	struct call_threads threads;
	uint64_t least_samples; /* of a node; 0: nothing was left out */
	bool threads_left_out;
	bool uniform; /* each sample weighs the same */
};

static void flame_deinit(struct flame *flame)
{
	summary_deinit(&flame->summary);
	excerpt_deinit(&flame->excerpt);
	call_threads_deinit(&flame->threads);
}

static bool is_uniform(const struct flame *flame)
{
	const struct call_tree *tree = &flame->excerpt.tree;
	uint64_t period = flame->excerpt.selection.events[0].period;

	for (size_t i = 0; i < tree->node_count; i++) {
		const struct call_weight *self = &tree->nodes[i].self;

		if (self->weight != self->samples * period)
			return false;
	}
	return true;
}

static struct error *load_threads(struct flame *flame, sqlite3 *database)
{
	const struct excerpt *excerpt = &flame->excerpt;

	flame->threads_left_out = excerpt->tally.by != TALLY_BY_THREAD;
	if (flame->threads_left_out)
		return NULL;
	return call_threads_load(&flame->threads, &excerpt->tree, database,
				 &excerpt->tally, TALLY_THREADS);
}

static struct error *flame_load(struct flame *flame, struct profile *profile)
{
	struct error *error;

	*flame = (struct flame){ 0 };
	error = excerpt_load(&flame->excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     TALLY_BY_THREAD);
	if (error)
		return error;
	error = summary_load(&flame->summary, profile, &flame->excerpt);
	if (!error)
		error = call_tree_prune(&flame->excerpt.tree, FLAME_NODES_MAX,
					&flame->least_samples);
	if (!error)
		error = load_threads(flame, profile_database(profile));
	if (error)
		flame_deinit(flame);
	else
		flame->uniform = is_uniform(flame);
	return error;
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

static void write_functions(struct json *json, const struct call_tree *tree)
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
	for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++) {
		struct json_column column;

		json_column_open(&column, json, columns[c].key);
		for (size_t i = 0; i < tree->function_count; i++)
			json_column_add(&column,
					columns[c].number(&tree->functions[i]));
		json_column_close(&column);
	}
	json_close(json, '}');
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

static void write_nodes(struct json *json, const struct flame *flame)
{
	const struct call_tree *tree = &flame->excerpt.tree;

	json_open(json, "nodes", '{');
	json_integer(json, "count", (int64_t)tree->node_count);
	write_node_column(json, "parents", tree, node_parent);
	write_node_column(json, "functions", tree, node_function);
	write_node_column(json, "samples", tree, node_samples);
	if (flame->uniform)
		json_text(json, "times", NULL);
	else
		write_node_column(json, "times", tree, node_time);
	write_node_column(json, "doubts", tree, node_doubt);
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
static void write_threads(struct json *json, const struct flame *flame)
{
	const struct call_threads *threads = &flame->threads;

	json_open(json, "threads", '[');
	for (size_t i = 0; threads->count > 1 && i < threads->count; i++)
		write_thread(json, &threads->threads[i], flame->uniform);
	json_close(json, ']');
}

static void write_profile(const struct flame *flame, const char *title,
			  FILE *out)
{
	const struct call_tree *tree = &flame->excerpt.tree;
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	json_text(&json, "title", title ? title : "");
	summary_write_json(&flame->summary, &json);
	json_integer(&json, "time_ns", (int64_t)tree->nodes[0].total.weight);
	json_integer(&json, "least_samples", (int64_t)flame->least_samples);
	json_bool(&json, "threads_left_out", flame->threads_left_out);
	write_texts(&json, "files", tree->files, tree->file_count);
	write_texts(&json, "modules", tree->modules, tree->module_count);
	write_functions(&json, tree);
	write_nodes(&json, flame);
	write_lines(&json, tree);
	write_threads(&json, flame);
	json_close(&json, '}');
}

static struct error *write_page(const struct flame *flame, const char *title,
				FILE *out)
{
	static const char mark[] = "@PROFILE@";
	const struct embedded_file *page = &embedded_flame_page_html;
	const char *place = strstr(page->text, mark);
	const char *rest;

	if (!place)
		return error_create(ERROR_BAD_DATA, "the page has no place "
						    "for a profile");
	rest = place + strlen(mark);
	fwrite(page->text, 1, (size_t)(place - page->text), out);
	write_profile(flame, title, out);
	fwrite(rest, 1, page->size - (size_t)(rest - page->text), out);
	if (ferror(out))
		return error_from_errno(errno, "write the page");
	return NULL;
}

struct error *profile_flame(struct profile *profile, const char *title,
			    FILE *out)
{
	struct flame flame;
	struct error *error;

	error = flame_load(&flame, profile);
	if (!error) {
		error = write_page(&flame, title, out);
		flame_deinit(&flame);
	}
	return error_wrap(error, "flame graph");
}
