// SPDX-License-Identifier: Apache-2.0
#include "tests/cmocka.h"
#include "unwind/python/layout.h"

static void test_find(void **state)
{
	(void)state;
	assert_string_equal(python_layout_find(0x03060ff0, false)->name, "3.6");
	assert_string_equal(python_layout_find(0x030a0df0, false)->name, "3.10");
	assert_string_equal(python_layout_find(0x030b02f0, false)->name, "3.11");
	assert_string_equal(python_layout_find(0x030b07f0, false)->name, "3.11");
	assert_string_equal(python_layout_find(0x030c01f0, false)->name, "3.12");
	assert_string_equal(python_layout_find(0x030d00f0, false)->name, "3.13");
	assert_string_equal(python_layout_find(0x030d12f0, false)->name, "3.13");
	assert_string_equal(python_layout_find(0x030d0ff0, true)->name, "3.13t");
	assert_string_equal(python_layout_find(0x030e0af0, false)->name, "3.14");
	assert_null(python_layout_find(0x030e0af0, true));
	assert_string_equal(python_layout_find(0x030f02f0, false)->name, "3.15");
}

static void test_refuses(void **state)
{
	(void)state;
	assert_null(python_layout_find(0x030512f0, false));
	assert_null(python_layout_find(0x031000f0, false));
	assert_null(python_layout_find(0x040c01f0, false));
	assert_null(python_layout_find(0, false));
	// 3.13.0a1, 3.13.0b2 and 3.13.0rc3.
	assert_null(python_layout_find(0x030d00a1, false));
	assert_null(python_layout_find(0x030d00b2, false));
	assert_null(python_layout_find(0x030d00c3, false));
}

// Code reads members out of the first `size` bytes without further checks.
static void test_members_fit(void **state)
{
	const struct python_layout *layout;
	unsigned int i;

	(void)state;
	for (i = 0; (layout = python_layout_at(i)); i++) {
		bool cframe = layout->chain == PYTHON_CHAIN_IS_ENTRY ||
			      layout->chain == PYTHON_CHAIN_CFRAME;

		if (layout->chain == PYTHON_CHAIN_OBJECTS)
			continue;

		assert_true(layout->thread.chunk_top + 8 <=
			    layout->thread.size);
		assert_true(layout->thread.native_thread_id + 8 <=
			    layout->thread.size);
		assert_int_equal(cframe,
				 layout->thread.cframe != PYTHON_NO_OFFSET);
		assert_int_equal(!cframe, layout->thread.current_frame !=
						  PYTHON_NO_OFFSET);
		assert_true(layout->frame.instruction + 8 <=
			    layout->frame.size);
		assert_true(layout->frame.owner < layout->frame.size);
		assert_true(layout->thread.base_frame == PYTHON_NO_OFFSET ||
			    layout->thread.base_frame + layout->frame.size <=
				    layout->thread.size);
		assert_true(layout->code.first_traceable + 4 <=
			    layout->code.size);
		assert_true(layout->code.line_table + 8 <= layout->code.size);
		assert_int_equal(layout->code.bytecode, layout->code.size);
		assert_true(layout->gil.last_holder + 8 <= layout->gil.size);
		assert_true(layout->gil.locked + 4 <= layout->gil.size);
		assert_true(layout->gil.current == PYTHON_NO_OFFSET ?
			    layout->thread.status + 4 <= layout->thread.size :
			    layout->gil.current + 8 <= layout->gil.size);
		assert_true((layout->gil.runtime == PYTHON_NO_OFFSET) !=
			    (layout->gil.interpreter == PYTHON_NO_OFFSET));
	}
	assert_int_equal(i, 11);
	assert_null(python_layout_at(11));
}

// The same for versions whose frames are objects.
static void test_object_members_fit(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PYTHON_LAYOUT_OBJECTS; i++) {
		const struct python_layout *layout = &python_layout_objects[i];

		assert_int_equal(layout->chain, PYTHON_CHAIN_OBJECTS);
		assert_true(layout->thread.thread_id + 8 <=
			    layout->thread.size);
		assert_true(layout->thread.current_frame + 8 <=
			    layout->thread.size);
		assert_true(layout->frame.code + 8 <= layout->frame.size);
		assert_int_equal(layout->frame.instruction + 4,
				 layout->frame.size);
		assert_true(layout->code.line_table + 8 <= layout->code.size);
		assert_int_equal(layout->gil.locked, PYTHON_NO_OFFSET);
		assert_int_equal(layout->gil.size, i ? 8 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_members_fit),
		cmocka_unit_test(test_object_members_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
