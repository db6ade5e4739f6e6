// SPDX-License-Identifier: Apache-2.0
/* The lock of a frozen interpreter, and memory that is left alone. */
#include "tests/cmocka.h"
#include "tests/unwind/python/fake_image.h"
#include "unwind/python/gil.h"

// The older chunk lies in a file that may never come; the rest is kept.
static void test_hanging(void **state)
{
	struct image *image = image_create();

	(void)state;
	guarded_ranges_add(&image->target->hanging, CHUNK_OLD, CHUNK_OLD + 64);
	image->memory.reads = 0;
	assert_int_equal(freeze(image, TID), SNAPSHOT_MAY_HANG);
	assert_true(holds(image, CHUNK, 0x200));
	assert_false(holds(image, CHUNK_OLD, 0x18));
	image_destroy(image);
}

static void put_gil(struct image *image, uint64_t holder, uint32_t locked,
		    bool active)
{
	const struct python_layout *layout = image->layout;

	fake_put_u64(&image->memory, INTERPRETER + layout->gil.interpreter, GIL);
	fake_put_u64(&image->memory, GIL + layout->gil.last_holder, holder);
	fake_put_u32(&image->memory, GIL + layout->gil.locked, locked);
	fake_put_u32(&image->memory, STATE + layout->thread.status,
		     active ? layout->thread.status_mask : 0);
}

static void test_gil(void **state)
{
	static const struct {
		uint64_t holder;
		uint32_t locked;
		bool active;
		enum python_gil_state state;
		uint32_t holder_tid;
	} cases[] = {
		{ STATE, 1, true, PYTHON_GIL_HELD, 0 },
		{ STATE_2, 1, false, PYTHON_GIL_TAKEN, OTHER_TID },
		{ STATE_2, 0, false, PYTHON_GIL_FREE, 0 },
		{ STATE, 0, false, PYTHON_GIL_FREE, 0 },
		// Just taking it, or just dropping it.
		{ STATE, 1, false, PYTHON_GIL_FREE, 0 },
		// Another one has taken it and not signed for it yet.
		{ NOWHERE, 1, false, PYTHON_GIL_TAKEN, 0 },
		{ 0, 1, false, PYTHON_GIL_TAKEN, 0 },
		{ STATE, UINT32_MAX, true, PYTHON_GIL_FREE, 0 },
	};
	struct image *image = image_create();
	struct python_layout asks = *image->layout;
	struct python_gil gil;

	(void)state;
	// As without a lock, in the free-threaded build.
	asks.thread.status_is_lock = false;
	image->layout = image->target->layout = &asks;
	// Without a lock the snapshot is whole all the same.
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	gil = python_gil_of(image->layout, image->snapshot);
	assert_int_equal(gil.state, PYTHON_GIL_UNKNOWN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_gil(image, cases[i].holder, cases[i].locked,
			cases[i].active);
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
		gil = python_gil_of(image->layout, image->snapshot);
		assert_int_equal(gil.state, cases[i].state);
		assert_int_equal(gil.holder_tid, cases[i].holder_tid);
	}
	image->snapshot->piece_count = 1;
	gil = python_gil_of(image->layout, image->snapshot);
	assert_int_equal(gil.state, PYTHON_GIL_UNKNOWN);
	image_destroy(image);
}

// Who says that it has the lock is believed, where there is only one.
static void test_told(void **state)
{
	struct image *image = image_create();
	struct python_gil gil;

	(void)state;
	put_gil(image, STATE_2, 1, true);
	for (int i = 0; i < WARM_UP; i++)
		assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	gil = python_gil_of(image->layout, image->snapshot);
	assert_int_equal(gil.state, PYTHON_GIL_HELD);
	assert_null(snapshot_find(image->snapshot, SNAPSHOT_GIL));
	put_gil(image, STATE_2, 1, false);
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	gil = python_gil_of(image->layout, image->snapshot);
	assert_int_equal(gil.state, PYTHON_GIL_TAKEN);
	// The bit is set before its lock is taken, where there are several.
	put_gil(image, STATE_2, 1, true);
	image->target->several = true;
	assert_int_equal(freeze(image, TID), SNAPSHOT_OK);
	gil = python_gil_of(image->layout, image->snapshot);
	assert_int_equal(gil.state, PYTHON_GIL_TAKEN);
	image_destroy(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gil),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_hanging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
