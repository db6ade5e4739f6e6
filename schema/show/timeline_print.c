// SPDX-License-Identifier: Apache-2.0
#include "schema/read/timeline.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "schema/show/json.h"
#include "schema/show/report_page.h"

enum {
	NAME_WIDTH = 16,
	PREFIX = NAME_WIDTH + 11, /* columns before the chart */
	BUCKETS_DEFAULT = 72,
	BUCKETS_MIN = 20,
	BUCKETS_JSON = 500,
	LABEL_EVERY = 12, /* columns */
};

static uint64_t highest(const struct timeline *timeline)
{
	uint64_t most = 1;

	for (size_t i = 0; i < timeline->bucket_count; i++)
		if (timeline->all.weights[i] > most)
			most = timeline->all.weights[i];
	return most;
}

// Eighths of a line: what is there at all is seen.
static void print_bars(struct page *page, const struct timeline *timeline,
		       const uint64_t *weights, uint64_t most)
{
	static const char *const bars[] = { " ", "▁", "▂", "▃", "▄",
					    "▅", "▆", "▇", "█" };

	for (size_t i = 0; i < timeline->bucket_count; i++) {
		double height = 8 * (double)weights[i] / (double)most;
		size_t eighths = (size_t)(height + 0.5);

		if (weights[i] && !eighths)
			eighths = 1;
		fputs(bars[eighths > 8 ? 8 : eighths], page->out);
	}
	putc('\n', page->out);
}

/* What a weight is in the chart: CPUs, where it is time; else a second's. */
struct scale {
	double per_bucket, per_range;
};

static struct scale scale_of(const struct timeline *timeline,
			     const struct selection *selection)
{
	const struct time_range *wall = &selection->wall;
	double unit = strcmp(selection->unit, "ns") == 0 ? 1 :
							   (double)NS_PER_SEC;
	double range_ns = (double)(wall->until_ns - wall->from_ns);

	return (struct scale){
		unit / (double)timeline->bucket_ns,
		range_ns > 0 ? unit / range_ns : 0,
	};
}

static void print_row(struct page *page, const struct timeline *timeline,
		      const struct timeline_row *row, double per_range,
		      uint64_t most)
{
	const char *name = *row->name ? row->name : "all";
	_cleanup_free_ char *printable = page_printable(page, name);
	unsigned int used;

	if (!printable)
		return;
	used = page_print_cut(page, printable, NAME_WIDTH, false);
	page_pad(page, used, NAME_WIDTH);
	fprintf(page->out, " %8.2f  ", (double)row->weight * per_range);
	page_style(page, *row->name ? STYLE_NATIVE : STYLE_BOLD);
	print_bars(page, timeline, row->weights, most);
	page_style(page, STYLE_NONE);
}

// "14:30", or the day where buckets are that long.
static void print_times(struct page *page, const struct timeline *timeline)
{
	bool days = timeline->bucket_ns >= 3 * 3600 * NS_PER_SEC;
	bool seconds = timeline->bucket_ns < 5 * NS_PER_SEC;
	const char *format = days ? "%m-%d" : seconds ? "%H:%M:%S" : "%H:%M";

	page_style(page, STYLE_DIM);
	fprintf(page->out, "%*s", PREFIX, "");
	for (size_t i = 0; i < timeline->bucket_count; i += LABEL_EVERY) {
		time_t at = (time_t)((timeline->from_wall_ns +
				      (int64_t)(i * timeline->bucket_ns)) /
				     (int64_t)NS_PER_SEC);
		char text[16] = "";
		struct tm local;

		if (localtime_r(&at, &local))
			strftime(text, sizeof(text), format, &local);
		fprintf(page->out, "%-*s", LABEL_EVERY, text);
	}
	page_style(page, STYLE_NONE);
	putc('\n', page->out);
}

static void print_head(struct page *page, const struct timeline *timeline,
		       const struct selection *selection, double full)
{
	_cleanup_free_ char *event = page_printable(page, selection->event);
	_cleanup_free_ char *unit = page_printable(page, selection->unit);
	char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
	bool is_time = strcmp(selection->unit, "ns") == 0;

	if (!event || !unit)
		return;
	time_point_print(selection->wall.from_ns, from);
	time_point_print(selection->wall.until_ns, until);
	page_styled(page, STYLE_BOLD, "Timeline ");
	fprintf(page->out, "%s to %s\n%s, a column is ", from, until, event);
	page_print_duration(page, timeline->bucket_ns);
	fprintf(page->out, ", full height %.2f %s\n\n", full,
		is_time ? "CPUs" : unit);
	page_style(page, STYLE_DIM);
	fprintf(page->out, "%-*s %8s", NAME_WIDTH, "process",
		is_time ? "CPUs" : "a second");
	page_style(page, STYLE_NONE);
	putc('\n', page->out);
}

static void print_text(struct page *page, const struct timeline *timeline,
		       const struct selection *selection)
{
	struct scale scale = scale_of(timeline, selection);
	uint64_t most = highest(timeline);

	print_head(page, timeline, selection, (double)most * scale.per_bucket);
	print_row(page, timeline, &timeline->all, scale.per_range, most);
	for (size_t i = 0; i < timeline->row_count; i++)
		print_row(page, timeline, &timeline->rows[i], scale.per_range,
			  most);
	print_times(page, timeline);
	if (timeline->left_out)
		fprintf(page->out, "%zu more (-n)\n", timeline->left_out);
}

static void write_row(struct json *json, const struct timeline *timeline,
		      const struct timeline_row *row)
{
	json_open(json, NULL, '{');
	json_text(json, "process", row->name);
	json_integer(json, "samples", (int64_t)row->samples);
	json_integer(json, "weight", (int64_t)row->weight);
	json_open(json, "weights", '[');
	for (size_t i = 0; i < timeline->bucket_count; i++)
		json_integer(json, NULL, (int64_t)row->weights[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void print_json(const struct timeline *timeline,
		       const struct selection *selection, FILE *out)
{
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	json_text(&json, "event", selection->event);
	json_text(&json, "weight_unit", selection->unit);
	json_integer(&json, "from_wall_ns", timeline->from_wall_ns);
	json_integer(&json, "bucket_ns", (int64_t)timeline->bucket_ns);
	json_integer(&json, "left_out", (int64_t)timeline->left_out);
	json_open(&json, "rows", '[');
	for (size_t i = 0; i < timeline->row_count; i++)
		write_row(&json, timeline, &timeline->rows[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	putc('\n', out);
}

static size_t count_buckets(const struct report_options *options)
{
	if (options->json)
		return BUCKETS_JSON;
	if (!options->width)
		return BUCKETS_DEFAULT;
	return options->width > PREFIX + BUCKETS_MIN ? options->width - PREFIX :
						       BUCKETS_MIN;
}

struct error *profile_timeline(struct profile *profile,
			       const struct report_options *options, FILE *out)
{
	struct page page = { .options = options, .out = out };
	struct selection selection;
	struct timeline timeline;
	struct error *error = profile_selection(profile, &selection);

	if (error)
		return error;
	error = timeline_load(&timeline, profile_database(profile), &selection,
			      count_buckets(options), options->function_count);
	if (!error && options->json)
		print_json(&timeline, &selection, out);
	else if (!error)
		print_text(&page, &timeline, &selection);
	selection_deinit(&selection);
	if (error)
		return error;
	timeline_deinit(&timeline);
	if (page.no_memory)
		return &error_nomem;
	return ferror(out) ? error_from_errno(errno, "write the timeline") :
			     NULL;
}
