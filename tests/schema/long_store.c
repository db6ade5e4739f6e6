// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/long_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

void long_store_init(struct long_store *long_store, double start)
{
	*long_store = (struct long_store){
		.session = {
			.brindle_version = "0.1",
			.host = "host",
			.kernel = "6.1",
			.architecture = "x86_64",
			.command = "daemon",
			.event = "cpu-clock",
			.event_note = "",
			.frequency_hz = FIXTURE_HZ,
			.cpu_count = 2,
			.stack_bytes = 16384,
		},
		.limits = {
			.bytes = UINT64_C(1) << 40,
			.sample_seconds = 86400,
			.rollup_10s_seconds = 30 * 86400,
			.rollup_10min_seconds = 366 * 86400,
		},
		.start = start,
	};
}

void long_store_open(struct long_store *long_store, const char *path,
		     double start)
{
	struct store_limits limits = long_store->limits;
	uint64_t start_ns = long_store->start_ns;
	bool again = long_store->store;

	long_store_init(long_store, start);
	if (again) {
		long_store->limits = limits;
		long_store->start_ns = start_ns;
	}
	long_store->session.start_monotonic_ns =
		long_store->start_ns ? long_store->start_ns : FIXTURE_START_NS;
	long_store->start_ns = long_store->session.start_monotonic_ns;
	long_store->session.start_wall_ns =
		FIXTURE_WALL_NS + (uint64_t)(int64_t)(start * 1e9);
	fixture_succeed(store_continue(path, &long_store->session,
				       &long_store->limits, &long_store->store,
				       &long_store->note));
	// Waiting for the disk takes most of the time, and shows nothing.
	fixture_succeed(sql_run(long_store->store->database,
				"PRAGMA synchronous = OFF"));
}

void long_store_close(struct long_store *long_store, double end)
{
	fixture_succeed(store_close(long_store->store,
				    long_store_time(long_store, end)));
	free(long_store->note);
	long_store->note = NULL;
}

uint64_t long_store_time(const struct long_store *long_store, double seconds)
{
	return long_store->start_ns +
	       (uint64_t)(int64_t)((seconds - long_store->start) * 1e9 + 0.5);
}

static int64_t make_stack(struct store *store, const struct long_place *place)
{
	int64_t callsite = 0;

	for (int i = place->depth; i >= 0; i--) {
		const char *name = i ? "caller" : place->function;
		int64_t function =
			store_function(store, STORE_NATIVE, name, NULL, 0, 0);
		int64_t frame = store_frame(store, function, STORE_EXACT, 0,
					    (uint64_t)i);

		callsite = store_callsite(store, place->event_id, callsite,
					  frame);
		assert_true(callsite > 0);
	}
	return callsite;
}

void long_store_add(struct long_store *long_store, double seconds,
		    const struct long_place *place)
{
	struct store *store = long_store->store;
	int64_t process = store_process(store, 100, 7, "app");
	int64_t thread = store_thread(store, process,
				      (pid_t)strlen(place->thread), 8,
				      place->thread);
	const struct store_sample sample = {
		.time_ns = long_store_time(long_store, seconds),
		.weight = place->weight,
		.event_id = place->event_id,
		.thread_id = thread,
		.callsite_id =
			place->function ? make_stack(store, place) : 0,
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	store_add_sample(store, &sample);
}

void long_store_sample(struct long_store *long_store, double seconds,
		       const char *function, int count)
{
	const struct long_place place = {
		.thread = "main",
		.function = function,
		.weight = FIXTURE_PERIOD_NS,
	};

	for (int i = 0; i < count; i++)
		long_store_add(long_store, seconds, &place);
}
