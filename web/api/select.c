// SPDX-License-Identifier: Apache-2.0
// Which samples, and which stacks of them: the parameters that most questions
// share.
#include "web/api/answers.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "schema/read/time_range.h"

/* A live database may still get samples of what was so short ago. */
#define SETTLED_NS (INT64_C(60) * (int64_t)NS_PER_SEC)

// An empty text asks for nothing, as when a form sends all its fields.
static const char *given(const struct api_call *call, const char *prefix,
			 const char *name)
{
	char prefixed[32];
	const char *text;

	snprintf(prefixed, sizeof(prefixed), "%s%s", prefix, name);
	text = api_param(call, prefixed);
	return text && *text ? text : NULL;
}

// "@1700000000" and "2026-11-20 14:30" mean the same at any time; "-15m",
// "today" and "14:30" do not.
static bool is_absolute(const char *text)
{
	return *text == '@' || (strlen(text) >= 10 && text[4] == '-');
}

static struct error *parse_point(const struct api_call *call,
				 const char *prefix, const char *name,
				 struct time_range *ret)
{
	const char *text = given(call, prefix, name);

	if (!text)
		return NULL;
	return error_wrap(time_point_parse(text, call->now_ns, ret), "%s%s",
			  prefix, name);
}

// Its errors name the parameters, not the options of a command line.
static struct error *check_range(const struct api_call *call,
				 const char *prefix, struct time_range *ret)
{
	struct time_range from = { .from_ns = INT64_MIN };
	struct time_range to = { .until_ns = INT64_MAX };
	struct error *error = parse_point(call, prefix, "from", &from);

	if (!error)
		error = parse_point(call, prefix, "to", &to);
	if (!error && from.from_ns >= to.until_ns)
		error = error_create(ERROR_USAGE,
				     "the range ends before it begins: %sfrom "
				     "and %sto", prefix, prefix);
	if (!error)
		*ret = (struct time_range){ from.from_ns, to.until_ns };
	return error;
}

static bool is_lasting(const struct api_call *call,
		       const struct selection_options *options,
		       const struct time_range *range)
{
	const char *from = options->from, *to = options->until;

	if ((from && !is_absolute(from)) || (to && !is_absolute(to)))
		return false;
	return !call->host->live ||
	       (from && to && range->until_ns < call->now_ns - SETTLED_NS);
}

struct error *api_options(const struct api_call *call, const char *prefix,
			  struct selection_options *ret, bool *ret_lasting)
{
	const struct selection_options options = {
		.from = given(call, prefix, "from"),
		.until = given(call, prefix, "to"),
		.event = given(call, prefix, "event"),
		.process = given(call, prefix, "process"),
		.thread = given(call, prefix, "thread"),
		.cgroup = given(call, prefix, "cgroup"),
		.user = given(call, prefix, "user"),
		.now_ns = call->now_ns,
	};
	struct time_range range;
	struct error *error = check_range(call, prefix, &range);

	if (error)
		return error;
	*ret_lasting = is_lasting(call, &options, &range);
	*ret = options;
	return NULL;
}

struct error *api_select(struct api_call *call)
{
	struct selection_options options;
	struct error *error =
		api_options(call, "", &options, &call->lasting);

	if (error)
		return error;
	if (call->host->live && !options.from && !options.until)
		options.from = "-15m";
	profile_filter(call->profile, NULL);
	profile_group(call->profile, &(struct grouping){ .count = 0 });
	profile_split_lines(call->profile, false);
	profile_select(call->profile, &options);
	return NULL;
}

struct error *api_select_rows(struct api_call *call, uint64_t most,
			      uint64_t *ret_limit)
{
	struct error *error = api_select(call);

	return error ? error :
		       api_param_number(call, "limit", 200, 1, most, ret_limit);
}

// Where the last span ends, if that is not for ever: at the end of the range.
static struct error *find_end(const struct selection *selection,
			      sqlite3 *database, int64_t *ret_id)
{
	const struct selection_span *last =
		&selection->spans[selection->span_count - 1];
	int64_t from_wall_ns, end_id;
	struct error *error =
		selection_wall_ns(database, last->from_id, &from_wall_ns);

	if (error)
		return error;
	end_id = last->from_id + (selection->wall.until_ns - from_wall_ns);
	*ret_id = end_id < last->until_id ? end_id : last->until_id;
	return NULL;
}

struct error *api_keep_latest(struct selection *selection, sqlite3 *database,
			      uint64_t range_ns, bool *ret_cut)
{
	struct error *error;
	size_t kept = 0;
	int64_t first_id;

	*ret_cut = false;
	if (!selection->span_count)
		return NULL;
	error = find_end(selection, database, &first_id);
	if (error)
		return error;
	first_id -= (int64_t)range_ns;
	for (size_t i = 0; i < selection->span_count; i++) {
		struct selection_span span = selection->spans[i];

		if (span.from_id < first_id) {
			span.from_id = first_id;
			*ret_cut = true;
		}
		if (span.from_id < span.until_id)
			selection->spans[kept++] = span;
	}
	selection->span_count = kept;
	return NULL;
}

struct error *api_filter(struct api_call *call)
{
	const struct stack_filter_options options = {
		.show = given(call, "", "show"),
		.hide = given(call, "", "hide"),
		.only = given(call, "", "only"),
		.drop = given(call, "", "drop"),
	};
	struct stack_filter *filter;
	struct error *error = stack_filter_create(&options, &filter);

	if (!error)
		profile_filter(call->profile, filter);
	return error;
}

struct error *api_group(struct api_call *call)
{
	struct grouping grouping;
	struct error *error =
		grouping_parse(given(call, "", "group"), &grouping);

	if (!error)
		profile_group(call->profile, &grouping);
	return error;
}

struct error *api_grain(struct api_call *call)
{
	static const char *const words[] = { "function", "line", NULL };
	size_t grain;
	struct error *error = api_param_word(call, "grain", words, &grain);

	if (!error)
		profile_split_lines(call->profile, grain == 1);
	return error;
}

void api_write_selection(struct json *json, const struct api_call *call,
			 const struct selection *selection,
			 uint64_t resolution_ns)
{
	const struct stack_filter *stacks = selection->stacks;

	(void)call;
	json_text(json, "event", selection->event);
	json_text(json, "unit", selection->unit);
	json_open(json, "selection", '{');
	json_integer(json, "from_us", selection->wall.from_ns / 1000);
	json_integer(json, "to_us", selection->wall.until_ns / 1000);
	json_integer(json, "resolution_us", (int64_t)resolution_ns / 1000);
	json_text(json, "stacks", stacks ? stacks->text : "");
	json_close(json, '}');
}
