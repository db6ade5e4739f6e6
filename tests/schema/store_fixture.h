/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store as the daemon leaves it: two sessions of half an hour, with rollups,
 * several events, labels, incidents and the profiler's own health.
 */
#ifndef BRINDLE_TESTS_SCHEMA_STORE_FIXTURE_H
#define BRINDLE_TESTS_SCHEMA_STORE_FIXTURE_H

#include "tests/schema/fixture.h"

enum {
	STORE_SECONDS = 1800, /* of each session */
	STORE_OFF_SECONDS = 60,
	STORE_SESSIONS = 2,
	/* Of cpu-clock, in each second of a session: two of each process. */
	STORE_RATE = 4,
};

/**
 * app (python 3.12, user www-data, unit app.service): main runs "run;fib;fib;
 * qsort", a third of the time each of the last three, and of its threads pool-1
 * and pool-2 one waits for the lock that main holds.
 * worker (in a container): "main_c;spin". In the second session it is "compute",
 * and each tenth stack is unresolved. Blocked time is event off-cpu.
 */
void store_fixture_make(const char *path);

#endif
