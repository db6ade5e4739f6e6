// SPDX-License-Identifier: Apache-2.0
// Functions for spreadsheets, RFC 4180, the one with most samples of its own
// first; by label, those of each group, with the group's labels in the first
// columns. A cell that a spreadsheet would take for a formula begins with "'".
#include "schema/show/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "schema/read/excerpt.h"
#include "schema/show/csv.h"

/* The functions of one group, while they are summed up. */
struct table {
	const struct call_tree *tree; /* borrowed */
	size_t labels;		      /* columns in front */
	bool below_groups; /* else what is in none */
	uint32_t path[GROUPING_LABELS_MAX]; /* functions of the group's rows */
	size_t depth;
	struct call_sum *sums; /* owned; of each function; all 0 in between */
	uint32_t *active;      /* owned; how often it is on the way down */
	uint32_t *touched;     /* owned; the functions that have a sum */
	size_t touched_count;
	FILE *out; /* borrowed */
};

static void table_deinit(struct table *table)
{
	free(table->sums);
	free(table->active);
	free(table->touched);
}

static int compare_functions(const void *left, const void *right, void *context)
{
	const struct table *table = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_sum *of_a = &table->sums[a], *of_b = &table->sums[b];

	if (of_a->self.samples != of_b->self.samples)
		return of_a->self.samples > of_b->self.samples ? -1 : 1;
	if (of_a->total.samples != of_b->total.samples)
		return of_a->total.samples > of_b->total.samples ? -1 : 1;
	return call_function_compare(table->tree, a, table->tree, b);
}

// A group that is not told apart has fewer labels than there are columns.
static void write_path(const struct table *table)
{
	for (size_t i = 0; i < table->labels; i++) {
		if (i < table->depth)
			csv_text(table->tree->functions[table->path[i]].name,
				 table->out);
		putc(',', table->out);
	}
}

static void write_function(const struct call_tree *tree, uint32_t index,
			   const struct call_sum *sum, FILE *out)
{
	const struct call_function *function = &tree->functions[index];
	const char *file = call_tree_file(tree, function);
	const char *module = call_tree_module(tree, function);

	csv_text(function->name, out);
	fprintf(out, ",%s,", call_kind_name(function->kind));
	csv_text(file ? file : "", out);
	putc(',', out);
	if (function->first_line)
		fprintf(out, "%" PRIu32, function->first_line);
	putc(',', out);
	csv_text(module ? module : "", out);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\r\n",
		sum->self.samples, sum->self.weight, sum->total.samples,
		sum->total.weight);
}

static void write_functions(struct table *table)
{
	qsort_r(table->touched, table->touched_count, sizeof(uint32_t),
		compare_functions, table);
	for (size_t i = 0; i < table->touched_count; i++) {
		uint32_t function = table->touched[i];

		write_path(table);
		write_function(table->tree, function, &table->sums[function],
			       table->out);
		table->sums[function] = (struct call_sum){ 0 };
	}
	table->touched_count = 0;
}

static void add_node(struct table *table, const struct call_node *node)
{
	struct call_sum *sum = &table->sums[node->function];

	if (!sum->total.samples && node->total.samples)
		table->touched[table->touched_count++] = node->function;
	sum->self.samples += node->self.samples;
	sum->self.weight += node->self.weight;
	if (table->active[node->function]++ > 0)
		return;
	sum->total.samples += node->total.samples;
	sum->total.weight += node->total.weight;
}

static bool is_group(const struct call_tree *tree, uint32_t node)
{
	return tree->functions[tree->nodes[node].function].group;
}

// Node 0 is the root.
static void enter_node(const struct call_tree *tree, uint32_t node,
		       void *context)
{
	struct table *table = context;

	if (is_group(tree, node) && table->depth < GROUPING_LABELS_MAX)
		table->path[table->depth++] = tree->nodes[node].function;
	else if (node && table->below_groups == (table->depth > 0))
		add_node(table, &tree->nodes[node]);
}

static void leave_node(const struct call_tree *tree, uint32_t node,
		       void *context)
{
	struct table *table = context;

	if (is_group(tree, node) && table->depth > 0) {
		if (table->below_groups)
			write_functions(table);
		table->depth--;
	} else if (node && table->below_groups == (table->depth > 0)) {
		table->active[tree->nodes[node].function]--;
	}
}

static void write_head(const struct table *table,
		       const struct grouping *grouping, const char *unit)
{
	for (size_t i = 0; i < table->labels; i++)
		fprintf(table->out, "%s,", grouping_label(grouping, i));
	fprintf(table->out,
		"function,kind,file,line,module,self_samples,self_%s,"
		"total_samples,total_%s\r\n", unit, unit);
}

// What is in no group stands beside the groups: it has its own way down.
static struct error *write_tables(const struct excerpt *excerpt,
				  const struct grouping *grouping, FILE *out)
{
	const struct call_tree *tree = &excerpt->tree;
	struct table table = {
		.tree = tree,
		.labels = grouping->count,
		.sums = calloc(tree->function_count, sizeof(*table.sums)),
		.active = calloc(tree->function_count, sizeof(*table.active)),
		.touched = calloc(tree->function_count, sizeof(*table.touched)),
		.out = out,
	};
	struct error *error = &error_nomem;

	if (table.sums && table.active && table.touched) {
		write_head(&table, grouping, excerpt->selection.unit);
		table.below_groups = true;
		call_tree_walk(tree, enter_node, leave_node, &table);
		table.below_groups = false;
		call_tree_walk(tree, enter_node, leave_node, &table);
		write_functions(&table);
		error = ferror(out) ? error_from_errno(errno, "write") : NULL;
	}
	table_deinit(&table);
	return error;
}

struct error *export_write_csv(struct profile *profile, FILE *out)
{
	struct excerpt excerpt;
	struct error *error;

	error = excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     TALLY_BY_GROUP);
	if (!error) {
		error = write_tables(&excerpt, profile_grouping(profile), out);
		excerpt_deinit(&excerpt);
	}
	return error_wrap(error, "export CSV");
}
