// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/kallsyms.h"

#include "tests/cmocka.h"

#include <string.h>

static struct kallsyms *load(const char *text)
{
	char path[] = "/tmp/brindle-kallsyms-XXXXXX";
	int fd = mkstemp(path);
	struct kallsyms *symbols = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_null(kallsyms_load(path, &symbols));
	unlink(path);
	return symbols;
}

static const char text[] =
	"0000000000004000 D fixed_percpu_data\n"
	"ffffffff81000200 t second\n"
	"ffffffff81000000 T first\n"
	"ffffffff81000000 T first_alias\n"
	"ffffffff810001f0 t __pfx_second\n"
	"ffffffff81000300 W weak\n"
	"ffffffff81000380 D data\n"
	"ffffffff81000400 T _etext\n"
	"garbage\n"
	"ffffffffzz t nothex\n"
	"ffffffffc0a1b000 t ext4_begin\t[ext4]\n"
	"ffffffffc0a1b100 t ext4_end\t[ext4]\n"
	"ffffffffc0b00000 t xfs_one\t[xfs]";

static void assert_named(const struct kallsyms *symbols, uint64_t address,
			 const char *name, const char *module)
{
	const char *found_module = NULL;

	assert_string_equal(kallsyms_find(symbols, address, &found_module),
			    name);
	assert_string_equal(found_module, module);
}

static void finds_functions_and_their_modules(void **state)
{
	struct kallsyms *symbols = load(text);

	(void)state;
	assert_int_equal(kallsyms_count(symbols), 7);
	assert_named(symbols, 0xffffffff81000000, "first", "");
	assert_named(symbols, 0xffffffff810001ff, "first", "");
	assert_named(symbols, 0xffffffff81000200, "second", "");
	assert_named(symbols, 0xffffffff810003ff, "weak", "");
	assert_named(symbols, 0xffffffffc0a1b0ff, "ext4_begin", "ext4");
	assert_named(symbols, 0xffffffffc0b00010, "xfs_one", "xfs");
	kallsyms_destroy(symbols);
}

static void names_nothing_outside_of_code(void **state)
{
	struct kallsyms *symbols = load(text);

	(void)state;
	assert_null(kallsyms_find(symbols, 0, NULL));
	assert_null(kallsyms_find(symbols, 0x4000, NULL));
	assert_null(kallsyms_find(symbols, 0xffffffff80ffffff, NULL));
	assert_null(kallsyms_find(symbols, 0xffffffff81000400, NULL));
	assert_null(kallsyms_find(symbols, 0xffffffffc0a1b100 + (256 << 10),
				  NULL));
	assert_null(kallsyms_find(symbols, UINT64_MAX, NULL));
	kallsyms_destroy(symbols);
}

static void hidden_addresses_make_no_symbols(void **state)
{
	struct kallsyms *symbols = load("0000000000000000 T first\n"
					"0000000000000000 t second\n");

	(void)state;
	assert_int_equal(kallsyms_count(symbols), 0);
	assert_null(kallsyms_find(symbols, 0, NULL));
	assert_null(kallsyms_find(symbols, 0xffffffff81000000, NULL));
	kallsyms_destroy(symbols);
}

static void a_missing_file_is_an_error(void **state)
{
	struct kallsyms *symbols = NULL;
	struct error *error = kallsyms_load("/nonexistent/x", &symbols);

	(void)state;
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
}

static void reads_this_kernel(void **state)
{
	_cleanup_error_ struct error *error = NULL;
	struct kallsyms *symbols = NULL;

	(void)state;
	error = kallsyms_load("/proc/kallsyms", &symbols);
	if (error) {
		print_message("%s\n", error->message);
		skip();
	}
	// None where addresses are hidden, else tens of thousands.
	if (kallsyms_count(symbols))
		assert_in_range(kallsyms_count(symbols), 5000, 2000000);
	kallsyms_destroy(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_functions_and_their_modules),
		cmocka_unit_test(names_nothing_outside_of_code),
		cmocka_unit_test(hidden_addresses_make_no_symbols),
		cmocka_unit_test(a_missing_file_is_an_error),
		cmocka_unit_test(reads_this_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
