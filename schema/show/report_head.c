// SPDX-License-Identifier: Apache-2.0
#include "schema/show/report_page.h"

#include <inttypes.h>
#include <string.h>

enum { TRUST_BAR_WIDTH = 40, REASONS_SHOWN = 5, NOTE_INDENT = 9 };

static void print_start(struct page *page, int64_t wall_ns)
{
	char text[TIME_TEXT_SIZE];

	time_point_print(wall_ns, text);
	if (*text)
		fprintf(page->out, "%s, ", text);
}

static void print_range(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	_cleanup_free_ char *filters = page_printable(page, summary->filters);

	page_styled(page, STYLE_BOLD, "Range    ");
	page_print_range(page, &page->report->excerpt);
	putc('\n', page->out);
	if (filters && *filters) {
		page_styled(page, STYLE_BOLD, "Of       ");
		fprintf(page->out, "%s\n", filters);
	}
}

// "vm, Linux 6.1 x86_64, 2 CPUs"
static void print_host(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	_cleanup_free_ char *host = page_printable(page, summary->host);
	_cleanup_free_ char *kernel = page_printable(page, summary->kernel);
	_cleanup_free_ char *machine =
		page_printable(page, summary->architecture);

	if (!page->no_memory)
		fprintf(page->out, "%s, Linux %s %s, %" PRId64 " CPU%s\n",
			host, kernel, machine, summary->cpu_count,
			summary->cpu_count == 1 ? "" : "s");
}

static void print_session(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	_cleanup_free_ char *command = page_printable(page, summary->command);
	_cleanup_free_ char *event = page_printable(page, summary->event);

	if (page->no_memory)
		return;
	page_style(page, STYLE_BOLD);
	page_print_cut(page, command, page->options->width, false);
	page_style(page, STYLE_NONE);
	putc('\n', page->out);
	print_host(page);
	if (!summary->selected) {
		print_start(page, summary->start_wall_ns);
		page_print_duration(page, (uint64_t)(summary->duration_ns > 0 ?
							     summary->duration_ns :
							     0));
		fputs(", ", page->out);
	}
	fprintf(page->out, "%s at %" PRId64 " Hz\n", event,
		summary->frequency_hz);
	if (summary->selected)
		print_range(page);
}

static void print_bar(struct page *page, enum style style, const char *block,
		      unsigned int count)
{
	page_style(page, style);
	while (count-- > 0)
		fputs(block, page->out);
	page_style(page, STYLE_NONE);
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
		page_count((uint64_t)part).text,
		100 * summary_share(part, whole));
}

static void print_reasons(struct page *page)
{
	const struct summary *summary = &page->report->summary;

	for (size_t i = 0; i < summary->reason_count && i < REASONS_SHOWN; i++) {
		const struct summary_reason *reason = &summary->reasons[i];
		_cleanup_free_ char *meaning =
			page_printable(page, reason->meaning);

		if (!meaning)
			return;
		fprintf(page->out, "                    %10s  ",
			page_count((uint64_t)reason->samples).text);
		page_styled(page, STYLE_DIM, meaning);
		putc('\n', page->out);
	}
}

// "1,234, for 12.3 s of CPU time", "1,234, for 5,000 faults"
static void print_weight(struct page *page)
{
	const struct summary *summary = &page->report->summary;
	uint64_t weight = page->report->excerpt.tree.nodes[0].total.weight;
	_cleanup_free_ char *unit = page_printable(page, summary->unit);

	if (!unit)
		return;
	if (strcmp(unit, "ns") != 0) {
		fprintf(page->out, "%s %s", page_count(weight).text, unit);
		return;
	}
	page_print_duration(page, weight);
	fputs(strcmp(summary->event, "off-cpu") == 0 ? " of blocked time" :
						       " of CPU time",
	      page->out);
}

static void print_counts(struct page *page)
{
	const struct summary *summary = &page->report->summary;

	fprintf(page->out, "\nSamples  %s, for ",
		page_count((uint64_t)summary->samples).text);
	print_weight(page);
	fprintf(page->out, "\nLost     %s",
		page_count((uint64_t)summary->lost).text);
	if (summary->lost_records > 0)
		fprintf(page->out, ", and %s records that are no samples",
			page_count((uint64_t)summary->lost_records).text);
	putc('\n', page->out);
	if (!summary->samples)
		return;
	fputs("Trust    ", page->out);
	print_trust_bar(page);
	print_trust_part(page, "█", "proven", summary->proven);
	print_trust_part(page, "▒", "unproven", summary->unproven);
	print_reasons(page);
	print_trust_part(page, "░", "native", summary->native);
}

static void print_notes(struct page *page)
{
	const struct summary *summary = &page->report->summary;

	if (summary->note_count)
		putc('\n', page->out);
	for (size_t i = 0; i < summary->note_count; i++) {
		_cleanup_free_ char *note =
			page_printable(page, summary->notes[i]);

		if (!note)
			return;
		page_styled(page, STYLE_WARNING, "Note     ");
		page_print_wrapped(page, note, NOTE_INDENT);
	}
}

void page_print_head(struct page *page)
{
	print_session(page);
	print_counts(page);
	print_notes(page);
}
