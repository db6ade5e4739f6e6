// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/store_fixture.h"

#include "base/clock.h"
#include "tests/cmocka.h"

#define OFF_CPU_NS UINT64_C(5000000)

struct making {
	struct store *store;
	uint64_t start_ns; /* of the session, CLOCK_MONOTONIC */
	unsigned int session;
	int64_t off_cpu;
	int64_t main, pool[2], spinner; /* threads */
	int64_t fib, fib_fib, sort, waiting, spin, unread, blocked;
};

static int64_t push(struct making *making, int64_t event, int64_t parent,
		    int64_t function, enum store_status status, uint32_t line)
{
	int64_t frame =
		store_frame(making->store, function, status, line, 0);

	return store_callsite(making->store, event, parent, frame);
}

static void make_stacks(struct making *making)
{
	struct store *store = making->store;
	int64_t app = store_module(store, "/usr/bin/app", NULL, 0);
	int64_t main_c =
		store_function(store, STORE_NATIVE, "main_c", NULL, 0, app);
	int64_t run =
		store_function(store, STORE_PYTHON, "run", "/app.py", 1, 0);
	int64_t fib =
		store_function(store, STORE_PYTHON, "fib", "/app.py", 10, 0);
	int64_t spin = store_function(store, STORE_NATIVE,
				      making->session ? "compute" : "spin",
				      NULL, 0, app);
	int64_t unread =
		store_function(store, STORE_PYTHON, "[unresolved: no memory]",
			       NULL, 0, 0);
	int64_t kernel =
		store_function(store, STORE_KERNEL, "futex_wait", NULL, 0, 0);
	int64_t sort =
		store_function(store, STORE_NATIVE, "qsort", NULL, 0, app);
	int64_t root = push(making, 0, 0, main_c, STORE_EXACT, 0);
	int64_t run_5 = push(making, 0, root, run, STORE_PROVEN, 5);
	int64_t off_root =
		push(making, making->off_cpu, 0, main_c, STORE_EXACT, 0);
	int64_t off_run =
		push(making, making->off_cpu, off_root, run, STORE_PROVEN, 6);

	making->fib = push(making, 0, run_5, fib, STORE_PROVEN, 11);
	making->fib_fib =
		push(making, 0, making->fib, fib, STORE_PROVEN, 12);
	making->sort = push(making, 0, making->fib_fib, sort, STORE_EXACT, 0);
	making->waiting = push(making, 0, run_5, kernel, STORE_EXACT, 0);
	making->spin = push(making, 0, root, spin, STORE_EXACT, 0);
	making->unread = push(making, 0, root, unread, STORE_UNRESOLVED, 0);
	making->blocked = push(making, making->off_cpu, off_run, kernel,
			       STORE_EXACT, 0);
}

static void make_processes(struct making *making)
{
	static const struct store_process_labels labels[] = {
		{ .command_line = "python3 /app.py --serve",
		  .executable = "/usr/bin/python3.12",
		  .python_version = "3.12",
		  .cgroup = "/system.slice/app.service",
		  .unit = "app.service",
		  .user = "www-data",
		  .uid = 33 },
		{ .command_line = "worker -n 1",
		  .executable = "/usr/bin/worker",
		  .cgroup = "/docker/0123456789abcdef",
		  .container = "0123456789abcdef",
		  .user = "root",
		  .uid = 0 },
	};
	struct store *store = making->store;
	pid_t pid = 100 + 1000 * (pid_t)making->session;
	int64_t app = store_process(store, pid, 7, "app");
	int64_t worker = store_process(store, pid + 100, 8, "worker");

	making->main = store_thread(store, app, pid, 7, "main");
	making->pool[0] = store_thread(store, app, pid + 1, 8, "pool-1");
	making->pool[1] = store_thread(store, app, pid + 2, 9, "pool-2");
	making->spinner = store_thread(store, worker, pid + 100, 8, "worker");
	store_label_process(store, app, &labels[0]);
	store_label_process(store, worker, &labels[1]);
}

static void add_python(struct making *making, uint64_t now_ns, unsigned int i)
{
	struct store_sample sample = {
		.time_ns = now_ns,
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = making->main,
		.callsite_id = i % 3 == 0 ? making->fib :
			       i % 3 == 1 ? making->fib_fib :
					    making->sort,
		.trust = STORE_TRUST_PROVEN,
		.walk_end = "root",
		.gil = STORE_GIL_HELD,
	};

	if (making->session && i % 10 == 0) {
		sample.callsite_id = making->unread;
		sample.trust = STORE_TRUST_UNPROVEN;
		sample.trust_reason = "ran-before-switch";
	}
	store_add_sample(making->store, &sample);
	sample.time_ns += NS_PER_MS;
	sample.thread_id = making->pool[i % 2];
	sample.callsite_id = making->waiting;
	sample.trust = STORE_TRUST_PROVEN;
	sample.trust_reason = NULL;
	sample.cpu = 1;
	sample.gil = i % 5 ? STORE_GIL_WAITING : STORE_GIL_WITHOUT;
	sample.gil_holder_thread_id = i % 5 ? making->main : 0;
	store_add_sample(making->store, &sample);
}

static void add_native(struct making *making, uint64_t now_ns, unsigned int i)
{
	struct store_sample sample = {
		.time_ns = now_ns,
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = making->spinner,
		.callsite_id = making->spin,
		.trust = STORE_TRUST_NATIVE,
		.walk_end = i % 7 ? "root" : "no-cfi",
	};

	for (int k = 0; k < 2; k++) {
		store_add_sample(making->store, &sample);
		sample.time_ns += 400 * NS_PER_MS;
		sample.cpu = 1;
	}
	if (i % 4)
		return;
	sample.event_id = making->off_cpu;
	sample.thread_id = making->pool[0];
	sample.callsite_id = making->blocked;
	sample.weight = OFF_CPU_NS;
	sample.waker_thread_id = making->main;
	sample.walk_end = "root";
	sample.trust = STORE_TRUST_PROVEN;
	store_add_sample(making->store, &sample);
}

static void add_vitals(struct making *making, uint64_t now_ns)
{
	const struct store_vitals vitals = {
		.monotonic_ns = now_ns,
		.samples = 10 * STORE_RATE,
		.proven = 20,
		.unproven = making->session ? 1 : 0,
		.lost = making->session ? 2 : 0,
		.frequency_hz = FIXTURE_HZ,
		.own_cpu_ns = 50 * NS_PER_MS,
		.own_memory_bytes = 30 << 20,
		.processes = 2,
		.threads = 4,
	};

	store_add_vitals(making->store, &vitals);
}

static void run_session(struct making *making)
{
	uint64_t start_ns = making->start_ns;

	for (unsigned int i = 0; i < STORE_SECONDS; i++) {
		uint64_t now_ns = start_ns + i * NS_PER_SEC;

		add_python(making, now_ns, i);
		add_native(making, now_ns + 50 * NS_PER_MS, i);
		if (i % 10 != 9)
			continue;
		add_vitals(making, now_ns + 900 * NS_PER_MS);
		fixture_succeed(store_commit(making->store));
	}
	store_set_health(making->store, "lost", making->session ? 360 : 0,
			 "samples the kernel lost");
}

static void add_incidents(struct making *making)
{
	uint64_t start_ns = making->start_ns;

	store_incident(making->store, "rate", start_ns + 100 * NS_PER_SEC,
		       start_ns + 160 * NS_PER_SEC,
		       "49 Hz in place of 99: it cost too much");
	store_incident(making->store, "gap", start_ns + 300 * NS_PER_SEC,
		       start_ns + 310 * NS_PER_SEC,
		       "40 samples given up: disk is full");
}

static void make_session(const char *path, unsigned int number)
{
	uint64_t begin_ns = (STORE_SECONDS + STORE_OFF_SECONDS) * NS_PER_SEC *
			    number;
	struct making making = {
		.session = number,
		.start_ns = FIXTURE_START_NS + begin_ns,
	};
	const struct store_session session = {
		.brindle_version = "0.1",
		.host = "host",
		.kernel = "6.1",
		.architecture = "x86_64",
		.command = "brindle daemon",
		.event = "cpu-clock",
		.event_note = "",
		.frequency_hz = FIXTURE_HZ,
		.cpu_count = 2,
		.stack_bytes = 16384,
		.start_monotonic_ns = making.start_ns,
		.start_wall_ns = FIXTURE_WALL_NS + begin_ns,
	};
	const struct store_limits limits = {
		.bytes = UINT64_C(2) << 30,
		.sample_seconds = 86400,
		.rollup_10s_seconds = 30 * 86400,
		.rollup_10min_seconds = 366 * 86400,
	};
	char *note = NULL;

	fixture_succeed(store_continue(path, &session, &limits, &making.store,
				       &note));
	free(note);
	making.off_cpu = store_event(making.store, "off-cpu", "ns", 1);
	make_stacks(&making);
	make_processes(&making);
	add_incidents(&making);
	run_session(&making);
	fixture_succeed(store_close(making.store,
				    making.start_ns +
					    STORE_SECONDS * NS_PER_SEC));
}

void store_fixture_make(const char *path)
{
	for (unsigned int i = 0; i < STORE_SESSIONS; i++)
		make_session(path, i);
}
