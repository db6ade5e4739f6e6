// SPDX-License-Identifier: Apache-2.0
/*
 * Looking for a thread's state: who is found, who has none, and who was not
 * looked for to the end.
 */
#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/unwind/python/fake_image.h"

static void test_no_thread(void **state)
{
	struct image *image = image_create();
	uint64_t interpreters =
		RUNTIME + image->layout->runtime.interpreters_head;
	uint32_t first;

	(void)state;
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	first = image->snapshot->reads;
	// Known to be absent while the list has the same head.
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	assert_int_equal(image->snapshot->reads, 2);
	assert_true(first > 2);
	put_state(image, STATE_2 + 0x200, STATE_2, 99);
	fake_put_u64(&image->memory,
		     INTERPRETER + image->layout->interpreter.threads_head,
		     STATE_2 + 0x200);
	freeze(image, 99);
	assert_int_equal(image->snapshot->thread_state, STATE_2 + 0x200);
	fake_put_u64(&image->memory, interpreters, 0);
	assert_int_equal(freeze(image, 98), SNAPSHOT_NO_RUNTIME);
	fake_put_u64(&image->memory, interpreters, NOWHERE);
	assert_int_equal(freeze(image, 98), SNAPSHOT_SEARCH_CUT);
	image->target->runtime = NOWHERE;
	assert_int_equal(freeze(image, 98), SNAPSHOT_UNREADABLE);
	image_destroy(image);
}

// A state that has no thread yet may become anyone's: nothing is remembered.
static void test_unbound_thread(void **state)
{
	struct image *image = image_create();

	(void)state;
	put_state(image, STATE_2, STATE, 0);
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	put_state(image, STATE_2, STATE, 99);
	freeze(image, 99);
	assert_int_equal(image->snapshot->thread_state, STATE_2);
	image_destroy(image);
}

// A thread that makes another one: the new state has its id, and no frames.
static void test_thread_being_made(void **state)
{
	struct image *image = image_create();
	uint64_t cframe = STATE_2 + image->layout->thread.cframe;
	struct python_layout older = *image->layout;

	(void)state;
	older.chain = PYTHON_CHAIN_IS_ENTRY; // as 3.11 does
	image->target->layout = &older;
	put_state(image, STATE_2, STATE, TID);
	fake_put_u64(&image->memory, cframe, STATE_2 + 0x40);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	// Nor does whoever is looked for on the way there say otherwise.
	freeze(image, 99);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	python_target_learn_thread(image->target, TID, STATE_2, 1);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	// There may be no other.
	put_state(image, STATE, 0, OTHER_TID);
	for (unsigned int i = 0; i < 2; i++) {
		freeze(image, TID);
		assert_int_equal(image->snapshot->thread_state, STATE_2);
	}
	image_destroy(image);
}

static void test_thread_list_cycle(void **state)
{
	struct image *image = image_create();

	(void)state;
	put_state(image, STATE_2, STATE_2, OTHER_TID);
	assert_int_equal(freeze(image, TID), SNAPSHOT_SEARCH_CUT);
	assert_true(image->snapshot->reads < 80);
	image_destroy(image);
}

#define LONG_LIST (FAKE_MEMORY_BASE + 0x12000)

static void set_head(struct image *image, uint64_t vaddr)
{
	fake_put_u64(&image->memory,
		     INTERPRETER + image->layout->interpreter.threads_head,
		     vaddr);
}

// 101 states, of threads 1000 to 1099, and of 77.
static void put_long_list(struct image *image)
{
	for (uint64_t i = 0; i < 100; i++)
		put_state(image, LONG_LIST + i * 0x200,
			  LONG_LIST + (i + 1) * 0x200, 1000 + i);
	put_state(image, LONG_LIST + 100 * 0x200, 0, 77);
	set_head(image, LONG_LIST);
}

// More than one capture may walk, so a later one goes on.
static void test_long_thread_list(void **state)
{
	struct image *image = image_create();

	(void)state;
	put_long_list(image);
	assert_int_equal(freeze(image, 77), SNAPSHOT_SEARCH_CUT);
	assert_int_equal(image->snapshot->thread_state, 0);
	freeze(image, 77);
	assert_int_equal(image->snapshot->thread_state,
			 LONG_LIST + 100 * 0x200);
	image_destroy(image);
}

// That somebody is not in it is known when its end has been reached, and nobody
// came to it meanwhile.
static void test_absent_of_long_list(void **state)
{
	struct image *image = image_create();

	(void)state;
	put_long_list(image);
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	assert_int_equal(image->snapshot->reads, 2);
	image->now_ns += NS_PER_SEC;
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	put_state(image, STATE_2, LONG_LIST, 99);
	set_head(image, STATE_2);
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	assert_int_equal(image->snapshot->thread_state, 0);
	freeze(image, 99);
	assert_int_equal(image->snapshot->thread_state, STATE_2);
	image_destroy(image);
}

// A thread's state lies where another one's was that has ended since: the list
// has the same head, and one more state was made. @made: where that is counted.
static void check_head_reused(uint32_t made, bool noticed)
{
	struct image *image = image_create();
	struct python_layout layout = *image->layout;

	layout.interpreter.threads_made = made;
	image->target->layout = &layout;
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	put_state(image, STATE_2, STATE, 99);
	if (made != PYTHON_NO_OFFSET)
		fake_put_u64(&image->memory, INTERPRETER + made, 7);
	freeze(image, 99);
	assert_int_equal(image->snapshot->thread_state, noticed ? STATE_2 : 0);
	image_destroy(image);
}

static void test_head_reused(void **state)
{
	uint32_t made = python_layout_at(1)->interpreter.threads_made;

	(void)state;
	check_head_reused(made, true);
	// Not next to the head, as from 3.7 to 3.10; and nowhere, as in 3.6.
	check_head_reused(made + 1024, true);
	check_head_reused(PYTHON_NO_OFFSET, false);
}

// The same while a long list is walked in parts.
static void test_head_reused_in_long_list(void **state)
{
	struct image *image = image_create();
	uint32_t made = image->layout->interpreter.threads_made;

	(void)state;
	put_long_list(image);
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	put_state(image, LONG_LIST, LONG_LIST + 0x200, 99);
	fake_put_u64(&image->memory, INTERPRETER + made, 7);
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	assert_int_equal(image->snapshot->thread_state, 0);
	freeze(image, 99);
	assert_int_equal(image->snapshot->thread_state, LONG_LIST);
	image_destroy(image);
}

// One without a thread in the first part may be of that thread by the second.
static void test_unbound_in_long_list(void **state)
{
	struct image *image = image_create();

	(void)state;
	put_long_list(image);
	put_state(image, LONG_LIST, LONG_LIST + 0x200, 0);
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	put_state(image, LONG_LIST, LONG_LIST + 0x200, 99);
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	freeze(image, 99);
	assert_int_equal(image->snapshot->thread_state, LONG_LIST);
	image_destroy(image);
}

// More interpreters, or states of them, than are looked at.
static void test_search_cut(void **state)
{
	struct image *image = image_create();
	uint32_t next = image->layout->interpreter.next;
	uint64_t at = FAKE_MEMORY_BASE + 0x12000;

	(void)state;
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	fake_put_u64(&image->memory, INTERPRETER + next, at);
	for (unsigned int i = 0; i < 10; i++, at += 0x1000)
		fake_put_u64(&image->memory, at + next, at + 0x1000);
	fake_put_u64(&image->memory, at - 0x1000 + next, 0);
	image->now_ns += NS_PER_SEC;
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	// Its frames are read all the same.
	assert_int_equal(freeze(image, TID), SNAPSHOT_SEARCH_CUT);
	assert_true(holds(image, CHUNK, 0x200));
	image_destroy(image);
}

// Up to 3.10 a state with frames is somebody's, also when nobody can tell whose.
static void test_frames_of_nobody(void **state)
{
	struct image *image = image_create();
	struct python_layout older = *image->layout;

	(void)state;
	older.chain = PYTHON_CHAIN_OBJECTS;
	older.thread.native_thread_id = PYTHON_NO_OFFSET;
	older.thread.current_frame = older.thread.cframe;
	image->target->layout = &older;
	assert_int_equal(freeze(image, 99), SNAPSHOT_SEARCH_CUT);
	fake_put_u64(&image->memory, STATE + older.thread.current_frame, 0);
	assert_int_equal(freeze(image, 99), SNAPSHOT_NO_THREAD);
	image_destroy(image);
}

// A thread of a container whose own number of it is not known.
static void test_unknown_alias(void **state)
{
	struct image *image = image_create();

	(void)state;
	image->target->namespaced = true;
	assert_int_equal(freeze(image, TID), SNAPSHOT_SEARCH_CUT);
	python_target_set_alias(image->target, TID + 1, TID);
	assert_int_equal(freeze(image, TID + 1), SNAPSHOT_OK);
	image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_thread),
		cmocka_unit_test(test_unbound_thread),
		cmocka_unit_test(test_thread_being_made),
		cmocka_unit_test(test_thread_list_cycle),
		cmocka_unit_test(test_long_thread_list),
		cmocka_unit_test(test_absent_of_long_list),
		cmocka_unit_test(test_head_reused),
		cmocka_unit_test(test_head_reused_in_long_list),
		cmocka_unit_test(test_unbound_in_long_list),
		cmocka_unit_test(test_search_cut),
		cmocka_unit_test(test_frames_of_nobody),
		cmocka_unit_test(test_unknown_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
