// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "tests/cmocka.h"

#include <errno.h>

static void carries_code_and_message(void **state)
{
	_cleanup_error_ struct error *error =
		error_create(ERROR_BAD_DATA, "row %d", 7);

	(void)state;
	assert_int_equal(error->code, ERROR_BAD_DATA);
	assert_string_equal(error->message, "row 7");
}

static void grows_context_on_its_way_up(void **state)
{
	_cleanup_error_ struct error *error = error_wrap(
		error_from_errno(EIO, "read"), "open profile '%s'", "/x/y.db");

	(void)state;
	assert_int_equal(error->code, ERROR_SYSTEM);
	assert_string_equal(error->message,
			    "open profile '/x/y.db': read: Input/output error");
}

static void tells_permission_and_absence_apart(void **state)
{
	static const struct {
		int errnum;
		enum error_code code;
	} cases[] = {
		{ EPERM, ERROR_PERMISSION }, { EACCES, ERROR_PERMISSION },
		{ ENOENT, ERROR_NOT_FOUND }, { ESRCH, ERROR_NOT_FOUND },
		{ ENOMEM, ERROR_NO_MEMORY }, { EBADF, ERROR_SYSTEM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_error_ struct error *error =
			error_from_errno(cases[i].errnum, "x");

		assert_int_equal(error->code, cases[i].code);
	}
}

static void no_memory_needs_none(void **state)
{
	struct error *error = error_wrap(&error_nomem, "while testing");

	(void)state;
	assert_ptr_equal(error, &error_nomem);
	error_destroy(error);
	assert_string_equal(error_nomem.message, "out of memory");
	assert_null(error_wrap(NULL, "nothing went wrong"));
	error_destroy(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_code_and_message),
		cmocka_unit_test(grows_context_on_its_way_up),
		cmocka_unit_test(tells_permission_and_absence_apart),
		cmocka_unit_test(no_memory_needs_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
