// SPDX-License-Identifier: Apache-2.0
#include "schema/show/status.h"

#include "base/clock.h"
#include "base/text.h"
#include "schema/show/json.h"

#include <string.h>
#include <time.h>

struct short_text {
	char text[64];
};

static struct short_text time_text(int64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / (int64_t)NS_PER_SEC);
	struct short_text text = { "?" };
	struct tm broken;

	if (localtime_r(&seconds, &broken))
		strftime(text.text, sizeof(text.text), "%Y-%m-%d %H:%M:%S %Z",
			 &broken);
	return text;
}

// The two largest units: "3 d 4 h", "12 s".
static struct short_text span_text(int64_t ns)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	int64_t seconds = ns > 0 ? ns / (int64_t)NS_PER_SEC : 0;
	struct short_text text;
	size_t i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	if (i == 3)
		snprintf(text.text, sizeof(text.text), "%lld s",
			 (long long)seconds);
	else
		snprintf(text.text, sizeof(text.text), "%lld %s %lld %s",
			 (long long)(seconds / units[i].seconds), units[i].name,
			 (long long)(seconds % units[i].seconds /
				     units[i + 1].seconds),
			 units[i + 1].name);
	return text;
}

// A limit as it was configured, in the largest unit that it is a multiple of.
static struct short_text keep_text(int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "day", 86400 }, { "hour", 3600 }, { "minute", 60 }, { "second", 1 } };
	struct short_text text;
	int64_t count;
	size_t i = 0;

	while (seconds % units[i].seconds)
		i++;
	count = seconds / units[i].seconds;
	snprintf(text.text, sizeof(text.text), "%lld %s%s", (long long)count,
		 units[i].name, count == 1 ? "" : "s");
	return text;
}

static struct short_text bytes_text(int64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	struct short_text text;
	size_t i = 0;

	while (value >= 1024 && i < 4) {
		value /= 1024;
		i++;
	}
	snprintf(text.text, sizeof(text.text), "%.*f %s",
		 i && value < 100 ? 1 : 0, value, units[i]);
	return text;
}

static double percent(int64_t part, int64_t all)
{
	return all ? 100.0 * (double)part / (double)all : 100.0;
}

static void print_text(const char *text, FILE *out)
{
	_cleanup_free_ char *safe = text_escape(text);

	fputs(safe ? safe : "?", out);
}

static void print_head(const struct status *status, FILE *out)
{
	struct short_text start = time_text(status->started_wall_ns);

	fputs("brindle daemon on ", out);
	print_text(status->host, out);
	if (status->pid) {
		struct short_text span = span_text(status->now_wall_ns -
						   status->started_wall_ns);

		fprintf(out, ": running for %s, since %s, pid %d\n", span.text,
			start.text, (int)status->pid);
	} else if (status->ended_wall_ns) {
		fprintf(out, ": not running; it ran from %s to %s\n",
			start.text, time_text(status->ended_wall_ns).text);
	} else {
		fprintf(out, ": not running; it ran from %s, and was not "
			     "stopped in order\n", start.text);
	}
}

static void print_sampling(const struct status *status, FILE *out)
{
	int64_t hz = status->vitals_wall_ns ? status->frequency_hz :
					      status->wanted_hz;

	fprintf(out, "  sampling    %lld Hz", (long long)hz);
	if (hz != status->wanted_hz)
		fprintf(out, " instead of %lld", (long long)status->wanted_hz);
	fputs(", ", out);
	print_text(status->event, out);
	fprintf(out, ", %lld CPUs, %lld processes\n",
		(long long)status->cpu_count, (long long)status->processes);
}

// What came and what did not, over how long: nothing is added up from one line
// to the next. Samples and other records are lost in the same full rings.
static void print_counts(const struct status *status, FILE *out)
{
	const struct {
		const char *name;
		int64_t samples, lost, dropped, lost_records;
	} rows[] = {
		{ "", status->samples, status->lost, status->dropped,
		  status->lost_records },
		{ status->pid ? "since start" : "that run",
		  status->total_samples, status->total_lost,
		  status->total_dropped, status->total_lost_records },
		{ "last 24 h", status->day_samples, status->day_lost,
		  status->day_dropped, status->day_lost_records },
	};
	struct short_text minute;

	snprintf(minute.text, sizeof(minute.text), "last %lld s",
		 (long long)status->seconds);
	fprintf(out, "  %-11s %12s %12s %12s   %s\n", "", "samples", "lost",
		"dropped", "other records lost");
	for (size_t i = status->vitals_wall_ns ? 0 : 1;
	     i < sizeof(rows) / sizeof(*rows); i++)
		fprintf(out, "  %-11s %12lld %12lld %12lld   %18lld\n",
			i ? rows[i].name : minute.text,
			(long long)rows[i].samples, (long long)rows[i].lost,
			(long long)rows[i].dropped,
			(long long)rows[i].lost_records);
}

static void print_stacks(const struct status *status, FILE *out)
{
	int64_t all = 0;
	size_t shown = 0;

	for (size_t i = 0; i < status->end_count; i++)
		all += status->ends[i].count;
	if (!all)
		return;
	fputs("  stacks end", out);
	for (size_t i = 0; i < status->end_count && shown < 5; i++, shown++)
		fprintf(out, "%s %s %.1f %%", i ? "," : " ",
			status->ends[i].name,
			percent(status->ends[i].count, all));
	fputc('\n', out);
}

static void print_minute(const struct status *status, FILE *out)
{
	int64_t judged = status->proven + status->unproven;
	int64_t seconds = status->seconds > 0 ? status->seconds : 1;

	if (!status->vitals_wall_ns) {
		fputs("  (nothing more is known in the first ten seconds)\n",
		      out);
		return;
	}
	fprintf(out, "  rate        %.1f samples a second in the last %lld s\n",
		(double)status->samples / (double)seconds, (long long)seconds);
	fprintf(out, "  Python      %.2f %% of %lld samples proven\n",
		percent(status->proven, judged), (long long)judged);
	fprintf(out, "  own cost    %.2f %% of a CPU, %s\n",
		(double)status->own_cpu_ns / 1e7 / (double)seconds,
		bytes_text(status->memory_bytes).text);
}

static void print_captures(const struct status *status, FILE *out)
{
	double count = (double)status->captures;

	if (!status->captures)
		return;
	fprintf(out, "  captures    %lld us median, %lld us 99th percentile; "
		     "%.1f reads, %s each\n",
		(long long)status->capture_us_median,
		(long long)status->capture_us_p99,
		(double)status->capture_reads / count,
		bytes_text((int64_t)((double)status->capture_bytes / count))
			.text);
}

static void print_store(const struct status *status, FILE *out)
{
	fputs("  store       ", out);
	print_text(status->path, out);
	fprintf(out, ", %s", bytes_text(status->store_bytes).text);
	if (status->limit_bytes)
		fprintf(out, " of %s, %.0f %%",
			bytes_text(status->limit_bytes).text,
			percent(status->store_bytes, status->limit_bytes));
	fputc('\n', out);
	for (size_t i = 0; i < status->level_count; i++) {
		const struct status_level *level = &status->levels[i];

		fprintf(out, "    %-12s %10lld rows, %s", level->name,
			(long long)level->rows, bytes_text(level->bytes).text);
		if (level->from_wall_ns)
			fprintf(out, ", since %s",
				time_text(level->from_wall_ns).text);
		if (level->keep_seconds)
			fprintf(out, ", for %s at most",
				keep_text(level->keep_seconds).text);
		fputc('\n', out);
	}
}

static void print_incidents(const struct status *status, FILE *out)
{
	for (size_t i = 0; i < status->incident_count; i++) {
		const struct status_incident *incident = &status->incidents[i];
		int64_t span = incident->end_wall_ns - incident->wall_ns;

		fprintf(out, "%s%s  %s: ", i ? "              " : "  incidents   ",
			time_text(incident->wall_ns).text, incident->kind);
		print_text(incident->detail, out);
		if (!incident->end_wall_ns)
			fputs(" (goes on)", out);
		else if (span >= (int64_t)NS_PER_SEC)
			fprintf(out, " (%s)", span_text(span).text);
		fputc('\n', out);
	}
}

void status_print(const struct status *status,
		  const struct status_problems *problems, FILE *out)
{
	print_head(status, out);
	print_sampling(status, out);
	print_counts(status, out);
	print_minute(status, out);
	print_stacks(status, out);
	print_captures(status, out);
	print_store(status, out);
	print_incidents(status, out);
	if (!problems->count) {
		fputs("  no problems\n", out);
		return;
	}
	fputs("problems:\n", out);
	for (size_t i = 0; i < problems->count; i++) {
		fputs("  - ", out);
		print_text(problems->text[i], out);
		fputc('\n', out);
	}
}

#define INTEGER(member)                                                        \
	{ #member, offsetof(struct status, member) }

static void json_integers(const struct status *status, struct json *json)
{
	static const struct {
		const char *name;
		size_t offset;
	} members[] = {
		INTEGER(now_wall_ns),	INTEGER(started_wall_ns),
		INTEGER(ended_wall_ns), INTEGER(wanted_hz),
		INTEGER(cpu_count),	INTEGER(vitals_wall_ns),
		INTEGER(seconds),	INTEGER(samples),
		INTEGER(proven),	INTEGER(unproven),
		INTEGER(lost),		INTEGER(lost_records),
		INTEGER(dropped),
		INTEGER(own_cpu_ns),	INTEGER(frequency_hz),
		INTEGER(memory_bytes),	INTEGER(processes),
		INTEGER(threads),	INTEGER(store_bytes),
		INTEGER(limit_bytes),
		INTEGER(total_samples), INTEGER(total_lost),
		INTEGER(total_lost_records),
		INTEGER(total_dropped), INTEGER(day_samples),
		INTEGER(day_lost),	INTEGER(day_lost_records),
		INTEGER(day_dropped),	INTEGER(captures),
		INTEGER(capture_reads), INTEGER(capture_bytes),
		INTEGER(capture_us_median), INTEGER(capture_us_p99),
		INTEGER(realtime),	INTEGER(proof),
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		json_integer(json, members[i].name,
			     *(const int64_t *)((const char *)status +
						members[i].offset));
}

static void json_lists(const struct status *status, struct json *json)
{
	json_open(json, "walk_ends", '{');
	for (size_t i = 0; i < status->end_count; i++)
		json_integer(json, status->ends[i].name, status->ends[i].count);
	json_close(json, '}');
	json_open(json, "levels", '[');
	for (size_t i = 0; i < status->level_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", status->levels[i].name);
		json_integer(json, "rows", status->levels[i].rows);
		json_integer(json, "bytes", status->levels[i].bytes);
		json_integer(json, "from_wall_ns",
			     status->levels[i].from_wall_ns);
		json_integer(json, "keep_seconds",
			     status->levels[i].keep_seconds);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "incidents", '[');
	for (size_t i = 0; i < status->incident_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "kind", status->incidents[i].kind);
		json_text(json, "detail", status->incidents[i].detail);
		json_integer(json, "wall_ns", status->incidents[i].wall_ns);
		json_integer(json, "end_wall_ns",
			     status->incidents[i].end_wall_ns);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void status_print_json(const struct status *status,
		       const struct status_problems *problems, FILE *out)
{
	struct json json = { .out = out };

	json_open(&json, NULL, '{');
	json_bool(&json, "running", status->pid != 0);
	json_integer(&json, "pid", status->pid);
	json_text(&json, "db", status->path);
	json_text(&json, "version", status->version);
	json_text(&json, "host", status->host);
	json_text(&json, "kernel", status->kernel);
	json_text(&json, "event", status->event);
	json_integers(status, &json);
	json_lists(status, &json);
	json_open(&json, "problems", '[');
	for (size_t i = 0; i < problems->count; i++)
		json_text(&json, NULL, problems->text[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	fputc('\n', out);
}
