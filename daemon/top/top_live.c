// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_live.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/pipeline/recorder.h"
#include "daemon/service/daemon_db.h"
#include "schema/store/store.h"
#include "schema/store/store_lock.h"

enum { STACK_BYTES = 16384, KEPT_SECONDS = 600, OWN_BYTES = 256 << 20 };

struct top_live {
	char *folder; // owned; of an own recording, removed with it
	char *path;   // owned
	const char *source; // borrowed
	struct recorder *recorder; // owned; NULL: somebody else records
	struct top_reader *reader; // owned; NULL: nothing to read yet
	const struct top_live_options *options; // borrowed
	struct selection_options selection; // those of options, and its pid
	char pid_text[16];
	struct top_head head;
	uint64_t start_ns, start_cpu_ns; // of an own recording
};

static void remove_recording(struct top_live *live)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock",
						"-journal" };

	if (!live->folder)
		return;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "%s%s", live->path, suffixes[i]) < 0)
			name = NULL;
		else
			unlink(name);
	}
	rmdir(live->folder);
}

void top_live_close(struct top_live *live)
{
	if (!live)
		return;
	top_reader_destroy(live->reader);
	recorder_destroy(live->recorder);
	remove_recording(live);
	free(live->folder);
	free(live->path);
	free(live);
}

static struct error *make_folder(struct top_live *live)
{
	const char *base = getenv("TMPDIR");

	if (!base || !*base)
		base = "/tmp";
	if (asprintf(&live->folder, "%s/brindle-top-XXXXXX", base) < 0) {
		live->folder = NULL;
		return &error_nomem;
	}
	if (!mkdtemp(live->folder)) {
		free(take_ptr(live->folder));
		return error_from_errno(errno, "make a folder in '%s'", base);
	}
	if (asprintf(&live->path, "%s/top.db", live->folder) < 0) {
		live->path = NULL;
		return &error_nomem;
	}
	return NULL;
}

// An hour of it must not fill the disk: it forgets after some minutes.
static struct error *start_recording(struct top_live *live)
{
	static const struct store_limits limits = {
		.bytes = OWN_BYTES,
		.sample_seconds = KEPT_SECONDS,
		.rollup_10s_seconds = KEPT_SECONDS,
		.rollup_10min_seconds = KEPT_SECONDS,
	};
	const struct top_live_options *wished = live->options;
	struct recorder_options options = {
		.output = live->path,
		.limits = &limits,
		.event = wished->selection.event,
		.command = "brindle top",
		.frequency_hz = wished->frequency_hz,
		.stack_bytes = STACK_BYTES,
		.system_wide = wished->pid_count == 0,
		.pids = wished->pids,
		.pid_count = wished->pid_count,
		.realtime = true,
	};
	struct error *error = recorder_create(&options, &live->recorder);

	if (!error)
		error = recorder_start(live->recorder);
	live->source = "own recording";
	live->start_ns = monotonic_ns();
	live->start_cpu_ns = clock_now_ns(CLOCK_PROCESS_CPUTIME_ID);
	return error;
}

// False: nobody writes there, or we may not know.
static bool is_written(const char *path)
{
	_cleanup_error_ struct error *error = NULL;
	pid_t writer = 0;

	error = store_lock_holder(path, &writer);
	return !error && writer > 0;
}

// What others record is of all processes: it is filtered.
static void choose_pid(struct top_live *live)
{
	if (!live->options->pid_count || live->selection.process)
		return;
	snprintf(live->pid_text, sizeof(live->pid_text), "%d",
		 (int)live->options->pids[0]);
	live->selection.process = live->pid_text;
}

static struct error *find_source(struct top_live *live)
{
	live->path = daemon_db_path(live->options->db);
	if (!live->path)
		return &error_nomem;
	live->source = live->options->db ? live->path : "the daemon";
	if (live->options->db) {
		choose_pid(live);
		return top_reader_create(live->path, &live->selection,
					 &live->reader);
	}
	if (is_written(live->path)) {
		_cleanup_error_ struct error *error = NULL;

		choose_pid(live);
		error = top_reader_create(live->path, &live->selection,
					  &live->reader);
		if (!error)
			return NULL;
		fprintf(stderr, "brindle: %s; recording by itself\n",
			error->message);
		live->selection = live->options->selection;
	}
	free(take_ptr(live->path));
	return make_folder(live);
}

struct error *top_live_open(const struct top_live_options *options,
			    struct top_live **ret)
{
	struct top_live *live = calloc(1, sizeof(*live));
	struct error *error;

	if (!live)
		return &error_nomem;
	live->options = options;
	live->selection = options->selection;
	error = find_source(live);
	if (!error && live->folder)
		error = start_recording(live);
	if (error) {
		top_live_close(live);
		return error;
	}
	*ret = live;
	return NULL;
}

bool top_live_records(const struct top_live *live)
{
	return live->recorder;
}

const char *top_live_source(const struct top_live *live)
{
	return live->source;
}

const struct top_head *top_live_head(const struct top_live *live)
{
	return &live->head;
}

// Of an own recording this process knows more, and sooner.
static void take_head(struct top_live *live)
{
	struct recorder_progress progress;

	if (live->reader)
		live->head = *top_reader_head(live->reader);
	if (!live->recorder)
		return;
	recorder_progress(live->recorder, &progress);
	live->head.lost = progress.lost_samples;
	live->head.own_cpu_ns = clock_now_ns(CLOCK_PROCESS_CPUTIME_ID) -
				live->start_cpu_ns;
	live->head.own_span_ns = monotonic_ns() - live->start_ns;
}

struct error *top_live_read(struct top_live *live, struct top_model *model)
{
	struct error *error = NULL;

	if (!live->reader)
		error = top_reader_create(live->path,
					  &live->selection,  &live->reader);
	if (!error)
		error = top_reader_poll(live->reader, model);
	take_head(live);
	return error;
}

struct error *top_live_step(struct top_live *live, struct top_model *model,
			    bool want)
{
	struct error *error = NULL;

	if (live->recorder)
		error = recorder_tick(live->recorder);
	if (!error && want)
		error = top_live_read(live, model);
	return error;
}

struct error *top_live_finish(struct top_live *live)
{
	return live->recorder ? recorder_finish(live->recorder) : NULL;
}

int top_live_pause_ms(const struct top_live *live, int most)
{
	int pause = live->recorder ? recorder_pause_ms(live->recorder) : most;

	return pause < most ? pause : most;
}
