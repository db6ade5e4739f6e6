// SPDX-License-Identifier: Apache-2.0
// What `go tool pprof http://.../debug/pprof/profile?seconds=30` asks for. A Go
// program begins to sample when asked; here the last seconds are known already,
// so they are told at once.
#include "web/api/answers.h"

#include "schema/show/export.h"

enum { SECONDS_STANDARD = 30, SECONDS_MOST = 7 * 86400, AGO_SIZE = 24 };

/* What is older than this is not late: the host has been idle. */
#define LATE_NS_MAX (10 * INT64_C(1000000000))

struct error *answer_pprof_index(struct api_call *call)
{
	call->content_type = "text/plain; charset=utf-8";
	fputs("/debug/pprof/profile?seconds=N: what ran in the last N seconds\n"
	      "\n"
	      "process, thread, user, cgroup, event, from and to choose, as in "
	      "/api/v1/export.\n",
	      call->out);
	return NULL;
}

// The end of what is stored: a second's samples come together, and late on a
// busy host. The last second before now has often none yet.
static struct error *find_end(struct api_call *call,
			      struct selection_options *options)
{
	struct selection selection;
	struct error *error;

	options->from = "@0";
	profile_select(call->profile, options);
	error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	if (selection.wall.until_ns < call->now_ns &&
	    selection.wall.until_ns > call->now_ns - LATE_NS_MAX)
		options->now_ns = selection.wall.until_ns;
	selection_deinit(&selection);
	return NULL;
}

// Of a recording, which no seconds are the last ones of, all of it, unless a
// range is given. Its readers ask for 30 seconds without being told to.
static struct error *select_last(struct api_call *call, uint64_t seconds,
				 char ago[AGO_SIZE])
{
	struct selection_options options = *profile_selected(call->profile);
	struct error *error;

	if (api_param(call, "from") || api_param(call, "to") ||
	    !call->host->live)
		return NULL;
	error = find_end(call, &options);
	if (error)
		return error;
	snprintf(ago, AGO_SIZE, "-%llus", (unsigned long long)seconds);
	options.from = ago;
	call->lasting = false;
	profile_select(call->profile, &options);
	return NULL;
}

struct error *answer_pprof_profile(struct api_call *call)
{
	char ago[AGO_SIZE];
	uint64_t seconds;
	struct error *error = api_select(call);

	if (!error)
		error = api_filter(call);
	if (!error)
		error = api_param_number(call, "seconds", SECONDS_STANDARD, 1,
					 SECONDS_MOST, &seconds);
	if (!error)
		error = select_last(call, seconds, ago);
	if (error)
		return error;
	call->content_type = "application/octet-stream";
	return export_write_pprof(call->profile, call->out);
}
