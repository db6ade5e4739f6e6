// SPDX-License-Identifier: Apache-2.0
// speedscope: https://www.speedscope.app/file-format-schema.json. Frames are
// shared; each profile is a list of stacks, root first, with their weights: one
// of all threads, and one of each.
#include "schema/show/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "schema/read/call_threads.h"
#include "schema/read/excerpt.h"
#include "schema/show/json.h"

struct speedscope {
	struct excerpt excerpt;
	struct call_threads threads;
	uint32_t *depths; /* owned; of each node; the root's is 0 */
	uint32_t *stack;  /* owned; room for the deepest */
};

static void speedscope_deinit(struct speedscope *speedscope)
{
	excerpt_deinit(&speedscope->excerpt);
	call_threads_deinit(&speedscope->threads);
	free(speedscope->depths);
	free(speedscope->stack);
}

static struct error *measure(struct speedscope *speedscope)
{
	const struct call_tree *tree = &speedscope->excerpt.tree;
	uint32_t deepest = 0;

	speedscope->depths = calloc(tree->node_count, sizeof(uint32_t));
	if (!speedscope->depths)
		return &error_nomem;
	for (size_t i = 1; i < tree->node_count; i++) {
		uint32_t depth = speedscope->depths[tree->nodes[i].parent] + 1;

		speedscope->depths[i] = depth;
		if (depth > deepest)
			deepest = depth;
	}
	speedscope->stack = calloc((size_t)deepest + 1, sizeof(uint32_t));
	return speedscope->stack ? NULL : &error_nomem;
}

static struct error *load(struct speedscope *speedscope,
			  struct profile *profile)
{
	struct excerpt *excerpt = &speedscope->excerpt;
	struct error *error;

	error = excerpt_load(excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     profile_grouping(profile)->count ?
				     TALLY_BY_GROUP :
				     TALLY_BY_THREAD);
	if (!error && excerpt->tally.by == TALLY_BY_THREAD)
		error = call_threads_load(&speedscope->threads, &excerpt->tree,
					  profile_database(profile),
					  &excerpt->tally, TALLY_THREADS);
	return error ? error : measure(speedscope);
}

// Frame 0 is the root's function, in no stack.
static void write_frames(struct json *json, const struct call_tree *tree)
{
	json_open(json, "shared", '{');
	json_open(json, "frames", '[');
	for (size_t i = 0; i < tree->function_count; i++) {
		const struct call_function *function = &tree->functions[i];
		const char *file = call_tree_file(tree, function);

		json_open(json, NULL, '{');
		json_text(json, "name", function->name);
		if (!file)
			file = call_tree_module(tree, function);
		if (file)
			json_text(json, "file", file);
		if (function->first_line)
			json_integer(json, "line", function->first_line);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

// Not a member at a time: there are many, and they are all numbers.
static void write_stack(const struct speedscope *speedscope, uint32_t node,
			FILE *out)
{
	const struct call_tree *tree = &speedscope->excerpt.tree;
	uint32_t depth = speedscope->depths[node];

	for (uint32_t i = depth; i-- > 0; node = tree->nodes[node].parent)
		speedscope->stack[i] = tree->nodes[node].function;
	for (uint32_t i = 0; i < depth; i++)
		fprintf(out, "%c%" PRIu32, i ? ',' : '[', speedscope->stack[i]);
	fputs(depth ? "]" : "[]", out);
}

/* Nodes with weights of their own, whosever they are. */
struct stacks {
	const struct call_thread *thread; /* NULL: of all */
	size_t count;
};

static struct call_weight stack_at(const struct speedscope *speedscope,
				   const struct stacks *stacks, size_t index,
				   uint32_t *ret_node)
{
	const struct call_tree *tree = &speedscope->excerpt.tree;

	if (!stacks->thread) {
		*ret_node = (uint32_t)index;
		return tree->nodes[index].self;
	}
	*ret_node = stacks->thread->shares[index].node;
	return stacks->thread->shares[index].self;
}

static uint64_t sum_weights(const struct speedscope *speedscope,
			    const struct stacks *stacks)
{
	uint64_t sum = 0;
	uint32_t node;

	for (size_t i = 0; i < stacks->count; i++)
		sum += stack_at(speedscope, stacks, i, &node).weight;
	return sum;
}

static void write_stacks(struct json *json, const struct speedscope *speedscope,
			 const struct stacks *stacks)
{
	const char *separator = "";
	uint32_t node;

	json_open(json, "samples", '[');
	for (size_t i = 0; i < stacks->count; i++) {
		if (!stack_at(speedscope, stacks, i, &node).samples)
			continue;
		fputs(separator, json->out);
		write_stack(speedscope, node, json->out);
		separator = ",\n";
	}
	json_close(json, ']');
	separator = "";
	json_open(json, "weights", '[');
	for (size_t i = 0; i < stacks->count; i++) {
		struct call_weight weight =
			stack_at(speedscope, stacks, i, &node);

		if (!weight.samples)
			continue;
		fprintf(json->out, "%s%" PRIu64, separator, weight.weight);
		separator = ",";
	}
	json_close(json, ']');
}

static void write_one(struct json *json, const struct speedscope *speedscope,
		      const struct stacks *stacks, const char *name)
{
	const char *unit = speedscope->excerpt.selection.unit;

	json_open(json, NULL, '{');
	json_text(json, "type", "sampled");
	json_text(json, "name", name);
	json_text(json, "unit",
		  strcmp(unit, "ns") == 0    ? "nanoseconds" :
		  strcmp(unit, "bytes") == 0 ? "bytes" :
					       "none");
	json_integer(json, "startValue", 0);
	json_integer(json, "endValue",
		     (int64_t)sum_weights(speedscope, stacks));
	write_stacks(json, speedscope, stacks);
	json_close(json, '}');
}

static bool write_threads(struct json *json,
			  const struct speedscope *speedscope)
{
	for (size_t i = 0; i < speedscope->threads.count; i++) {
		const struct call_thread *thread =
			&speedscope->threads.threads[i];
		const struct stacks stacks = { thread, thread->share_count };
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "%s (%" PRId64 ") %s (%" PRId64 ")",
			     thread->process, thread->pid, thread->name,
			     thread->tid) < 0) {
			name = NULL;
			return false;
		}
		write_one(json, speedscope, &stacks,
			  thread->tid ? name : thread->name);
	}
	return true;
}

static struct error *write_file(const struct speedscope *speedscope, FILE *out)
{
	const struct call_tree *tree = &speedscope->excerpt.tree;
	const struct stacks all = { NULL, tree->node_count };
	struct json json = { .out = out };
	bool whole;

	json_open(&json, NULL, '{');
	json_text(&json, "$schema",
		  "https://www.speedscope.app/file-format-schema.json");
	json_text(&json, "exporter", "brindle@" BRINDLE_VERSION);
	json_text(&json, "name", speedscope->excerpt.selection.event);
	json_integer(&json, "activeProfileIndex", 0);
	write_frames(&json, tree);
	json_open(&json, "profiles", '[');
	write_one(&json, speedscope, &all, "all threads");
	whole = write_threads(&json, speedscope);
	json_close(&json, ']');
	json_close(&json, '}');
	putc('\n', out);
	if (!whole)
		return &error_nomem;
	return ferror(out) ? error_from_errno(errno, "write") : NULL;
}

struct error *export_write_speedscope(struct profile *profile, FILE *out)
{
	struct speedscope speedscope = { 0 };
	struct error *error = load(&speedscope, profile);

	if (!error)
		error = write_file(&speedscope, out);
	speedscope_deinit(&speedscope);
	return error_wrap(error, "export for speedscope");
}
