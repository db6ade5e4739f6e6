// SPDX-License-Identifier: Apache-2.0
#include "schema/show/status.h"

#include "base/clock.h"

#include <stdarg.h>
#include <string.h>

enum {
	LATE_SECONDS = 30,   // vitals come every ten
	FEW_SAMPLES = 200,   // shares of fewer say little
	FEW_PYTHON = 100,
};

static void add(struct status_problems *problems, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct status_problems *problems, const char *format, ...)
{
	va_list arguments;

	if (problems->count == STATUS_PROBLEMS)
		return;
	va_start(arguments, format);
	vsnprintf(problems->text[problems->count++], STATUS_TEXT_MAX, format,
		  arguments);
	va_end(arguments);
}

static int64_t seconds_since(const struct status *status, int64_t wall_ns)
{
	return (status->now_wall_ns - wall_ns) / (int64_t)NS_PER_SEC;
}

static void find_standstill(const struct status *status,
			    struct status_problems *problems)
{
	int64_t last = status->vitals_wall_ns > status->started_wall_ns ?
			       status->vitals_wall_ns :
			       status->started_wall_ns;

	if (!status->pid && !status->ended_wall_ns)
		add(problems, "the daemon does not run, and was not stopped in "
			      "order; `systemctl start brindled`, and "
			      "`journalctl -u brindled` tells why");
	else if (!status->pid)
		add(problems, "the daemon does not run; "
			      "`systemctl start brindled`");
	else if (seconds_since(status, last) > LATE_SECONDS)
		add(problems, "nothing was written for %lld s; is the disk "
			      "full? `journalctl -u brindled` tells why",
		    (long long)seconds_since(status, last));
}

static void find_losses(const struct status *status,
			struct status_problems *problems)
{
	int64_t all = status->samples + status->lost + status->dropped;

	if (all < FEW_SAMPLES)
		return;
	if (status->lost * 1000 > all)
		add(problems, "%.2f %% of the samples were lost in the last "
			      "%lld s: the host is too busy to take them; a "
			      "lower frequency helps",
		    100.0 * (double)status->lost / (double)all,
		    (long long)status->seconds);
	if (status->dropped * 1000 > all)
		add(problems, "%.2f %% of the samples were dropped in the last "
			      "%lld s, for want of memory, of room on the "
			      "disk, or of time to stop; v_health tells which",
		    100.0 * (double)status->dropped / (double)all,
		    (long long)status->seconds);
}

static void find_doubt(const struct status *status,
		       struct status_problems *problems)
{
	int64_t judged = status->proven + status->unproven;

	if (!status->realtime && status->vitals_wall_ns)
		add(problems, "the capture threads have no real-time priority, "
			      "so fewer Python stacks are proven; "
			      "LimitRTPRIO=50 in the unit gives it");
	if (!status->proof && status->vitals_wall_ns)
		add(problems, "context switches may not be recorded, so no "
			      "Python stack is proven; `brindle doctor` tells "
			      "why");
	if (judged >= FEW_PYTHON && status->unproven * 100 > judged)
		add(problems, "%.1f %% of the Python samples are not proven; "
			      "`brindle query \"SELECT * FROM v_health WHERE "
			      "name LIKE 'unproven%%'\"` tells why",
		    100.0 * (double)status->unproven / (double)judged);
}

static bool is_whole(const char *end)
{
	return !strcmp(end, "root") || !strcmp(end, "kernel-thread");
}

static void find_cut_stacks(const struct status *status,
			    struct status_problems *problems)
{
	const struct status_count *main_cause = NULL;
	int64_t all = 0, cut = 0;

	for (size_t i = 0; i < status->end_count; i++) {
		const struct status_count *end = &status->ends[i];

		all += end->count;
		if (is_whole(end->name))
			continue;
		cut += end->count;
		if (!main_cause)
			main_cause = end;
	}
	if (all >= FEW_SAMPLES && cut * 10 > all)
		add(problems, "%.1f %% of the stacks are cut, most of them by "
			      "'%s'; v_health explains each",
		    100.0 * (double)cut / (double)all, main_cause->name);
}

static void find_incidents(const struct status *status,
			   struct status_problems *problems)
{
	for (size_t i = 0; i < status->incident_count; i++)
		if (!status->incidents[i].end_wall_ns && status->pid)
			add(problems, "%s", status->incidents[i].detail);
}

struct status_problems status_find_problems(const struct status *status)
{
	static void (*const rules[])(const struct status *,
				     struct status_problems *) = {
		find_standstill, find_losses, find_doubt, find_cut_stacks,
		find_incidents,
	};
	struct status_problems problems = { .count = 0 };

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		rules[i](status, &problems);
	return problems;
}

const char *status_level(const struct status_problems *problems,
			 int64_t samples, int64_t lost, int64_t proven,
			 int64_t unproven)
{
	int64_t judged = proven + unproven;

	if (!problems->count)
		return "good";
	if (lost * 100 > samples + lost ||
	    (judged >= FEW_PYTHON && unproven * 10 > judged))
		return "bad";
	return "warning";
}
