// SPDX-License-Identifier: Apache-2.0
// Source files, and what each line of one cost. A line of a function that calls
// itself counts once for a stack.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "web/api/source.h"

enum { FILES_MOST = 1000, FUNCTIONS_OF_LINE = 5 };

/* A place of a file, of one function. */
struct place {
	uint32_t line, function;
	struct call_weight self, total;
};

struct places {
	struct place *places; /* owned */
	size_t count, capacity;
};

/* The weights of call sites and of all below them. */
static struct call_weight *sum_sites(const struct call_tree *tree)
{
	size_t count = tree->callsites.count;
	struct call_weight *totals = calloc(count + 1, sizeof(*totals));

	for (size_t i = count; totals && i-- > 0;) {
		const struct call_site *site = &tree->sites[i];

		if (!site->left_out) {
			totals[i].samples += site->self_samples;
			totals[i].weight += site->self_weight;
		}
		if (site->parent == CALL_TREE_NONE)
			continue;
		totals[site->parent].samples += totals[i].samples;
		totals[site->parent].weight += totals[i].weight;
	}
	return totals;
}

static bool is_of_file(const struct call_tree *tree, const struct call_site *site,
		       uint32_t file)
{
	return site->line && tree->functions[tree->nodes[site->node].function]
					     .file == file;
}

// Whether the line is above it in the stack already.
static bool is_inside(const struct call_tree *tree, uint32_t index,
		      uint32_t file)
{
	uint32_t line = tree->sites[index].line;

	for (index = tree->sites[index].parent; index != CALL_TREE_NONE;
	     index = tree->sites[index].parent)
		if (tree->sites[index].line == line &&
		    is_of_file(tree, &tree->sites[index], file))
			return true;
	return false;
}

static bool add_place(struct places *places, const struct call_tree *tree,
		      const struct call_weight *totals, uint32_t index,
		      uint32_t file)
{
	const struct call_site *site = &tree->sites[index];
	struct place place = {
		.line = site->line,
		.function = tree->nodes[site->node].function,
	};

	if (!totals[index].samples)
		return true;
	if (!site->left_out)
		place.self = (struct call_weight){ site->self_samples,
						   site->self_weight };
	if (!is_inside(tree, index, file))
		place.total = totals[index];
	if (!array_reserve_one(places->places, places->count, places->capacity))
		return false;
	places->places[places->count++] = place;
	return true;
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->function > b->function) - (a->function < b->function);
}

static void add_weight(struct call_weight *sum, const struct call_weight *more)
{
	sum->samples += more->samples;
	sum->weight += more->weight;
}

static struct error *find_places(struct places *places,
				 const struct call_tree *tree, uint32_t file)
{
	_cleanup_free_ struct call_weight *totals = sum_sites(tree);

	if (!totals)
		return &error_nomem;
	for (uint32_t i = 0; i < tree->callsites.count; i++)
		if (is_of_file(tree, &tree->sites[i], file) &&
		    !add_place(places, tree, totals, i, file))
			return &error_nomem;
	if (places->count)
		qsort(places->places, places->count, sizeof(*places->places),
		      compare_places);
	return NULL;
}

// Places from @from on that are of one line; where the next line begins.
static size_t write_line(struct json *json, const struct call_tree *tree,
			 const struct places *places, size_t from)
{
	const struct place *all = places->places;
	struct place sum = all[from];
	unsigned int names = 0;
	size_t end = from + 1;

	for (; end < places->count && all[end].line == sum.line; end++) {
		add_weight(&sum.self, &all[end].self);
		add_weight(&sum.total, &all[end].total);
	}
	json_open(json, NULL, '{');
	json_integer(json, "line", sum.line);
	api_write_weight(json, "self", &sum.self);
	api_write_weight(json, "total", &sum.total);
	json_open(json, "functions", '[');
	for (size_t i = from; i < end && names < FUNCTIONS_OF_LINE; i++) {
		if (i > from && all[i].function == all[i - 1].function)
			continue;
		json_text(json, NULL, tree->functions[all[i].function].name);
		names++;
	}
	json_close(json, ']');
	json_close(json, '}');
	return end;
}

static uint32_t find_file(const struct call_tree *tree, const char *path)
{
	for (uint32_t i = 0; i < tree->file_count; i++)
		if (strcmp(tree->files[i], path) == 0)
			return i;
	return CALL_TREE_NONE;
}

static struct error *write_lines(struct api_call *call,
				 const struct excerpt *excerpt,
				 const char *path)
{
	const struct call_tree *tree = &excerpt->tree;
	uint32_t file = find_file(tree, path);
	struct places places = { 0 };
	struct json json = { .out = call->out };
	struct source_text source = { 0 };
	struct error *error;

	if (file == CALL_TREE_NONE)
		return error_create(ERROR_NOT_FOUND,
				    "no function of the file '%s' was seen in "
				    "what is selected", path);
	error = find_places(&places, tree, file);
	if (!error)
		error = source_text_read(&source, call->host, path);
	if (!error) {
		json_open(&json, NULL, '{');
		api_write_selection(&json, call, &excerpt->selection,
				    excerpt->resolution_ns);
		json_text(&json, "file", path);
		api_write_weight(&json, "all", &tree->nodes[0].total);
		json_open(&json, "rows", '[');
		for (size_t i = 0; i < places.count;)
			i = write_line(&json, tree, &places, i);
		json_close(&json, ']');
		json_text(&json, "source", source.text);
		json_text(&json, "note", source.note);
		json_close(&json, '}');
	}
	source_text_deinit(&source);
	free(places.places);
	return error;
}

static struct error *load(struct api_call *call, struct excerpt *excerpt)
{
	struct error *error = api_select(call);

	if (!error)
		error = api_filter(call);
	if (!error)
		error = excerpt_load(excerpt, call->profile,
				     CALL_TREE_HEAVY_FIRST, TALLY_TOGETHER);
	return error;
}

struct error *answer_lines(struct api_call *call)
{
	struct excerpt excerpt;
	const char *path;
	struct error *error = api_param_needed(call, "file", &path);

	if (!error)
		error = load(call, &excerpt);
	if (error)
		return error;
	error = write_lines(call, &excerpt, path);
	excerpt_deinit(&excerpt);
	return error;
}

/* What each file cost. */
struct file_sums {
	struct call_sum *sums; /* owned; of each file */
	uint32_t *active; /* owned; how often each is on the way down */
	uint32_t *order;  /* owned */
	size_t count;	  /* in order */
};

static uint32_t file_of(const struct call_tree *tree, uint32_t node)
{
	return tree->functions[tree->nodes[node].function].file;
}

static void enter(const struct call_tree *tree, uint32_t node, void *context)
{
	struct file_sums *files = context;
	uint32_t file = file_of(tree, node);

	if (file == CALL_TREE_NONE)
		return;
	add_weight(&files->sums[file].self, &tree->nodes[node].self);
	if (files->active[file]++ == 0)
		add_weight(&files->sums[file].total, &tree->nodes[node].total);
}

static void leave(const struct call_tree *tree, uint32_t node, void *context)
{
	struct file_sums *files = context;
	uint32_t file = file_of(tree, node);

	if (file != CALL_TREE_NONE)
		files->active[file]--;
}

static int compare_files(const void *left, const void *right, void *context)
{
	const struct call_sum *sums = context;
	const struct call_sum *a = &sums[*(const uint32_t *)left];
	const struct call_sum *b = &sums[*(const uint32_t *)right];

	if (a->self.weight != b->self.weight)
		return a->self.weight > b->self.weight ? -1 : 1;
	return (a->total.weight < b->total.weight) -
	       (a->total.weight > b->total.weight);
}

static bool sum_files(struct file_sums *files, const struct call_tree *tree)
{
	size_t count = tree->file_count;

	files->sums = calloc(count + 1, sizeof(*files->sums));
	files->active = calloc(count + 1, sizeof(*files->active));
	files->order = calloc(count + 1, sizeof(*files->order));
	if (!files->sums || !files->active || !files->order)
		return false;
	call_tree_walk(tree, enter, leave, files);
	for (uint32_t i = 0; i < count; i++)
		if (files->sums[i].total.samples)
			files->order[files->count++] = i;
	if (files->count)
		qsort_r(files->order, files->count, sizeof(*files->order),
			compare_files, files->sums);
	return true;
}

static void write_files(struct api_call *call, const struct excerpt *excerpt,
			const struct file_sums *files)
{
	struct json json = { .out = call->out };

	json_open(&json, NULL, '{');
	api_write_selection(&json, call, &excerpt->selection,
			    excerpt->resolution_ns);
	api_write_weight(&json, "all", &excerpt->tree.nodes[0].total);
	json_integer(&json, "count", (int64_t)files->count);
	json_open(&json, "rows", '[');
	for (size_t i = 0; i < files->count && i < FILES_MOST; i++) {
		uint32_t file = files->order[i];

		json_open(&json, NULL, '{');
		json_text(&json, "file", excerpt->tree.files[file]);
		api_write_weight(&json, "self", &files->sums[file].self);
		api_write_weight(&json, "total", &files->sums[file].total);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
}

struct error *answer_files(struct api_call *call)
{
	struct file_sums files = { .count = 0 };
	struct excerpt excerpt;
	struct error *error = load(call, &excerpt);

	if (error)
		return error;
	if (sum_files(&files, &excerpt.tree))
		write_files(call, &excerpt, &files);
	else
		error = &error_nomem;
	free(files.sums);
	free(files.active);
	free(files.order);
	excerpt_deinit(&excerpt);
	return error;
}
