// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder.h"

#include "base/clock.h"
#include "base/version.h"
#include "daemon/perf/perf_attr.h"
#include "daemon/pipeline/recorder_cpus.h"
#include "daemon/pipeline/recorder_events.h"
#include "daemon/pipeline/recorder_health.h"
#include "daemon/pipeline/recorder_state.h"
#include "daemon/pipeline/recorder_switches.h"
#include "daemon/pipeline/sleeping.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/utsname.h>

enum {
	TICK_MS = 50,
	TICK_SLOW_MS = 100, // of a store that goes on: nobody waits for it
	WORKER_NICE = -10,
	TICK_SOON_MS = 4,
	NEW_CODE_MS = 200,
	QUEUE_BUSY_BYTES = 2 << 20,
	RING_BYTES_MIN = 1 << 20,
	SWITCH_BYTES = 384 << 10, // of half a second's switch records
	RING_BYTES_MAX = 32 << 20,
	RECORD_REST_BYTES = 16 << 10, // of a record, without its stack
};

static size_t round_up_to_power_of_two(size_t size)
{
	size_t power = 1;

	while (power < size)
		power *= 2;
	return power;
}

// Room for half a second of samples, ten rounds of the worker, so that one held
// up by a slow disk or a big file loses nothing. Larger rings take the kernel
// long to make.
static size_t ring_bytes(const struct perf_options *perf)
{
	size_t hz = 0, bytes;

	for (size_t i = 0; i < perf->events.count; i++)
		hz += perf_attr_frequency(perf, &perf->events.choices[i]);
	bytes = hz * (perf->stack_bytes + 1024) / 2 + SWITCH_BYTES;
	if (bytes < RING_BYTES_MIN)
		bytes = RING_BYTES_MIN;
	if (bytes > RING_BYTES_MAX)
		bytes = RING_BYTES_MAX;
	return round_up_to_power_of_two(bytes);
}

// Descriptors: a few per CPU and attached thread.
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void choose_perf_options(struct recorder *recorder)
{
	const struct recorder_options *options = &recorder->options;
	struct perf_options *perf = &recorder->perf;

	perf->arch = arch_native();
	perf->features = &recorder->features;
	perf->stack_bytes = options->stack_bytes;
	perf->user_only = !recorder->features.kernel_allowed;
	perf->switch_proof = recorder->features.switch_proof;
	if (options->proof_by_software &&
	    perf->switch_proof == SWITCH_PROOF_TRACEPOINT)
		perf->switch_proof = SWITCH_PROOF_SOFTWARE;
	perf->ring_bytes = ring_bytes(perf);
}

// The threads are listed only now, and thread by thread, not CPU by CPU: one
// that is born to a thread not attached to yet would inherit nothing, or on
// some CPUs only.
static struct error *open_tasks(struct recorder *recorder)
{
	struct task_list *tasks = &recorder->tasks;
	struct perf_scope scope = {
		.system_wide = recorder->options.system_wide,
		.tid_count = 1,
		.enable_on_exec = recorder->options.enable_on_exec,
	};
	struct error *error;

	if (scope.system_wide)
		return recorder_cpus_add(recorder, &scope);
	task_list_deinit(tasks);
	error = task_list_init(tasks, &recorder->options);
	for (size_t i = 0; i < tasks->count && !error; i++) {
		scope.tids = &tasks->tids[i];
		error = recorder_cpus_add(recorder, &scope);
	}
	return error;
}

static struct error *open_store(struct recorder *recorder)
{
	struct utsname host = { 0 };
	struct store_session session = {
		.brindle_version = BRINDLE_VERSION,
		.command = recorder->options.command,
		.event = recorder->perf.events.choices[0].name,
		.event_unit = recorder->perf.events.choices[0].unit,
		.event_period = recorder->perf.events.choices[0].kind !=
				PERF_CHOICE_CLOCK,
		.event_note = recorder->note ? recorder->note : "",
		.frequency_hz = recorder->perf.frequency_hz,
		.cpu_count = (unsigned int)recorder->cpu_count,
		.stack_bytes = recorder->options.stack_bytes,
		.start_monotonic_ns = monotonic_ns(),
		.start_wall_ns = clock_now_ns(CLOCK_REALTIME),
	};

	uname(&host);
	session.host = host.nodename;
	session.kernel = host.release;
	session.architecture = host.machine;
	if (recorder->options.limits)
		return store_continue(recorder->options.output, &session,
				      recorder->options.limits,
				      &recorder->store, &recorder->store_note);
	return store_open(recorder->options.output, &session,
			  &recorder->store);
}

static struct error *make_pipeline(struct recorder *recorder)
{
	struct error *error;

	error = target_table_create(&recorder->targets);
	if (!error)
		error = keeper_create(recorder->perf.arch,
				      recorder->options.opener,
				      recorder->targets,
				      &recorder->keeper);
	if (!error)
		error = pipeline_init(&recorder->pipeline, recorder->perf.arch,
				      recorder->options.opener,
				      recorder->store, recorder->targets,
				      recorder->cpu_count);
	recorder->pipeline.keeper = recorder->keeper;
	if (!error)
		error = recorder_start_events(recorder);
	if (!error && recorder->options.keep_samples)
		error = sample_file_create(recorder->options.keep_samples,
					   recorder->perf.arch,
					   &recorder->pipeline.keep);
	return error;
}

static struct error *set_up(struct recorder *recorder)
{
	struct error *error;

	raise_file_limit();
	error = perf_features_probe(recorder->options.opener,
				    &recorder->features);
	if (!error)
		error = recorder_choose_events(recorder);
	if (!error)
		error = task_list_init(&recorder->tasks, &recorder->options);
	if (error)
		return error;
	choose_perf_options(recorder);
	error = recorder_cpus_open(recorder);
	if (!error)
		error = open_tasks(recorder);
	// What is refused above replaces no profile.
	if (!error)
		error = open_store(recorder);
	if (!error)
		error = make_pipeline(recorder);
	return error;
}

struct error *recorder_create(const struct recorder_options *options,
			      struct recorder **ret)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	struct error *error;

	if (!recorder)
		return &error_nomem;
	recorder->options = *options;
	recorder_host_init(recorder);
	if (!options->opener)
		recorder->options.opener = &opener_direct;
	error = set_up(recorder);
	if (error) {
		recorder_destroy(recorder);
		return error;
	}
	*ret = recorder;
	return NULL;
}

const char *recorder_note(const struct recorder *recorder)
{
	return recorder->note;
}

const char *recorder_store_note(const struct recorder *recorder)
{
	return recorder->store_note;
}

struct store *recorder_store(const struct recorder *recorder)
{
	return recorder->store;
}

const char *recorder_unsupported(const struct recorder *recorder)
{
	const struct process_table *processes = &recorder->pipeline.processes;

	return processes->unsupported ? processes->unsupported_text : NULL;
}

// Of the few processes asked for each is ready before the first sample. Of a
// whole host the keeper goes through them while it is being sampled, those that
// are sampled first.
static void find_interpreters(struct recorder *recorder)
{
	pid_t *pids;
	size_t count;

	if (!recorder->tasks.system_wide) {
		task_list_each_process(&recorder->tasks, keeper_look_at,
				       recorder->keeper);
		return;
	}
	count = task_list_processes(&recorder->tasks, &pids);
	keeper_look_later(recorder->keeper, pids, count);
}

static void find_processes(struct recorder *recorder)
{
	struct process_table *processes = &recorder->pipeline.processes;

	if (recorder->tasks.system_wide)
		process_table_list_all(processes);
	else
		task_list_each_process(&recorder->tasks, process_table_scan,
				       processes);
}

// Interpreters are made readable before the first sample; mappings are read
// after enabling, so that none can be missed in between.
struct error *recorder_start(struct recorder *recorder)
{
	struct error *error;

	recorder->pipeline.merge.record_bytes =
		recorder->perf.stack_bytes + RECORD_REST_BYTES;
	error = recorder_cpus_start(recorder);
	if (error)
		return error;
	find_interpreters(recorder);
	error = keeper_start(recorder->keeper, recorder->cpus,
			     recorder->cpu_count);
	recorder->enabled_ns = monotonic_ns();
	if (!error && !recorder->options.enable_on_exec)
		error = recorder_cpus_enable(recorder);
	if (error)
		return error;
	// The rings fill while it waits for a CPU that many want.
	setpriority(PRIO_PROCESS, 0, WORKER_NICE);
	task_list_catch_up(&recorder->tasks, recorder);
	find_processes(recorder);
	recorder->last_commit_ns = monotonic_ns();
	return NULL;
}

void recorder_set_command_lines(struct recorder *recorder,
				const struct command_line_policy *policy)
{
	recorder->pipeline.identities.policy = *policy;
}

static struct error *commit(struct recorder *recorder, uint64_t now)
{
	recorder->last_commit_ns = now;
	recorder_watch_events(recorder, now);
	recorder_report_health(recorder);
	return store_commit(recorder->store);
}

struct error *recorder_tick(struct recorder *recorder)
{
	uint64_t now = monotonic_ns();

	recorder_replace_stuck(recorder, now);
	recorder_look_at_host(recorder, now);
	pipeline_round(&recorder->pipeline, now);
	recorder_cycle_switches(recorder);
	// Every capture made before has been taken, and its target asked for.
	target_table_collect(recorder->targets,
			     recorder->pipeline.merge.safe_ns);
	if (now - recorder->last_commit_ns < NS_PER_SEC)
		return NULL;
	return commit(recorder, now);
}

// No sooner than there is likely to be another sample to name.
static int new_code_ms(const struct recorder *recorder)
{
	unsigned int period_ms = 1000 / recorder->perf.frequency_hz;

	if (period_ms < TICK_SOON_MS)
		return TICK_SOON_MS;
	return period_ms < TICK_MS ? (int)period_ms : TICK_MS;
}

int recorder_pause_ms(const struct recorder *recorder)
{
	uint64_t since = monotonic_ns() - recorder->pipeline.last_head_ns;

	if (recorder_cpus_waiting(recorder) > QUEUE_BUSY_BYTES)
		return TICK_SOON_MS;
	if (recorder_is_cycling(recorder))
		return TICK_SOON_MS;
	if (since < NEW_CODE_MS * NS_PER_MS)
		return new_code_ms(recorder);
	return recorder->options.limits ? TICK_SLOW_MS : TICK_MS;
}

bool recorder_add_sleeping(struct recorder *recorder, pid_t pid, pid_t tid)
{
	return sleeping_sample(&recorder->pipeline, pid, tid);
}

void recorder_progress(const struct recorder *recorder,
		       struct recorder_progress *ret)
{
	const struct pipeline_stats *stats = &recorder->pipeline.stats;
	const struct process_table *table = &recorder->pipeline.processes;

	*ret = (struct recorder_progress){
		.samples = stats->samples,
		.lost = recorder_lost(recorder),
		.lost_samples = recorder_lost_samples(recorder),
		.proven = stats->proven,
		.unproven = stats->unproven,
		.native = stats->native,
		.dropped = stats->dropped,
		.processes = HASH_COUNT(table->processes),
		.threads = process_table_threads(table),
		.capture_cpu_ns = recorder_cpus_time(recorder),
	};
}

void recorder_set_exclude(struct recorder *recorder, const char *words)
{
	recorder->pipeline.exclude = words;
}

void recorder_trim(struct recorder *recorder)
{
	module_cache_trim(recorder->pipeline.processes.modules, 0);
	malloc_trim(0);
}

struct error *recorder_finish(struct recorder *recorder)
{
	uint64_t end = monotonic_ns();
	struct error *error;

	recorder_cpus_stop(recorder);
	keeper_stop(recorder->keeper);
	pipeline_drain(&recorder->pipeline, end);
	recorder_end_events(recorder, end);
	recorder_report_health(recorder);
	error = sample_file_close(recorder->pipeline.keep);
	recorder->pipeline.keep = NULL;
	recorder->unsaved = store_pending(recorder->store);
	if (error) {
		error_destroy(store_close(take_ptr(recorder->store), end));
		return error;
	}
	error = store_close(take_ptr(recorder->store), end);
	if (!error)
		recorder->unsaved = 0;
	return error;
}

uint64_t recorder_unsaved(const struct recorder *recorder)
{
	return recorder->unsaved;
}

void recorder_destroy(struct recorder *recorder)
{
	if (!recorder)
		return;
	recorder_cpus_end(recorder);
	keeper_destroy(recorder->keeper);
	pipeline_deinit(&recorder->pipeline);
	target_table_destroy(recorder->targets);
	store_destroy(recorder->store);
	recorder_cpus_close(recorder);
	recorder_host_deinit(recorder);
	task_list_deinit(&recorder->tasks);
	free(recorder->note);
	free(recorder->store_note);
	free(recorder);
}
