// SPDX-License-Identifier: Apache-2.0
#include "schema/show/summary.h"

static void write_trust(const struct summary *summary, struct json *json)
{
	json_open(json, "trust", '{');
	json_integer(json, "proven", summary->proven);
	json_integer(json, "unproven", summary->unproven);
	json_integer(json, "native", summary->native);
	json_open(json, "reasons", '[');
	for (size_t i = 0; i < summary->reason_count; i++) {
		const struct summary_reason *reason = &summary->reasons[i];

		json_open(json, NULL, '{');
		json_text(json, "reason", reason->name);
		json_text(json, "meaning", reason->meaning);
		json_integer(json, "samples", reason->samples);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void write_selection(const struct summary *summary, struct json *json)
{
	json_open(json, "selection", '{');
	json_integer(json, "from_wall_ns", summary->wall.from_ns);
	json_integer(json, "until_wall_ns", summary->wall.until_ns);
	json_integer(json, "resolution_ns", (int64_t)summary->resolution_ns);
	json_integer(json, "from_us", summary->wall.from_ns / 1000);
	json_integer(json, "to_us", summary->wall.until_ns / 1000);
	json_integer(json, "resolution_us",
		     (int64_t)summary->resolution_ns / 1000);
	json_text(json, "filters", summary->filters);
	json_close(json, '}');
}

void summary_write_json(const struct summary *summary, struct json *json)
{
	json_open(json, "session", '{');
	json_text(json, "brindle_version", summary->brindle_version);
	json_text(json, "host", summary->host);
	json_text(json, "kernel", summary->kernel);
	json_text(json, "architecture", summary->architecture);
	json_text(json, "command", summary->command);
	json_text(json, "event", summary->event);
	json_integer(json, "frequency_hz", summary->frequency_hz);
	json_integer(json, "period_ns", summary->period_ns);
	json_integer(json, "cpu_count", summary->cpu_count);
	json_integer(json, "start_wall_ns", summary->start_wall_ns);
	json_integer(json, "duration_ns", summary->duration_ns);
	json_bool(json, "cut_short", summary->cut_short);
	json_close(json, '}');
	json_text(json, "weight_unit", summary->unit);
	if (summary->selected)
		write_selection(summary, json);
	json_integer(json, "samples", summary->samples);
	json_integer(json, "lost", summary->lost);
	json_integer(json, "lost_records", summary->lost_records);
	write_trust(summary, json);
	json_open(json, "notes", '[');
	for (size_t i = 0; i < summary->note_count; i++)
		json_text(json, NULL, summary->notes[i]);
	json_close(json, ']');
}
