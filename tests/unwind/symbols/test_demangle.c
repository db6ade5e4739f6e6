// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/demangle.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/cmocka.h"

#include <string.h>

static void assert_readable(const char *mangled, const char *expected)
{
	_cleanup_free_ char *text = demangle(mangled);

	assert_string_equal(text, expected);
}

static void reads_cxx(void **state)
{
	(void)state;
	assert_readable("_ZN3foo3barEi", "foo::bar(int)");
	assert_readable("_ZNSt6vectorIiSaIiEE9push_backEOi",
			"std::vector<int, std::allocator<int> >"
			"::push_back(int&&)");
	assert_readable("_ZN1A1fEv.part.0", "A::f() [clone .part.0]");
	assert_readable("_ZN1A1fEv.cold", "A::f() [clone .cold]");
	assert_readable("_ZN1A1fEv@@V_1.0", "A::f()");
}

static void reads_rust(void **state)
{
	(void)state;
	assert_readable("_RNvCs15kBYyAo9fc_7mycrate7example",
			"mycrate::example");
	assert_readable("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
			"core::fmt::Write::write_fmt");
}

static void leaves_the_rest_alone(void **state)
{
	(void)state;
	assert_readable("main", "main");
	assert_readable("", "");
	assert_readable("read@@GLIBC_2.2.5", "read");
	assert_readable("read@GLIBC_2.2.5", "read");
	assert_readable("work.isra.0", "work.isra.0");
	assert_readable("_PyEval_EvalFrameDefault.cold",
			"_PyEval_EvalFrameDefault.cold");
	assert_readable("_Zgarbage", "_Zgarbage");
	assert_readable("@odd", "@odd");
	assert_readable("_Z", "_Z");
	assert_readable("_R", "_R");
	// libiberty prints an empty piece for this one.
	assert_readable("_RCs1vc_0myxeple", "_RCs1vc_0myxeple");
}

/** A function of pairs, each a pair of two of the pair before. */
static void write_pairs(char *name, int count)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	name = stpcpy(name, "_Z1fSt4pairIiiE");
	for (int i = 0; i < count; i++)
		name += sprintf(name, "S_IS%c_S%c_E", digits[i], digits[i]);
}

static void bombs_are_not_blown_up(void **state)
{
	char name[1000];
	uint64_t start = monotonic_ns();
	_cleanup_free_ char *text = NULL;

	(void)state;
	write_pairs(name, 1);
	assert_readable(name, "f(std::pair<int, int>, std::pair<std::pair<int, "
			      "int>, std::pair<int, int> >)");
	write_pairs(name, 36);
	text = demangle(name);
	assert_string_equal(text, name);
	assert_in_range(monotonic_ns() - start, 0, NS_PER_SEC);
}

static void long_names_stay_as_they_are(void **state)
{
	char name[6000] = "_Z5000";
	char *text;

	(void)state;
	memset(name + 6, 'x', 5000);
	strcpy(name + 5006, "v");
	text = demangle(name);
	assert_string_equal(text, name);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_cxx),
		cmocka_unit_test(reads_rust),
		cmocka_unit_test(leaves_the_rest_alone),
		cmocka_unit_test(bombs_are_not_blown_up),
		cmocka_unit_test(long_names_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
