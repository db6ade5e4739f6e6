// SPDX-License-Identifier: Apache-2.0
// The report for people. Names come from foreign programs: each is escaped, so
// that it can neither drive the terminal nor leave its column.
#include "schema/report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	TRUST_BAR_WIDTH = 40,
	NAME_WIDTH_UNCUT = 48, /* wider names push their row's rest aside */
	NAME_WIDTH_MIN = 16,
	TABLE_PREFIX = 42, /* columns before the name */
	STACK_PREFIX = 13,
	STACK_ROOT_FRAMES = 4, /* shown of a deep stack, and the leaf's end */
	STACK_LEAF_FRAMES = 16,
};

enum style {
	STYLE_NONE, STYLE_BOLD, STYLE_DIM, STYLE_WARNING,
	STYLE_PYTHON, STYLE_NATIVE, STYLE_KERNEL,
};

struct page {
	const struct report *report;	      /* borrowed */
	const struct report_options *options; /* borrowed */
	FILE *out;			      /* borrowed */
	bool no_memory, marked; /* some frame bears a mark: explain it */
};

// SGR, ECMA-48 8.3.117.
static void set_style(struct page *page, enum style style)
{
	static const char *const codes[] = {
		[STYLE_NONE] = "0",    [STYLE_BOLD] = "1",
		[STYLE_DIM] = "2",     [STYLE_WARNING] = "1;33",
		[STYLE_PYTHON] = "94", [STYLE_NATIVE] = "33",
		[STYLE_KERNEL] = "32",
	};

	if (page->options->color)
		fprintf(page->out, "\033[%sm", codes[style]);
}

static enum style kind_style(enum store_kind kind)
{
	switch (kind) {
	case STORE_PYTHON:
		return STYLE_PYTHON;
	case STORE_NATIVE:
		return STYLE_NATIVE;
	case STORE_KERNEL:
		return STYLE_KERNEL;
	case STORE_OTHER:
		break;
	}
	return STYLE_DIM;
}

static void print_styled(struct page *page, enum style style, const char *text)
{
	set_style(page, style);
	fputs(text, page->out);
	set_style(page, STYLE_NONE);
}

// One column for each character: right for all but wide and combining ones.
static unsigned int text_columns(const char *text)
{
	unsigned int columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

// Where the character at column @columns of @text begins.
static const char *skip_columns(const char *text, unsigned int columns)
{
	for (; *text; text++)
		if ((*text & 0xc0) != 0x80 && columns-- == 0)
			break;
	return text;
}

// Escaped, owned by the caller. NULL: no memory, which is remembered.
static char *printable(struct page *page, const char *text)
{
	char *escaped = text_escape(text);

	if (!escaped)
		page->no_memory = true;
	return escaped;
}

// @text in @width columns at most, 0: as it is. Of a path the end matters, of
// a name the beginning. What it took, in columns.
static unsigned int print_cut(struct page *page, const char *text,
			      unsigned int width, bool keep_end)
{
	unsigned int columns = text_columns(text);

	if (!width || columns <= width) {
		fputs(text, page->out);
		return columns;
	}
	if (keep_end)
		fprintf(page->out, "…%s",
			skip_columns(text, columns - width + 1));
	else
		fprintf(page->out, "%.*s…",
			(int)(skip_columns(text, width - 1) - text), text);
	return width;
}

static void pad(struct page *page, unsigned int from, unsigned int to)
{
	fprintf(page->out, "%*s", from < to ? (int)(to - from) : 0, "");
}

/* 1234567 as 1,234,567. */
struct count_text {
	char text[32];
};

static struct count_text count_text(uint64_t count)
{
	struct count_text ret;
	char digits[24];
	int length = sprintf(digits, "%" PRIu64, count);
	char *end = ret.text;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return ret;
}

static void print_duration(struct page *page, uint64_t time_ns)
{
	double seconds = (double)time_ns / NS_PER_SEC;
	uint64_t minutes = time_ns / NS_PER_SEC / 60;

	if (seconds < 120)
		fprintf(page->out, "%.3g s", seconds);
	else if (minutes < 120)
		fprintf(page->out, "%" PRIu64 " min %.0f s", minutes,
			seconds - 60 * (double)minutes);
	else
		fprintf(page->out, "%" PRIu64 " h %" PRIu64 " min",
			minutes / 60, minutes % 60);
}

static void print_start(struct page *page, int64_t wall_ns)
{
	time_t seconds = wall_ns / (int64_t)NS_PER_SEC;
	struct tm local;
	char text[32];

	if (wall_ns > 0 && localtime_r(&seconds, &local) &&
	    strftime(text, sizeof(text), "%F %T", &local))
		fprintf(page->out, "%s, ", text);
}

// "vm, Linux 6.1 x86_64, 2 CPUs"
static void print_session(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	_cleanup_free_ char *command = printable(page, summary->command);
	_cleanup_free_ char *host = printable(page, summary->host);
	_cleanup_free_ char *kernel = printable(page, summary->kernel);
	_cleanup_free_ char *machine = printable(page, summary->architecture);
	_cleanup_free_ char *event = printable(page, summary->event);

	if (page->no_memory)
		return;
	set_style(page, STYLE_BOLD);
	print_cut(page, command, page->options->width, false);
	set_style(page, STYLE_NONE);
	fprintf(page->out, "\n%s, Linux %s %s, %" PRId64 " CPU%s\n", host,
		kernel, machine, summary->cpu_count,
		summary->cpu_count == 1 ? "" : "s");
	print_start(page, summary->start_wall_ns);
	print_duration(page, (uint64_t)(summary->duration_ns > 0 ?
						summary->duration_ns :
						0));
	fprintf(page->out, ", %s at %" PRId64 " Hz\n", event,
		summary->frequency_hz);
}

static void print_bar(struct page *page, enum style style, const char *block,
		      unsigned int count)
{
	set_style(page, style);
	while (count-- > 0)
		fputs(block, page->out);
	set_style(page, STYLE_NONE);
}

// At least one block for what is there at all: the unproven must not vanish.
static unsigned int bar_part(int64_t part, int64_t whole)
{
	double blocks = TRUST_BAR_WIDTH * summary_share(part, whole);

	if (part <= 0)
		return 0;
	return blocks < 1 ? 1 : (unsigned int)blocks;
}

static void print_trust_bar(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	unsigned int unproven = bar_part(summary->unproven, summary->samples);
	unsigned int native = bar_part(summary->native, summary->samples);
	unsigned int used = unproven + native;

	if (!summary->proven)
		native += used < TRUST_BAR_WIDTH ? TRUST_BAR_WIDTH - used : 0;
	else if (used < TRUST_BAR_WIDTH)
		print_bar(page, STYLE_PYTHON, "█", TRUST_BAR_WIDTH - used);
	print_bar(page, STYLE_WARNING, "▒", unproven);
	print_bar(page, STYLE_DIM, "░", native);
	putc('\n', page->out);
}

static void print_trust_part(struct page *page, const char *block,
			     const char *name, int64_t part)
{
	int64_t whole = page->report->summary.samples;

	fprintf(page->out, "         %s %-8s %10s  %6.2f %%\n", block, name,
		count_text((uint64_t)part).text,
		100 * summary_share(part, whole));
}

static void print_reasons(struct page *page)
{
	const struct summary *summary = &page->report->summary;

	for (size_t i = 0; i < summary->reason_count && i < 5; i++) {
		const struct summary_reason *reason = &summary->reasons[i];
		_cleanup_free_ char *meaning =
			printable(page, reason->meaning);

		if (!meaning)
			return;
		fprintf(page->out, "                    %10s  ",
			count_text((uint64_t)reason->samples).text);
		print_styled(page, STYLE_DIM, meaning);
		putc('\n', page->out);
	}
}

static void print_counts(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	uint64_t time_ns = page->report->tree.nodes[0].total.time_ns;

	fprintf(page->out, "\nSamples  %s, for ",
		count_text((uint64_t)summary->samples).text);
	print_duration(page, time_ns);
	fprintf(page->out, " of CPU time\nLost     %s\n",
		count_text((uint64_t)summary->lost).text);
	if (!summary->samples)
		return;
	fputs("Trust    ", page->out);
	print_trust_bar(page);
	print_trust_part(page, "█", "proven", summary->proven);
	print_trust_part(page, "▒", "unproven", summary->unproven);
	print_reasons(page);
	print_trust_part(page, "░", "native", summary->native);
}

// Broken between words; the first word of a line is printed in any case.
static void print_wrapped(struct page *page, const char *text,
			  unsigned int indent)
{
	unsigned int width = page->options->width, column = indent;

	while (*text) {
		size_t size = strcspn(text, " ");
		unsigned int columns = 0;

		for (size_t i = 0; i < size; i++)
			columns += (text[i] & 0xc0) != 0x80;
		if (width && column > indent && column + 1 + columns > width) {
			fprintf(page->out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', page->out);
			column++;
		}
		fwrite(text, 1, size, page->out);
		column += columns;
		text += size + strspn(text + size, " ");
	}
	putc('\n', page->out);
}

static void print_notes(struct page *page)
{
	const struct summary *summary = &page->report->summary;

	if (summary->note_count)
		putc('\n', page->out);
	for (size_t i = 0; i < summary->note_count; i++) {
		_cleanup_free_ char *note = printable(page, summary->notes[i]);

		if (!note)
			return;
		print_styled(page, STYLE_WARNING, "Note     ");
		print_wrapped(page, note, 9);
	}
}

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
static char *place_text(struct page *page,
			const struct call_function *function, uint32_t line)
{
	const struct call_tree *tree = &page->report->tree;
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
	return printable(page, text);
}

struct name_columns {
	unsigned int name, place; /* 0: not cut */
	unsigned int pad;	  /* where the place begins */
};

// How a row's width is shared by the name and the place behind it.
static struct name_columns share_columns(struct page *page, uint32_t *list,
					 size_t count, unsigned int prefix)
{
	const struct call_function *functions = page->report->tree.functions;
	unsigned int width = page->options->width, longest = NAME_WIDTH_MIN;
	unsigned int rest, most;

	for (size_t i = 0; i < count; i++) {
		unsigned int columns =
			text_columns(functions[list[i]].name);

		longest = columns > longest ? columns : longest;
	}
	if (!width)
		return (struct name_columns){
			.pad = longest < NAME_WIDTH_UNCUT ? longest :
							    NAME_WIDTH_UNCUT,
		};
	rest = width > prefix + 2 * NAME_WIDTH_MIN ? width - prefix :
						     2 * NAME_WIDTH_MIN;
	most = rest * 6 / 10;
	longest = longest < most ? longest : most;
	return (struct name_columns){ longest, rest - longest - 2, longest };
}

static void print_name(struct page *page, const struct call_function *function,
		       char mark, uint32_t line, struct name_columns columns)
{
	_cleanup_free_ char *name = printable(page, function->name);
	_cleanup_free_ char *place = place_text(page, function, line);
	unsigned int used;

	if (!name || !place)
		return;
	set_style(page, STYLE_WARNING);
	fprintf(page->out, "%c", mark);
	set_style(page, STYLE_NONE);
	set_style(page, kind_style(function->kind));
	used = print_cut(page, name, columns.name, false);
	set_style(page, STYLE_NONE);
	if (*place) {
		pad(page, used, columns.pad + 2);
		if (used >= columns.pad + 2)
			fputs("  ", page->out);
		set_style(page, STYLE_DIM);
		print_cut(page, place, columns.place, true);
		set_style(page, STYLE_NONE);
	}
	putc('\n', page->out);
}

static void print_function(struct page *page, uint32_t index,
			   struct name_columns columns)
{
	const struct report *report = page->report;
	const struct call_function *function = &report->tree.functions[index];
	const struct call_sum *sum = &report->sums[index];
	int64_t all = (int64_t)report->tree.nodes[0].total.samples;

	fprintf(page->out, "%8.2f  %10s  %8.2f   %-6s   ",
		100 * summary_share((int64_t)sum->self.samples, all),
		count_text(sum->self.samples).text,
		100 * summary_share((int64_t)sum->total.samples, all),
		call_kind_name(function->kind));
	print_name(page, function,
		   doubt_mark(page, function, sum->doubtful_samples,
			      sum->total.samples),
		   function->first_line, columns);
}

static void print_functions(struct page *page, const char *title,
			    uint32_t *list)
{
	size_t count = page->report->function_count;
	struct name_columns columns;

	if (count > page->options->function_count)
		count = page->options->function_count;
	if (!count)
		return;
	columns = share_columns(page, list, count, TABLE_PREFIX);
	putc('\n', page->out);
	print_styled(page, STYLE_BOLD, title);
	putc('\n', page->out);
	set_style(page, STYLE_DIM);
	fputs("  self %     samples   total %   kind      function",
	      page->out);
	set_style(page, STYLE_NONE);
	putc('\n', page->out);
	for (size_t i = 0; i < count; i++)
		print_function(page, list[i], columns);
	if (count < page->report->function_count)
		fprintf(page->out, "%*s%s more (-n)\n", TABLE_PREFIX, "",
			count_text(page->report->function_count - count).text);
}

// Frames of one function in a row, at the same line, are said once.
static size_t repeats(const struct report *report, const uint32_t *stack,
		      size_t count)
{
	const struct call_node *nodes = report->tree.nodes;
	size_t same = 1;

	while (same < count &&
	       nodes[stack[same]].function == nodes[stack[0]].function)
		same++;
	return same;
}

static void print_frame(struct page *page, uint32_t index,
			struct name_columns columns)
{
	const struct report *report = page->report;
	const struct call_node *node = &report->tree.nodes[index];
	const struct call_function *function =
		&report->tree.functions[node->function];

	fprintf(page->out, "    %-6s  ", call_kind_name(function->kind));
	print_name(page, function,
		   doubt_mark(page, function, node->doubtful_samples,
			      node->total.samples),
		   report_line(report, index), columns);
}

static void print_gap(struct page *page, const char *format, size_t count)
{
	set_style(page, STYLE_DIM);
	fprintf(page->out, "%*s", STACK_PREFIX, "");
	fprintf(page->out, format, count_text(count).text);
	set_style(page, STYLE_NONE);
	putc('\n', page->out);
}

static void print_frames(struct page *page, const uint32_t *stack,
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
	const struct call_node *node = &report->tree.nodes[index];
	int64_t all = (int64_t)report->tree.nodes[0].total.samples;
	_cleanup_free_ uint32_t *stack = NULL, *functions = NULL;
	size_t count;

	stack = report_stack(report, index, &count);
	functions = calloc(count ? count : 1, sizeof(*functions));
	if (!stack || !functions) {
		page->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		functions[i] = report->tree.nodes[stack[i]].function;
	fprintf(page->out, "\n%8.2f %%  %s samples\n",
		100 * summary_share((int64_t)node->self.samples, all),
		count_text(node->self.samples).text);
	print_frames(page, stack, count,
		     share_columns(page, functions, count, STACK_PREFIX));
}

static void print_stacks(struct page *page)
{
	const struct report *report = page->report;

	if (!report->stack_count || !page->options->stack_count)
		return;
	putc('\n', page->out);
	print_styled(page, STYLE_BOLD, "Heaviest stacks");
	print_styled(page, STYLE_DIM, ", callers above");
	putc('\n', page->out);
	for (size_t i = 0;
	     i < report->stack_count && i < page->options->stack_count; i++)
		print_stack(page, report->stacks[i]);
}

struct error *report_print_text(const struct report *report,
				const struct report_options *options,
				FILE *out)
{
	struct page page = { report, options, out, false, false };

	print_session(&page);
	print_counts(&page);
	print_notes(&page);
	print_functions(&page, "Functions by self time", report->by_self);
	print_functions(&page, "Functions by total time", report->by_total);
	print_stacks(&page);
	if (page.marked) {
		putc('\n', out);
		print_styled(&page, STYLE_WARNING, "?");
		fputs(" at least half of its samples are unproven, unresolved "
		      "or guessed; ",
		      out);
		print_styled(&page, STYLE_WARNING, "~");
		fputs(" some are\n", out);
	}
	return page.no_memory ? &error_nomem : NULL;
}
