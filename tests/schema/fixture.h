/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile whose every number can be computed in one's head, and the few
 * steps that tests of schema/ have in common. A failing helper fails the test.
 */
#ifndef BRINDLE_TESTS_SCHEMA_FIXTURE_H
#define BRINDLE_TESTS_SCHEMA_FIXTURE_H

#include "schema/read/profile.h"
#include "schema/store/store.h"

enum {
	FIXTURE_HZ = 100,
	FIXTURE_PERIOD_NS = 10000000,
	FIXTURE_SAMPLES = 11,
};
#define FIXTURE_START_NS UINT64_C(5000000000)
#define FIXTURE_WALL_NS UINT64_C(1700000000000000000)

/** A new, empty current folder. */
int fixture_enter_folder(void **state);
int fixture_leave_folder(void **state);

/** A test that runs in a folder of its own. */
#define FIXTURE_TEST(test)                                                     \
	cmocka_unit_test_setup_teardown(test, fixture_enter_folder,            \
					fixture_leave_folder)

struct store *fixture_open_store(const char *path);

/**
 * Python that calls itself and C, one sample every 100 ms from 0 on:
 *
 *     main_c;run;fib;fib                 3  proven    thread main
 *     main_c;run;fib                     2  unproven  thread main
 *     main_c;run;qsort;do_syscall_64     4  proven    thread main
 *     start_thread                       1  native    thread worker
 *     (no frames)                        1  native    thread worker
 */
void fixture_fill(struct store *store);
void fixture_make(const char *path);

void fixture_succeed(struct error *error);
/** The call failed with @code, and its message contains @text. */
void fixture_fail(struct error *error, enum error_code code, const char *text);

struct profile *fixture_open_profile(const char *path);

/** The rows as "a,b\nc,d\n"; owned by the caller. */
char *fixture_query(struct profile *profile, const char *sql);
void fixture_expect(struct profile *profile, const char *sql,
		    const char *expected);
void fixture_write_file(const char *path, const void *bytes, size_t size);

#endif
