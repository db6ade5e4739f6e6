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
#include <unistd.h>

enum {
	TICK_MS = 50,
	TICK_SLOW_MS = 100, // of a store that goes on: nobody waits for it
	TICK_SOON_MS = 4,
	HASTE_MS = 200,
	QUEUE_BUSY_BYTES = 2 << 20,
	RING_BYTES_MIN = 1 << 20,
	SWITCH_BYTES = 384 << 10, // of half a second's switch records
	RING_BYTES_MAX = 32 << 20,
	SPILL_BYTES = 256 << 20,
	SPILL_SPARING_BYTES = 32 << 20, // of a store that goes on
	LOOK_SLOW_MS = 200,
	RECORD_REST_BYTES = 16 << 10, // of a record, without its stack
};

// Of a recorder that is killed the last second is missing at most: this, the
// round that a sample waits for, and the time that a commit takes.
#define COMMIT_NS (850 * NS_PER_MS)
// Somebody waits for the daemon to stop, and for nothing that it has not stored.
#define DRAIN_NS (1200 * NS_PER_MS)
// Most of its counts change each time, and are rows of the store.
#define HEALTH_NS (3 * NS_PER_SEC)

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
	perf->by_moves = options->system_wide && !perf_samples_waits(perf) &&
			 perf->switch_proof == SWITCH_PROOF_TRACEPOINT;
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
	uint64_t now = monotonic_ns();
	uint64_t start = recorder->enabled_ns ? recorder->enabled_ns : now;
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
		.start_monotonic_ns = start,
		.start_wall_ns = clock_now_ns(CLOCK_REALTIME) - (now - start),
		.ended_writer = recorder->options.ended_writer,
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
				      recorder->options.opener, NULL,
				      recorder->targets, recorder->cpu_count);
	recorder->pipeline.keeper = recorder->keeper;
	recorder->pipeline.sparing = recorder->options.limits;
	if (recorder->options.limits)
		recorder->pipeline.drain_most_ns = DRAIN_NS;
	if (!error && recorder->options.keep_samples)
		error = sample_file_create(recorder->options.keep_samples,
					   recorder->perf.arch,
					   &recorder->pipeline.keep);
	return error;
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

// A ring has room for half a second: what is left when half of it is taken lasts
// until the next look. Without that thread samples are lost sooner, that is all.
static void start_spilling(struct recorder *recorder)
{
	struct spill_options options = {
		.opener = recorder->options.opener,
		.bytes = recorder->options.limits ? SPILL_SPARING_BYTES :
						    SPILL_BYTES,
		.look_ms = recorder->options.limits ? LOOK_SLOW_MS : TICK_MS,
		.realtime = recorder->options.realtime,
		.filling = &recorder->filling,
	};

	error_destroy(spill_thread_start(&recorder->pipeline.merge, &options,
					 &recorder->spiller));
}

// Switch records of a whole host come and go.
static void start_closing(struct recorder *recorder)
{
	if (!recorder->options.system_wide)
		return;
	error_destroy(late_close_start(recorder->options.opener,
				       &recorder->closer));
	for (size_t i = 0; i < recorder->cpu_count; i++)
		recorder->cpus[i].closer = recorder->closer;
}

// Interpreters are made readable before the first sample.
static struct error *start_sampling(struct recorder *recorder)
{
	struct error *error;

	recorder->pipeline.merge.record_bytes =
		recorder->perf.stack_bytes + RECORD_REST_BYTES;
	error = recorder_cpus_start(recorder);
	if (error)
		return error;
	start_spilling(recorder);
	start_closing(recorder);
	find_interpreters(recorder);
	error = keeper_start(recorder->keeper, recorder->cpus,
			     recorder->cpu_count);
	recorder->enabled_ns = monotonic_ns();
	if (error || recorder->options.enable_on_exec)
		return error;
	// One CPU after the other: before the last one is on, it would not tell
	// that a thread ran there.
	error = recorder_cpus_enable(recorder);
	proof_book_begin(&recorder->pipeline.proofs, monotonic_ns());
	return error;
}

// A store that goes on is opened while samples come, for where the last writer
// was killed that takes a while. Else what is refused replaces no profile, and
// nothing of our own is in it.
static struct error *start_store(struct recorder *recorder)
{
	struct error *error = NULL;

	if (recorder->options.limits)
		error = start_sampling(recorder);
	if (!error)
		error = open_store(recorder);
	if (error)
		return error;
	pipeline_set_store(&recorder->pipeline, recorder->store);
	return recorder_start_events(recorder);
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
	if (!error)
		error = make_pipeline(recorder);
	return error ? error : start_store(recorder);
}

struct error *recorder_create(const struct recorder_options *options,
			      struct recorder **ret)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	struct error *error;

	if (!recorder)
		return &error_nomem;
	recorder->options = *options;
	sem_init(&recorder->filling, 0, 0);
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

static void find_processes(struct recorder *recorder)
{
	struct process_table *processes = &recorder->pipeline.processes;

	if (recorder->tasks.system_wide)
		process_table_list_all(processes);
	else
		task_list_each_process(&recorder->tasks, process_table_scan,
				       processes);
}

// Mappings are read after enabling, so that none can be missed in between.
struct error *recorder_start(struct recorder *recorder)
{
	struct error *error = NULL;

	if (!recorder->enabled_ns)
		error = start_sampling(recorder);
	if (error)
		return error;
	// The rings fill while it waits for a CPU that many want.
	setpriority(PRIO_PROCESS, 0, RECORDER_NICE);
	task_list_catch_up(&recorder->tasks, recorder);
	find_processes(recorder);
	recorder->commit_ns = monotonic_ns() + COMMIT_NS;
	return NULL;
}

void recorder_set_command_lines(struct recorder *recorder,
				const struct command_line_policy *policy)
{
	recorder->pipeline.identities.policy = *policy;
}

static struct error *commit(struct recorder *recorder, uint64_t now)
{
	// At even steps, however long each takes; one that is missed is not made
	// up for.
	recorder->commit_ns += COMMIT_NS;
	if (recorder->commit_ns <= now)
		recorder->commit_ns = now + COMMIT_NS;
	// What the round left over would be missing for two seconds.
	if (recorder->pipeline.checked)
		recorder->commit_ns = now;
	recorder_watch_events(recorder, now);
	if (now - recorder->health_ns >= HEALTH_NS) {
		recorder_report_health(recorder);
		recorder->health_ns = now;
	}
	return store_commit(recorder->store);
}

// What has settled is stored right before it is committed.
struct error *recorder_tick(struct recorder *recorder)
{
	uint64_t now = monotonic_ns();
	bool due = now >= recorder->commit_ns;

	// A daemon has a session of its own, where its worker's nice value counts.
	if (recorder->spiller && !recorder->options.limits)
		spill_thread_set_worker(recorder->spiller, gettid());
	recorder_replace_stuck(recorder, now);
	recorder_look_at_host(recorder, now);
	recorder->pipeline.hold = !due;
	pipeline_round(&recorder->pipeline, now);
	recorder_cycle_switches(recorder);
	// Every capture made before has been taken, and its target asked for.
	target_table_collect(recorder->targets,
			     recorder->pipeline.merge.safe_ns);
	return due ? commit(recorder, now) : NULL;
}

// No sooner than there is likely to be another sample to name.
static int new_code_ms(const struct recorder *recorder)
{
	unsigned int period_ms = 1000 / recorder->perf.frequency_hz;

	if (period_ms < TICK_SOON_MS)
		return TICK_SOON_MS;
	return period_ms < TICK_MS ? (int)period_ms : TICK_MS;
}

static int until_commit_ms(const struct recorder *recorder, uint64_t now)
{
	uint64_t left_ns =
		recorder->commit_ns > now ? recorder->commit_ns - now : 0;
	int most = recorder->options.limits ? TICK_SLOW_MS : TICK_MS;

	return left_ns < (uint64_t)most * NS_PER_MS ?
		       (int)(left_ns / NS_PER_MS) + 1 :
		       most;
}

// What is recorded too long is paid back, so that a look half-way will do.
static int half_budget_ms(const struct recorder *recorder)
{
	uint64_t left_ms =
		switch_duty_left_ns(&recorder->switch_duty) / 2 / NS_PER_MS;

	if (left_ms < TICK_SOON_MS)
		return TICK_SOON_MS;
	return left_ms < TICK_SLOW_MS ? (int)left_ms : TICK_SLOW_MS;
}

static int sooner(int a_ms, int b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

int recorder_pause_ms(const struct recorder *recorder)
{
	uint64_t now = monotonic_ns();
	uint64_t since = now - recorder->pipeline.last_haste_ns;
	int ms = until_commit_ms(recorder, now);

	if (recorder->pipeline.merge.stopped)
		return 0;
	if (recorder_cpus_waiting(recorder) > QUEUE_BUSY_BYTES)
		return TICK_SOON_MS;
	if (recorder_is_cycling(recorder))
		ms = sooner(ms, half_budget_ms(recorder));
	if (since < HASTE_MS * NS_PER_MS)
		ms = sooner(ms, new_code_ms(recorder));
	return ms;
}

bool recorder_add_sleeping(struct recorder *recorder, pid_t pid, pid_t tid)
{
	return sleeping_sample(&recorder->pipeline, pid, tid);
}

// The store is there from the start until the finish.
static uint64_t dropped_by_store(const struct recorder *recorder)
{
	return recorder->store ? store_dropped(recorder->store) :
				 recorder->dropped_by_store;
}

void recorder_progress(const struct recorder *recorder,
		       struct recorder_progress *ret)
{
	const struct pipeline_stats *stats = &recorder->pipeline.stats;
	const struct process_table *table = &recorder->pipeline.processes;
	struct perf_lost lost = recorder_lost(recorder);

	*ret = (struct recorder_progress){
		.samples = stats->samples,
		.lost_samples = lost.samples,
		.lost_records = lost.records,
		.proven = stats->proven,
		.unproven = stats->unproven,
		.native = stats->native,
		.dropped = stats->dropped + dropped_by_store(recorder),
		.processes = HASH_COUNT(table->processes),
		.threads = process_table_threads(table),
		.capture_cpu_ns = recorder_cpus_time(recorder),
	};
}

void recorder_set_exclude(struct recorder *recorder, const char *words)
{
	recorder->pipeline.exclude = words;
}

void recorder_give_back(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->capture_count; i++)
		capture_queue_trim(&recorder->captures[i]->queue);
	malloc_trim(0);
}

void recorder_trim(struct recorder *recorder)
{
	module_cache_trim(recorder->pipeline.processes.modules, 0);
	malloc_trim(0);
}

void recorder_stop(struct recorder *recorder)
{
	if (recorder->end_ns)
		return;
	recorder->end_ns = monotonic_ns();
	recorder_cpus_stop(recorder);
	keeper_stop(recorder->keeper);
	pipeline_drain(&recorder->pipeline, recorder->end_ns);
	spill_thread_stop(take_ptr(recorder->spiller));
}

struct error *recorder_finish(struct recorder *recorder)
{
	struct error *error;
	uint64_t end;

	recorder_stop(recorder);
	end = recorder->end_ns;
	recorder_end_events(recorder, end);
	recorder_report_health(recorder);
	error = sample_file_close(recorder->pipeline.keep);
	recorder->pipeline.keep = NULL;
	recorder->unsaved = store_pending(recorder->store);
	recorder->dropped_by_store = store_dropped(recorder->store);
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
	spill_thread_stop(recorder->spiller);
	recorder_cpus_end(recorder);
	keeper_destroy(recorder->keeper);
	pipeline_deinit(&recorder->pipeline);
	target_table_destroy(recorder->targets);
	store_destroy(recorder->store);
	recorder_cpus_close(recorder);
	late_close_stop(recorder->closer);
	recorder_host_deinit(recorder);
	task_list_deinit(&recorder->tasks);
	sem_destroy(&recorder->filling);
	free(recorder->note);
	free(recorder->store_note);
	free(recorder);
}
