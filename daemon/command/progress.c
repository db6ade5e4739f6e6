// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <unistd.h>

enum { REDRAW_MS = 200 };

void progress_init(struct progress *progress, FILE *out)
{
	*progress = (struct progress){ .out = out,
				       .shown = isatty(fileno(out)) == 1,
				       .start_ns = monotonic_ns() };
}

// Of the samples with Python in them; there may be none.
static void print_trust(FILE *out, const struct recorder_progress *counts)
{
	uint64_t python = counts->proven + counts->unproven;

	if (python)
		fprintf(out, "%.2f %% of %" PRIu64 " Python samples proven",
			100.0 * (double)counts->proven / (double)python,
			python);
	else
		fprintf(out, "no Python");
}

void progress_update(struct progress *progress,
		     const struct recorder *recorder)
{
	struct recorder_progress counts;
	uint64_t now = monotonic_ns();

	if (!progress->shown || now - progress->drawn_ns < REDRAW_MS * NS_PER_MS)
		return;
	progress->drawn_ns = now;
	recorder_progress(recorder, &counts);
	fprintf(progress->out, "\r\033[K%.1f s  %" PRIu64 " samples  %" PRIu64
		" lost  ",
		(double)(now - progress->start_ns) / NS_PER_SEC,
		counts.samples, counts.lost_samples);
	print_trust(progress->out, &counts);
	fprintf(progress->out, "  (Ctrl-C ends)");
	fflush(progress->out);
}

void progress_clear(struct progress *progress)
{
	if (!progress->shown)
		return;
	fprintf(progress->out, "\r\033[K");
	fflush(progress->out);
}

void progress_summary(struct progress *progress,
		      const struct recorder *recorder, const char *path)
{
	struct recorder_progress counts;

	if (!progress->shown)
		return;
	recorder_progress(recorder, &counts);
	fprintf(progress->out, "%s: %" PRIu64 " samples, %" PRIu64 " lost, ",
		path, counts.samples, counts.lost_samples);
	print_trust(progress->out, &counts);
	fprintf(progress->out, "\nNext: brindle report --db %s\n"
		"      brindle flame --db %s -o flame.html\n", path, path);
}
