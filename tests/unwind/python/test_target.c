// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "tests/cmocka.h"
#include "unwind/python/target.h"

#include <pthread.h>

enum { WORKERS = 3, ROUNDS = 20000 };

static struct python_target *target_create(void)
{
	struct python_target *target = python_target_create(
		live_memory_of_fd(-1), python_layout_at(0), 4096, 0);

	assert_non_null(target);
	return target;
}

enum { READS_ENOUGH = 32, READS_ENOUGH_REUSED = 256 };

static const uint64_t a_code = 0x7f0000001000;

static bool is_enough(const struct python_target *target, uint64_t code)
{
	return python_target_code_need(target, code) == PYTHON_CODE_ENOUGH;
}

static void learn_well(struct python_target *target, uint64_t code)
{
	for (int i = 0; i < READS_ENOUGH; i++)
		python_target_learn_code(target, code, code * 31);
}

// Reads that it takes until @code is known.
static int count_reads(struct python_target *target, uint64_t fingerprint)
{
	int reads = 0;

	for (; !is_enough(target, a_code); reads++)
		python_target_learn_code(target, a_code, fingerprint);
	return reads;
}

static void test_code(void **state)
{
	struct python_target *target = target_create();

	(void)state;
	assert_int_equal(python_target_code_need(target, a_code),
			 PYTHON_CODE_NEW);
	python_target_learn_code(target, a_code, 70);
	assert_int_equal(python_target_code_need(target, a_code),
			 PYTHON_CODE_AGAIN);
	assert_int_equal(count_reads(target, 70), READS_ENOUGH - 1);
	python_target_forget_code(target, a_code);
	// Samples that were taken before that say so as well.
	python_target_forget_code(target, a_code);
	// An address that was given to another object is trusted far later.
	assert_int_equal(count_reads(target, 72), READS_ENOUGH_REUSED);
	python_target_destroy(target);
}

static void test_code_reused(void **state)
{
	struct python_target *target = target_create();

	(void)state;
	python_target_learn_code(target, a_code, 70);
	python_target_learn_code(target, a_code, 72);
	assert_int_equal(count_reads(target, 72), READS_ENOUGH_REUSED - 1);
	for (uint64_t i = 0; i < 10; i++)
		python_target_learn_code(target, a_code, 100 + 2 * i);
	assert_true(count_reads(target, 118) > READS_ENOUGH_REUSED);
	python_target_destroy(target);
}

static void test_names(void **state)
{
	struct python_target *target = target_create();

	(void)state;
	python_target_learn_names(target, a_code, 70);
	assert_false(python_target_has_names(target, a_code, 70));
	python_target_learn_code(target, a_code, 70);
	assert_false(python_target_has_names(target, a_code, 70));
	python_target_learn_names(target, a_code, 70);
	assert_true(python_target_has_names(target, a_code, 70));
	python_target_learn_code(target, a_code, 70);
	assert_true(python_target_has_names(target, a_code, 70));
	// The names of one object are not those of the next.
	python_target_learn_code(target, a_code, 72);
	assert_false(python_target_has_names(target, a_code, 72));
	python_target_learn_names(target, a_code, 70);
	assert_false(python_target_has_names(target, a_code, 70));
	python_target_learn_names(target, a_code, 72);
	python_target_forget_code(target, a_code);
	assert_false(python_target_has_names(target, a_code, 72));
	python_target_destroy(target);
}

static void test_young(void **state)
{
	struct python_target *target = target_create();

	(void)state;
	assert_true(python_target_is_young(target, 5 * NS_PER_SEC));
	assert_true(python_target_is_young(target, 5 * NS_PER_SEC - 1));
	assert_true(python_target_is_young(target, 5 * NS_PER_SEC + NS_PER_MS));
	assert_false(python_target_is_young(target, 6 * NS_PER_SEC));
	python_target_destroy(target);
}

// What is learned last is known, however full the table is.
static void test_code_full(void **state)
{
	struct python_target *target = target_create();
	unsigned int known = 0;

	(void)state;
	for (uint64_t i = 1; i <= 2 * PYTHON_CODE_SLOTS; i++) {
		learn_well(target, i * 0x1a0);
		assert_true(is_enough(target, i * 0x1a0));
	}
	for (uint64_t i = 1; i <= 2 * PYTHON_CODE_SLOTS; i++)
		known += is_enough(target, i * 0x1a0);
	assert_true(known > PYTHON_CODE_SLOTS / 2);
	assert_true(known <= PYTHON_CODE_SLOTS);
	python_target_destroy(target);
}

// A program of some thousand code objects must not lose any of them.
static void test_code_spread(void **state)
{
	struct python_target *target = target_create();
	unsigned int lost = 0;

	(void)state;
	for (uint64_t i = 1; i <= PYTHON_CODE_SLOTS / 4; i++)
		learn_well(target, 0x7f1234000000 + i * 0x150);
	for (uint64_t i = 1; i <= PYTHON_CODE_SLOTS / 4; i++)
		lost += !is_enough(target, 0x7f1234000000 + i * 0x150);
	assert_true(lost <= 4);
	python_target_destroy(target);
}

static void test_thread(void **state)
{
	struct python_target *target = target_create();
	struct python_thread_slot slot;

	(void)state;
	assert_false(python_target_find_thread(target, 77, &slot));
	python_target_learn_thread(target, 77, 0x1000, 5);
	python_target_learn_thread(target, 77, 0x2000, 6);
	assert_true(python_target_find_thread(target, 77, &slot));
	assert_int_equal(slot.state, 0x2000);
	assert_int_equal(slot.found_ns, 6);
	python_target_forget_thread(target, 77);
	assert_false(python_target_find_thread(target, 77, &slot));
	python_target_learn_thread(target, 0, 0x2000, 6);
	assert_false(python_target_find_thread(target, 0, &slot));
	python_target_destroy(target);
}

// What is known of a thread's pthread_self() holds for that thread alone.
static void test_self(void **state)
{
	const uint64_t self = 0x7f1234567700, other = 0x7f1234569700;
	struct python_target *target = target_create();
	struct python_thread_slot slot;

	(void)state;
	python_target_learn_self(target, 77, self); // nobody knows it
	assert_false(python_target_find_thread(target, 77, &slot));
	python_target_learn_thread(target, 77, 0x1000, 5);
	assert_true(python_target_find_thread(target, 77, &slot));
	assert_false(python_thread_is_self(&slot, 77, self));
	python_target_learn_self(target, 77, self);
	assert_true(python_target_find_thread(target, 77, &slot));
	assert_true(python_thread_is_self(&slot, 77, self));
	assert_false(python_thread_is_self(&slot, 77, other));
	assert_false(python_thread_is_self(&slot, 78, self));
	// Another state of the same thread.
	python_target_learn_thread(target, 77, 0x2000, 6);
	assert_true(python_target_find_thread(target, 77, &slot));
	assert_true(python_thread_is_self(&slot, 77, self));
	// A later thread of that number.
	python_target_forget_thread(target, 77);
	python_target_learn_thread(target, 77, 0x1000, 7);
	assert_true(python_target_find_thread(target, 77, &slot));
	assert_false(python_thread_is_self(&slot, 77, self));
	python_target_destroy(target);
}

static void test_thread_full(void **state)
{
	struct python_target *target = target_create();
	struct python_thread_slot slot;

	(void)state;
	for (uint32_t tid = 1; tid <= 3 * PYTHON_THREAD_SLOTS; tid++) {
		python_target_learn_thread(target, tid, tid * 8, tid);
		assert_true(python_target_find_thread(target, tid, &slot));
		assert_int_equal(slot.state, tid * 8);
	}
	python_target_destroy(target);
}

static void test_run(void **state)
{
	struct python_target *target = target_create();

	(void)state;
	assert_int_equal(python_target_find_run(target, 0x7f0000004000), 0);
	python_target_learn_run(target, 0x7f0000004000, 0x7fd8);
	assert_int_equal(python_target_find_run(target, 0x7f0000004000),
			 0x8000);
	assert_int_equal(python_target_find_run(target, 0x7f0000005000), 0);
	// Chunks are whole pages; anything else is somebody's garbage.
	python_target_learn_run(target, 0x7f0000004008, 0x1000);
	assert_int_equal(python_target_find_run(target, 0x7f0000004008), 0);
	python_target_learn_run(target, 0x7f0000004000, SIZE_MAX / 2);
	assert_int_equal(python_target_find_run(target, 0x7f0000004000),
			 0x8000);
	python_target_destroy(target);
}

struct worker {
	pthread_t thread;
	struct python_target *target;
	uint64_t seed;
	unsigned int foreign; // hints that were never anyone's
};

// Capture threads insert and the worker forgets at once: a hint may be stale,
// yet it is always something that somebody wrote for some thread.
static void *hammer(void *context)
{
	struct worker *worker = context;
	struct python_thread_slot slot;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint32_t tid = 1 + (i * 7 + (uint32_t)worker->seed) % 2048;

		python_target_learn_thread(worker->target, tid, tid * 8, i);
		python_target_learn_code(worker->target, tid * 16, i % 7);
		python_target_learn_names(worker->target, tid * 16, i % 7);
		if (python_target_find_thread(worker->target, tid + 1, &slot))
			worker->foreign += slot.state % 8 != 0;
		if (i % 3 == 0)
			python_target_forget_thread(worker->target, tid);
		if (i % 5 == 0)
			python_target_forget_code(worker->target, tid * 16);
	}
	return NULL;
}

static void test_concurrent(void **state)
{
	struct python_target *target = target_create();
	struct worker workers[WORKERS] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i].target = target;
		workers[i].seed = i * 31;
		assert_int_equal(pthread_create(&workers[i].thread, NULL,
						hammer, &workers[i]),
				 0);
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].foreign, 0);
	}
	python_target_destroy(target);
}

// A container's threads have numbers of their own there.
static void knows_threads_by_another_number(void **state)
{
	struct python_target *target = target_create();

	(void)state;
	assert_int_equal(python_target_inside(target, 4711), 4711);
	target->namespaced = true;
	assert_int_equal(python_target_inside(target, 4711), 0);
	for (uint32_t tid = 4711; tid < 4711 + 600; tid++)
		python_target_set_alias(target, tid, tid - 4710);
	for (uint32_t tid = 4711; tid < 4711 + 600; tid++)
		assert_int_equal(python_target_inside(target, tid), tid - 4710);
	assert_int_equal(python_target_outside(target, 17), 4727);
	assert_int_equal(python_target_outside(target, 4711), 0);
	python_target_set_alias(target, 4727, 18);
	assert_int_equal(python_target_inside(target, 4727), 18);
	assert_int_equal(python_target_outside(target, 17), 0);
	python_target_destroy(target);
}

// Whose bucket is full gets the place of another, never its number.
static void drops_numbers_when_full(void **state)
{
	struct python_target *target = target_create();
	unsigned int known = 0;

	(void)state;
	target->namespaced = true;
	for (uint32_t tid = 1; tid <= 2 * PYTHON_ALIAS_SLOTS; tid++)
		python_target_set_alias(target, tid, tid + 7);
	for (uint32_t tid = 1; tid <= 2 * PYTHON_ALIAS_SLOTS; tid++) {
		uint32_t inside = python_target_inside(target, tid);

		assert_true(!inside || inside == tid + 7);
		known += inside != 0;
	}
	assert_int_equal(known, PYTHON_ALIAS_SLOTS);
	python_target_destroy(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_code_reused),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_young),
		cmocka_unit_test(test_code_full),
		cmocka_unit_test(test_code_spread),
		cmocka_unit_test(test_thread),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_thread_full),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_concurrent),
		cmocka_unit_test(knows_threads_by_another_number),
		cmocka_unit_test(drops_numbers_when_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
