// SPDX-License-Identifier: Apache-2.0
/*
 * Freezing interpreters that do not exist: each image is a small, sound 3.12
 * process that a test then spoils.
 */
#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/unwind/python/fake_image.h"

#include <stdlib.h>
#include <string.h>

static void test_whole(void **state)
{
	struct image *image = image_create();

	(void)state;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	assert_int_equal(image->snapshot->thread_found_ns, NOW_NS);
	assert_true(holds(image, STATE, image->layout->thread.size));
	assert_true(holds(image, CHUNK, 0x200));
	assert_true(holds(image, CHUNK_OLD, 0x818));
	assert_true(holds(image, GENERATOR, image->layout->frame.size));
	assert_true(holds(image, CODE, image->layout->code.size));
	// Both states were met on the way: from now on there is no walk. Heads
	// of code objects are read a few times, and while the program starts.
	image->now_ns += NS_PER_SEC;
	for (unsigned int i = 0; i < WARM_UP; i++)
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->reads, 5);
	assert_false(holds(image, CODE, image->layout->code.size));
	image_destroy(image);
}

static void test_stale_thread(void **state)
{
	struct image *image = image_create();

	(void)state;
	python_target_learn_thread(image->target, TID, STATE_2, 1);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	python_target_learn_thread(image->target, TID, NOWHERE, 1);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	python_target_learn_thread(image->target, TID, 7 << 20 | 5, 1);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	image_destroy(image);
}

#define INTERPRETER_2 (FAKE_MEMORY_BASE + 0x12000)
#define STATE_3 (FAKE_MEMORY_BASE + 0x13000)

// A newer interpreter, in which the thread has a state as well.
static void put_second_interpreter(struct image *image)
{
	const struct python_layout *layout = image->layout;

	fake_put_u64(&image->memory,
		     RUNTIME + layout->runtime.interpreters_head,
		     INTERPRETER_2);
	fake_put_u64(&image->memory, INTERPRETER_2 + layout->interpreter.next,
		     INTERPRETER);
	fake_put_u64(&image->memory,
		     INTERPRETER_2 + layout->interpreter.threads_head, STATE_3);
	put_state(image, STATE_3, 0, TID);
	fake_put_u64(&image->memory, STATE_3 + layout->thread.interpreter,
		     INTERPRETER_2);
	// No frames: what it names is a part of itself.
	fake_put_u64(&image->memory, STATE_3 + layout->thread.cframe,
		     STATE_3 + 272);
}

#define CHUNK_3 (FAKE_MEMORY_BASE + 0x14000)

// An activation of that one, further in.
static void put_inner_chain(struct image *image)
{
	const struct python_layout *layout = image->layout;

	put_frame(image, CHUNK_3 + 0x40, STACK + 0x20, CODE, 0);
	put_frame(image, STACK + 0x20, 0, CODE, 3);
	put_chunk(image, CHUNK_3, 0, 0);
	fake_put_u64(&image->memory, STATE_3 + layout->thread.chunk, CHUNK_3);
	fake_put_u64(&image->memory, STATE_3 + layout->thread.chunk_top,
		     CHUNK_3 + 0x100);
	fake_put_u64(&image->memory, STATE_3 + layout->thread.cframe,
		     STACK + 0x80);
	fake_put_u64(&image->memory, STACK + 0x80, CHUNK_3 + 0x40);
	fake_put_u64(&image->memory, STACK + 0x88, STATE_3 + 272);
}

static void test_several_interpreters(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;

	(void)state;
	put_second_interpreter(image);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	assert_false(holds(image, STATE_3, 64));
	// Frames in both: both are read, and what they link to.
	put_inner_chain(image);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE_3);
	assert_true(holds(image, STATE, layout->thread.size));
	assert_true(holds(image, STATE_3, layout->thread.size));
	assert_true(holds(image, CHUNK_OLD + 0x40, layout->frame.size));
	assert_true(holds(image, CHUNK_3 + 0x40, layout->frame.size));
	// It runs that which has the lock.
	fake_put_u64(&image->memory, STATE + layout->thread.status,
		     layout->thread.status_mask);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	assert_true(holds(image, STATE_3, layout->thread.size));
	image_destroy(image);
}

// A second interpreter came since that was looked at, and the thread runs it.
static void test_interpreter_just_made(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;
	uint64_t status = STATE + layout->thread.status;

	(void)state;
	fake_put_u32(&image->memory, status, layout->thread.status_mask);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	put_second_interpreter(image);
	put_inner_chain(image);
	// As long as the state that is known runs it is taken for the only one.
	image->now_ns += 3 * 1000 * 1000;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_false(holds(image, STATE_3, layout->thread.size));
	fake_put_u32(&image->memory, status, 0);
	fake_put_u32(&image->memory, STATE_3 + layout->thread.status,
		     layout->thread.status_mask);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE_3);
	assert_true(holds(image, STATE, layout->thread.size));
	assert_true(holds(image, CHUNK_3 + 0x40, layout->frame.size));
	image_destroy(image);
}

// In this very moment, when the state that is known has no frames, whether it
// runs or not.
static void test_interpreter_made_this_moment(void **state)
{
	static const bool runs[] = { false, true };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct image *image = image_create();
		const struct python_layout *layout = image->layout;

		fake_put_u64(&image->memory, STATE + layout->thread.cframe,
			     STATE + 272);
		fake_put_u32(&image->memory, STATE + layout->thread.status,
			     runs[i] ? layout->thread.status_mask : 0);
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
		put_second_interpreter(image);
		put_inner_chain(image);
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
		assert_true(holds(image, STATE_3, layout->thread.size));
		assert_true(holds(image, CHUNK_3 + 0x40, layout->frame.size));
		image_destroy(image);
	}
}

// That a thread has nothing running costs one more read; and is not said when
// that fails.
static void test_doubt_of_interpreters(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;

	(void)state;
	fake_put_u32(&image->memory, STATE + layout->thread.status,
		     layout->thread.status_mask);
	fake_put_u64(&image->memory, STATE + layout->thread.cframe,
		     STATE + 272);
	fake_put_u64(&image->memory, STATE + layout->thread.chunk, 0);
	freeze(image, TID);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_in_range(image->snapshot->reads, 1, 3);
	fake_put_u64(&image->memory,
		     RUNTIME + layout->runtime.interpreters_head, NOWHERE);
	assert_int_equal(freeze(image, TID), SNAPSHOT_SEARCH_CUT);
	image_destroy(image);
}

// exec() of 3.12 takes the first state of an interpreter, whoever made it.
static void test_borrowed_state(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;

	(void)state;
	put_second_interpreter(image);
	put_inner_chain(image);
	fake_put_u64(&image->memory, STATE_3 + layout->thread.native_thread_id,
		     OTHER_TID);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE_3);
	assert_true(holds(image, STATE, layout->thread.size));
	// The thread that made it does not run it: its own stack begins before.
	fake_put_u64(&image->memory, STATE_2 + layout->thread.thread_id,
		     STACK + 0x70);
	fake_put_u64(&image->memory, STATE_3 + layout->thread.thread_id,
		     STACK + 0x70);
	freeze(image, OTHER_TID);
	assert_false(holds(image, STATE_3, layout->thread.size));
	image_destroy(image);
}

// The one state of a thread that runs is found again without the lists.
static void test_alone_among_interpreters(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;

	(void)state;
	put_second_interpreter(image);
	fake_put_u64(&image->memory, STATE + layout->thread.status,
		     layout->thread.status_mask);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	fake_put_u64(&image->memory,
		     INTERPRETER + layout->interpreter.threads_head, NOWHERE);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(image->snapshot->thread_state, STATE);
	image->now_ns += 60 * 1000 * 1000;
	freeze(image, TID);
	assert_int_not_equal(image->snapshot->thread_state, STATE);
	image_destroy(image);
}

/** Spoils one word and says what must become of it. */
struct damage {
	const char *name;
	uint64_t vaddr;
	uint64_t value;
	enum snapshot_status status;
};

static void test_damage(void **state)
{
	static const struct damage damages[] = {
		{ "chunk null", STATE + 232, 0, SNAPSHOT_OK },
		{ "chunk wild", STATE + 232, 0x1234567, SNAPSHOT_BROKEN },
		{ "chunk unmapped", STATE + 232, NOWHERE, SNAPSHOT_BROKEN },
		{ "top wild", STATE + 240, NOWHERE, SNAPSHOT_UNREADABLE },
		{ "top below", STATE + 240, CHUNK - 8, SNAPSHOT_BROKEN },
		{ "top at chunk", STATE + 240, CHUNK, SNAPSHOT_BROKEN },
		{ "top huge", STATE + 240, CHUNK + (1 << 30),
		  SNAPSHOT_UNREADABLE },
		{ "older chunk wild", CHUNK, 3, SNAPSHOT_BROKEN },
		{ "older chunk unmapped", CHUNK, NOWHERE,
		  SNAPSHOT_UNREADABLE },
		{ "chunk cycle", CHUNK, CHUNK, SNAPSHOT_BROKEN },
		{ "older chunk huge", CHUNK_OLD + 16, UINT64_MAX,
		  SNAPSHOT_BROKEN },
		{ "older chunk full", CHUNK_OLD + 16, 0x4000 / 8,
		  SNAPSHOT_OK },
		{ "older chunk empty", CHUNK_OLD + 16, 0, SNAPSHOT_OK },
		{ "frame cycle", CHUNK_OLD + 0x48, CHUNK + 0x100,
		  SNAPSHOT_BROKEN },
		{ "frame self", CHUNK + 0x108, CHUNK + 0x100,
		  SNAPSHOT_BROKEN },
		{ "frame odd", CHUNK + 0x108, CHUNK + 0x41, SNAPSHOT_BROKEN },
		{ "frame unmapped", CHUNK + 0x108, NOWHERE,
		  SNAPSHOT_UNREADABLE },
		{ "code null", CHUNK + 0x40, 0, SNAPSHOT_BROKEN },
		{ "code odd", CHUNK + 0x40, CODE + 4, SNAPSHOT_BROKEN },
		{ "code unmapped", CHUNK + 0x40, NOWHERE,
		  SNAPSHOT_UNREADABLE },
		{ "code of another type", CODE + 8, STATE, SNAPSHOT_OK },
		{ "cframe null", STATE + 56, 0, SNAPSHOT_BROKEN },
		{ "cframe unmapped", STATE + 56, NOWHERE,
		  SNAPSHOT_UNREADABLE },
		{ "cframe cycle", STACK + 0x108, STACK + 0x100,
		  SNAPSHOT_BROKEN },
		{ "cframe root", STATE + 56, STATE + 272, SNAPSHOT_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct image *image = image_create();
		enum snapshot_status status;

		fake_put_u64(&image->memory, damages[i].vaddr,
			     damages[i].value);
		status = freeze(image, TID);
		if (status != damages[i].status)
			print_message("%s: %s\n", damages[i].name,
				      snapshot_status_name(status));
		assert_int_equal(status, damages[i].status);
		image_destroy(image);
	}
}

// Of as many words that with its head they are a few bytes again.
static void test_chunk_around_all_memory(void **state)
{
	struct image *image = image_create();

	(void)state;
	fake_put_u64(&image->memory, CHUNK_OLD + 8, UINT64_MAX);
	fake_put_u64(&image->memory, CHUNK_OLD + 16, UINT64_MAX / 8);
	assert_int_equal(freeze(image, TID), SNAPSHOT_BROKEN);
	image_destroy(image);
}

// Another kind of object is captured, and again the next time.
static void test_code_not_learned(void **state)
{
	struct image *image = image_create();

	(void)state;
	fake_put_u64(&image->memory, CODE + 8, STATE);
	freeze(image, TID);
	assert_int_equal(python_target_code_need(image->target, CODE),
			 PYTHON_CODE_NEW);
	image_destroy(image);
}

static void put_str(struct image *image, uint64_t vaddr, const char *text)
{
	const struct python_layout *layout = image->layout;

	fake_put_u64(&image->memory, vaddr + layout->text.length, strlen(text));
	fake_put_u32(&image->memory, vaddr + layout->text.state,
		     1u << 2 | 1u << 5 | 1u << 6); // one byte, compact, ASCII
	fake_put(&image->memory, vaddr + layout->text.ascii_data, text,
		 strlen(text));
}

// Its strings follow it; the file's name lies across the end of a page.
static void put_names(struct image *image, const char *name)
{
	const struct python_layout *layout = image->layout;
	uint64_t file = CODE + 0x1000 - layout->text.ascii_data - 8;

	fake_put_u64(&image->memory, CODE + layout->code.unit_count, 8);
	fake_put_u32(&image->memory, CODE + layout->code.frame_words, 12);
	fake_put_u32(&image->memory, CODE + layout->code.version, 5);
	fake_put_u64(&image->memory, CODE + layout->code.name, CODE + 0x200);
	fake_put_u64(&image->memory, CODE + layout->code.qualified_name,
		     CODE + 0x200);
	fake_put_u64(&image->memory, CODE + layout->code.file_name, file);
	fake_put_u64(&image->memory, CODE + layout->code.line_table,
		     CODE + 0x300);
	put_str(image, CODE + 0x200, name);
	put_str(image, file, "/srv/eggs.py");
	fake_put_u64(&image->memory, CODE + 0x300 + layout->bytes.size, 5);
}

static unsigned int count_text(const struct snapshot *snapshot)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < snapshot->piece_count; i++)
		count += snapshot->piece[i].kind == SNAPSHOT_TEXT;
	return count;
}

static void test_names(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;
	char text[64];

	(void)state;
	put_names(image, "spam");
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	// Name and qualified name are one.
	assert_int_equal(count_text(image->snapshot), 3);
	assert_int_equal(snapshot_read_text(
				 image->snapshot,
				 CODE + 0x200 + layout->text.ascii_data, text,
				 sizeof(text)),
			 4);
	assert_memory_equal(text, "spam", 4);
	assert_int_equal(snapshot_read_text(image->snapshot, CODE, text, 8),
			 -1);
	// Once is enough, until another object is there.
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(count_text(image->snapshot), 0);
	fake_put_u32(&image->memory, CODE + layout->code.version, 6);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(count_text(image->snapshot), 3);
	// Without a version only the names tell.
	fake_put_u32(&image->memory, CODE + layout->code.version, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
		assert_int_equal(count_text(image->snapshot), 3);
	}
	image_destroy(image);
}

// Unreadable names, or absurd ones, do no harm, and are tried again.
static void test_bad_names(void **state)
{
	struct image *image = image_create();
	const struct python_layout *layout = image->layout;

	(void)state;
	put_names(image, "spam");
	fake_put_u64(&image->memory, CODE + layout->code.file_name, NOWHERE);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	put_names(image, "spam");
	fake_put_u64(&image->memory, CODE + 0x300 + layout->bytes.size,
		     UINT64_MAX - 8);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	fake_put_u64(&image->memory, CODE + 0x300 + layout->bytes.size, 5);
	fake_put_u64(&image->memory, CODE + 0x200 + layout->text.length,
		     UINT64_MAX / 2);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(count_text(image->snapshot), 0);
	put_names(image, "spam");
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_int_equal(count_text(image->snapshot), 3);
	image_destroy(image);
}

// The new cframe is published and not filled in: what lies further out must be
// there all the same.
static void test_half_written(void **state)
{
	static const uint64_t garbage[] = { 0, 3, NOWHERE, STACK + 0x40,
					    CHUNK + 0x104 };

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct image *image = image_create();

		fake_put_u64(&image->memory, STATE + 56, STACK + 0x40);
		fake_put_u64(&image->memory, STACK + 0x40, garbage[i]);
		fake_put_u64(&image->memory, STACK + 0x48, garbage[i]);
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
		assert_true(holds(image, GENERATOR, image->layout->frame.size));
		image_destroy(image);
	}
}

// An earlier activation's cframe, in the place of one that is being entered:
// whole, and misleading. Nothing of the generator is on its chain.
static void test_entering(void **state)
{
	struct image *image = image_create();

	(void)state;
	fake_put_u64(&image->memory, STATE + 56, STACK + 0x40);
	fake_put_u64(&image->memory, STACK + 0x40, STACK + 0x200);
	fake_put_u64(&image->memory, STACK + 0x48, STATE + 272);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_false(holds(image, GENERATOR, image->layout->frame.size));
	image->pc = 0x1010;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_false(holds(image, GENERATOR, image->layout->frame.size));
	python_target_set_entry(image->target, 0x1000, 0x1020);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_true(holds(image, GENERATOR, image->layout->frame.size));
	image_destroy(image);
}

static void test_red_zone(void **state)
{
	struct image *image = image_create();

	(void)state;
	image->fp = STACK + 0x100;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_false(holds(image, STACK - 8, 8));
	image->fp = STACK - 24;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_true(holds(image, STACK - 8, 8));
	assert_true(holds(image, STACK - 128, 8));
	image_destroy(image);
}

// The page that the thread's stack grows into was not there yet to be copied.
static void test_no_stack_copy(void **state)
{
	struct image *image = image_create();

	(void)state;
	image->target->main_stack = STACK + STACK_BYTES;
	image->stack.segment[0].size = 0;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	assert_true(holds(image, STACK, STACK_BYTES));
	image_destroy(image);
}

// Whatever room there is, nothing is written beyond it.
static void test_small_room(void **state)
{
	struct image *image = image_create();
	struct snapshot *large = image->snapshot;

	(void)state;
	for (size_t capacity = 0; capacity < 0x6000; capacity += 8) {
		enum snapshot_status status;

		image->capacity = capacity;
		image->snapshot = malloc(sizeof(*large) + capacity);
		assert_non_null(image->snapshot);
		status = freeze(image, TID);
		// Too small for one state of those on the way to it.
		if (capacity < image->layout->thread.size)
			assert_int_equal(status, SNAPSHOT_SEARCH_CUT);
		else
			assert_true(status == SNAPSHOT_TOO_DEEP ||
				    status == SNAPSHOT_OK);
		free(image->snapshot);
	}
	image->snapshot = large;
	image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_stale_thread),
		cmocka_unit_test(test_several_interpreters),
		cmocka_unit_test(test_interpreter_just_made),
		cmocka_unit_test(test_interpreter_made_this_moment),
		cmocka_unit_test(test_doubt_of_interpreters),
		cmocka_unit_test(test_borrowed_state),
		cmocka_unit_test(test_alone_among_interpreters),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_chunk_around_all_memory),
		cmocka_unit_test(test_code_not_learned),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_half_written),
		cmocka_unit_test(test_entering),
		cmocka_unit_test(test_red_zone),
		cmocka_unit_test(test_no_stack_copy),
		cmocka_unit_test(test_small_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
