// SPDX-License-Identifier: Apache-2.0
// A comparison for people. What is not significant is said to be so in each
// row: a number alone looks as if it meant something.
#include "schema/show/diff.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "schema/show/report_page.h"

enum { NAME_COLUMN = 78 };

static void print_side(struct page *page, char letter, const char *when,
		       const struct diff_side *side)
{
	_cleanup_free_ char *label = page_printable(page, side->label);

	if (!label)
		return;
	page_style(page, STYLE_BOLD);
	fprintf(page->out, "%c  %s  %s", letter, when, label);
	page_style(page, STYLE_NONE);
	fputs("\n           ", page->out);
	page_print_range(page, &side->excerpt);
	fprintf(page->out, ", %s samples\n", page_count(side->samples).text);
}

// Of the event's unit, in a second: for time, milliseconds.
static double rate(const struct diff_side *side, uint64_t weight)
{
	double seconds = (double)side->duration_ns / (double)NS_PER_SEC;
	double scale = strcmp(side->excerpt.selection.unit, "ns") ?
			       1 :
			       (double)NS_PER_MS;

	return seconds > 0 ? (double)weight / scale / seconds : 0;
}

static void print_verdict(struct page *page,
			  const struct diff_function *function)
{
	char text[32];

	switch (function->verdict) {
	case DIFF_TOO_FEW:
		fprintf(page->out, "%-17s", "too few samples");
		return;
	case DIFF_NOT_SIGNIFICANT:
		fprintf(page->out, "%-17s", "not significant");
		return;
	case DIFF_SIGNIFICANT:
		break;
	}
	if (function->p < 0.001)
		strcpy(text, "p < 0.001");
	else
		snprintf(text, sizeof(text), "p = %.3f", function->p);
	if (!function->before.total.samples)
		strcat(text, ", new");
	else if (!function->after.total.samples)
		strcat(text, ", gone");
	fprintf(page->out, "%-17s", text);
}

static const struct call_function *
callee_of(const struct diff_function *function)
{
	return &function->tree->functions[function->function];
}

// Of the functions that are shown.
static struct name_columns share_columns(const struct page *page,
					 const struct diff *diff, size_t count)
{
	unsigned int longest = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned int columns = page_columns(
			callee_of(&diff->functions[i])->name);

		longest = columns > longest ? columns : longest;
	}
	return page_share_columns(page, longest, NAME_COLUMN);
}

static void print_name(struct page *page, const struct diff_function *function,
		       struct name_columns columns)
{
	const struct call_function *callee = callee_of(function);
	const char *place = call_tree_file(function->tree, callee);
	_cleanup_free_ char *name = page_printable(page, callee->name);
	_cleanup_free_ char *where = NULL;

	if (!place)
		place = call_tree_module(function->tree, callee);
	where = page_printable(page, place ? place : "");
	if (name && where)
		page_print_name(page, name, page_kind_style(callee->kind),
				where, columns);
}

static void print_function(struct page *page, const struct diff *diff,
			   const struct diff_function *function,
			   struct name_columns columns)
{
	double change = 100 * (function->share_after - function->share_before);
	bool significant = function->verdict == DIFF_SIGNIFICANT;

	fprintf(page->out, "%7.2f  %7.2f  ", 100 * function->share_before,
		100 * function->share_after);
	page_style(page, !significant ? STYLE_DIM :
			 change > 0   ? STYLE_WARNING :
					STYLE_KERNEL);
	fprintf(page->out, "%+8.2f", change);
	page_style(page, STYLE_NONE);
	fprintf(page->out, "  %9.2f  %9.2f   ",
		rate(&diff->a, diff_weight(diff, &function->before)->weight),
		rate(&diff->b, diff_weight(diff, &function->after)->weight));
	page_style(page, significant ? STYLE_NONE : STYLE_DIM);
	print_verdict(page, function);
	page_style(page, STYLE_NONE);
	fprintf(page->out, " %-6s   ",
		call_kind_name(callee_of(function)->kind));
	print_name(page, function, columns);
}

static void print_heading(struct page *page, const struct diff *diff)
{
	const char *unit = diff->a.excerpt.selection.unit;
	_cleanup_free_ char *printable = page_printable(page, unit);
	const char *what = diff->by_total ? "total" : "self";

	if (!printable)
		return;
	if (strcmp(unit, "ns") == 0)
		strcpy(printable, "ms");
	fputs("\nFunctions by change of their share of ", page->out);
	fprintf(page->out, "%s samples; A and B per second in %s\n", what,
		printable);
	page_style(page, STYLE_DIM);
	fputs("    A %      B %    change        A/s        B/s   significance"
	      "      kind     function",
	      page->out);
	page_style(page, STYLE_NONE);
	putc('\n', page->out);
}

static void print_verdict_of_all(struct page *page, const struct diff *diff)
{
	putc('\n', page->out);
	page_style(page, STYLE_BOLD);
	if (!diff->a.samples || !diff->b.samples) {
		fprintf(page->out, "There is nothing to compare: %s no samples",
			diff->a.samples ? "B has" :
			diff->b.samples ? "A has" : "A and B have");
		page_style(page, STYLE_NONE);
		putc('\n', page->out);
		return;
	}
	if (!diff->significant)
		fputs("No function's share changed significantly",
		      page->out);
	else
		fprintf(page->out, "%zu function%s changed significantly",
			diff->significant, diff->significant == 1 ? "" : "s");
	page_style(page, STYLE_NONE);
	fprintf(page->out,
		" (p < %g after correction for %zu test%s)\n",
		DIFF_SIGNIFICANCE, diff->tested, diff->tested == 1 ? "" : "s");
}

struct error *diff_print_text(const struct diff *diff,
			      const struct diff_options *options, FILE *out)
{
	const struct report_options page_options = {
		.color = options->color,
		.width = options->width,
	};
	struct page page = { .options = &page_options, .out = out };
	size_t count = diff->count;
	struct name_columns columns;

	print_side(&page, 'A', "before", &diff->a);
	print_side(&page, 'B', "after ", &diff->b);
	print_verdict_of_all(&page, diff);
	if (count > options->function_count)
		count = options->function_count;
	columns = share_columns(&page, diff, count);
	if (count)
		print_heading(&page, diff);
	for (size_t i = 0; i < count; i++)
		print_function(&page, diff, &diff->functions[i], columns);
	if (count < diff->count)
		fprintf(out, "%zu more, %zu of them significant (-n)\n",
			diff->count - count,
			diff->significant > count ? diff->significant - count :
						    0);
	return page.no_memory ? &error_nomem : NULL;
}
