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
	assert_int_equal(freeze(image, 98), SNAPSHOT_NO_THREAD);
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

static void test_thread_list_cycle(void **state)
{
	struct image *image = image_create();

	(void)state;
	put_state(image, STATE_2, STATE_2, OTHER_TID);
	assert_int_equal(freeze(image, TID), SNAPSHOT_NO_THREAD);
	assert_true(image->snapshot->reads < 80);
	image_destroy(image);
}

// 128 states: more than one capture may walk, so a later one goes on.
static void test_long_thread_list(void **state)
{
	struct image *image = image_create();
	uint64_t base = FAKE_MEMORY_BASE + 0x12000;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		put_state(image, base + i * 0x200, base + (i + 1) * 0x200,
			  1000 + i);
	put_state(image, base + 100 * 0x200, 0, 77);
	fake_put_u64(&image->memory,
		     INTERPRETER + image->layout->interpreter.threads_head,
		     base);
	assert_int_equal(freeze(image, 77), SNAPSHOT_NO_THREAD);
	assert_int_equal(image->snapshot->thread_state, 0);
	freeze(image, 77);
	assert_int_equal(image->snapshot->thread_state, base + 100 * 0x200);
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
		if (capacity < image->layout->thread.size)
			assert_int_equal(status, SNAPSHOT_NO_THREAD);
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
		cmocka_unit_test(test_no_thread),
		cmocka_unit_test(test_unbound_thread),
		cmocka_unit_test(test_thread_list_cycle),
		cmocka_unit_test(test_long_thread_list),
		cmocka_unit_test(test_damage),
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
