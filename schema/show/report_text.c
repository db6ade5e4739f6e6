// SPDX-License-Identifier: Apache-2.0
// The report for people. Names come from foreign programs: each is escaped, so
// that it can neither drive the terminal nor leave its column.
#include "schema/show/report_page.h"

#include <inttypes.h>
#include <string.h>

enum {
	TABLE_PREFIX = 43, /* columns before the name */
	STACK_PREFIX = 13,
	STACK_ROOT_FRAMES = 4, /* shown of a deep stack, and the leaf's end */
	STACK_LEAF_FRAMES = 16,
};

// How much of it is unproven, unresolved or guessed.
static char doubt_mark(struct page *page, const struct call_function *function,
		       uint64_t doubtful, uint64_t total)
{
	char mark = ' ';

	if (function->unresolved || (doubtful && doubtful >= total - doubtful))
		mark = '?';
	else if (doubtful && doubtful >= total / 100)
		mark = '~';
	page->marked |= mark != ' ';
	return mark;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

// "app.py:12", or the module's name. Owned by the caller; NULL: no memory.
static char *place_text(struct page *page, const struct call_function *function,
			uint32_t line)
{
	const struct call_tree *tree = &page->report->excerpt.tree;
	const char *file = call_tree_file(tree, function);
	const char *module = call_tree_module(tree, function);
	_cleanup_free_ char *text = NULL;
	int length;

	if (file && line)
		length = asprintf(&text, "%s:%" PRIu32, file, line);
	else
		length = asprintf(&text, "%s",
				  file	 ? file :
				  module ? base_name(module) :
					   "");
	if (length < 0) {
		text = NULL;
		page->no_memory = true;
		return NULL;
	}
	return page_printable(page, text);
}

static struct name_columns share_columns(struct page *page, uint32_t *list,
					 size_t count, unsigned int prefix)
{
	const struct call_function *functions = page->report->excerpt.tree.functions;
	unsigned int longest = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned int columns = page_columns(functions[list[i]].name);

		longest = columns > longest ? columns : longest;
	}
	return page_share_columns(page, longest, prefix);
}

static void print_name(struct page *page, const struct call_function *function,
		       char mark, uint32_t line, struct name_columns columns)
{
	_cleanup_free_ char *name = page_printable(page, function->name);
	_cleanup_free_ char *place = place_text(page, function, line);

	if (!name || !place)
		return;
	page_style(page, STYLE_WARNING);
	fprintf(page->out, "%c", mark);
	page_style(page, STYLE_NONE);
	page_print_name(page, name, page_kind_style(function->kind), place,
			columns);
}

static void print_function(struct page *page, uint32_t index,
			   struct name_columns columns)
{
	const struct report *report = page->report;
	const struct call_function *function = &report->excerpt.tree.functions[index];
	const struct call_sum *sum = &report->sums[index];
	int64_t all = (int64_t)report->excerpt.tree.nodes[0].total.samples;

	fprintf(page->out, "%8.2f  %10s  %8.2f   %-6s   ",
		100 * summary_share((int64_t)sum->self.samples, all),
		page_count(sum->self.samples).text,
		100 * summary_share((int64_t)sum->total.samples, all),
		call_kind_name(function->kind));
	print_name(page, function,
		   doubt_mark(page, function, sum->doubtful_samples,
			      sum->total.samples),
		   function->first_line, columns);
}

static void print_functions(struct page *page, const char *title, uint32_t *list)
{
	size_t count = page->report->function_count;
	struct name_columns columns;

	if (count > page->options->function_count)
		count = page->options->function_count;
	if (!count)
		return;
	columns = share_columns(page, list, count, TABLE_PREFIX);
	putc('\n', page->out);
	page_styled(page, STYLE_BOLD, title);
	putc('\n', page->out);
	page_style(page, STYLE_DIM);
	fputs("  self %     samples   total %   kind      function", page->out);
	page_style(page, STYLE_NONE);
	putc('\n', page->out);
	for (size_t i = 0; i < count; i++)
		print_function(page, list[i], columns);
	if (count < page->report->function_count)
		fprintf(page->out, "%*s%s more (-n)\n", TABLE_PREFIX, "",
			page_count(page->report->function_count - count).text);
}

// Frames of one function in a row, at one line, are said once.
static size_t repeats(const struct report *report,
		      const struct report_frame *stack, size_t count)
{
	const struct call_node *nodes = report->excerpt.tree.nodes;
	uint32_t function = nodes[stack[0].node].function;
	size_t same = 1;

	while (same < count && nodes[stack[same].node].function == function &&
	       stack[same].line == stack[0].line)
		same++;
	return same;
}

static void print_frame(struct page *page, struct report_frame frame,
			struct name_columns columns)
{
	const struct report *report = page->report;
	const struct call_node *node = &report->excerpt.tree.nodes[frame.node];
	const struct call_function *function =
		&report->excerpt.tree.functions[node->function];

	fprintf(page->out, "    %-6s  ", call_kind_name(function->kind));
	print_name(page, function,
		   doubt_mark(page, function, node->doubtful_samples,
			      node->total.samples),
		   frame.line, columns);
}

static void print_gap(struct page *page, const char *format, size_t count)
{
	page_style(page, STYLE_DIM);
	fprintf(page->out, "%*s", STACK_PREFIX, "");
	fprintf(page->out, format, page_count(count).text);
	page_style(page, STYLE_NONE);
	putc('\n', page->out);
}

static void print_frames(struct page *page, const struct report_frame *stack,
			 size_t count, struct name_columns columns)
{
	size_t shown = STACK_ROOT_FRAMES + STACK_LEAF_FRAMES, row = 0;

	for (size_t i = 0; i < count;) {
		size_t same = repeats(page->report, stack + i, count - i);

		if (row++ == STACK_ROOT_FRAMES &&
		    count - i > shown - STACK_ROOT_FRAMES) {
			size_t skipped = count - i - STACK_LEAF_FRAMES;

			print_gap(page, "… %s more frames …", skipped);
			i += skipped;
			continue;
		}
		print_frame(page, stack[i], columns);
		if (same > 2)
			print_gap(page, "↑ %s times in a row", same);
		i += same > 2 ? same : 1;
	}
}

static void print_stack(struct page *page, uint32_t index)
{
	const struct report *report = page->report;
	const struct call_node *node = &report->excerpt.tree.nodes[index];
	int64_t all = (int64_t)report->excerpt.tree.nodes[0].total.samples;
	_cleanup_free_ struct report_frame *stack = NULL;
	_cleanup_free_ uint32_t *functions = NULL;
	size_t count;

	stack = report_stack(report, index, &count);
	functions = calloc(count ? count : 1, sizeof(*functions));
	if (!stack || !functions) {
		page->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		functions[i] = report->excerpt.tree.nodes[stack[i].node].function;
	fprintf(page->out, "\n%8.2f %%  %s samples\n",
		100 * summary_share((int64_t)node->self.samples, all),
		page_count(node->self.samples).text);
	print_frames(page, stack, count,
		     share_columns(page, functions, count, STACK_PREFIX));
}

static void print_stacks(struct page *page)
{
	const struct report *report = page->report;

	if (!report->stack_count || !page->options->stack_count)
		return;
	putc('\n', page->out);
	page_styled(page, STYLE_BOLD, "Heaviest stacks");
	page_styled(page, STYLE_DIM, ", callers above");
	putc('\n', page->out);
	for (size_t i = 0;
	     i < report->stack_count && i < page->options->stack_count; i++)
		print_stack(page, report->stacks[i]);
}

struct error *report_print_text(const struct report *report,
				const struct report_options *options, FILE *out)
{
	struct page page = { report, options, out, false, false };

	page_print_head(&page);
	print_functions(&page, "Functions by self time", report->by_self);
	print_functions(&page, "Functions by total time", report->by_total);
	print_stacks(&page);
	if (page.marked) {
		putc('\n', out);
		page_styled(&page, STYLE_WARNING, "?");
		fputs(" at least half of its samples are unproven, unresolved "
		      "or guessed; ",
		      out);
		page_styled(&page, STYLE_WARNING, "~");
		fputs(" some are\n", out);
	}
	return page.no_memory ? &error_nomem : NULL;
}
