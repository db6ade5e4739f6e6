// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/symbol_table.h"

#include "tests/cmocka.h"
#include "tests/unwind/symbols/fixture.h"
#include "unwind/native/elf_image.h"
#include "unwind/regular_file.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <string.h>

static const char *name_at(const struct symbol_table *table, uint64_t vaddr)
{
	const struct symbol *symbol = symbol_table_find(table, vaddr);

	return symbol ? symbol->name : "";
}

static int make_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture && fixture_create(fixture) ? 0 : -1;
}

static int remove_fixture(void **state)
{
	fixture_destroy(*state);
	free(*state);
	return 0;
}

static void names_functions_of_an_unstripped_file(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table = fixture_symbols(f, "lib.so");
	uint64_t hidden = fixture_vaddr(f, "hidden");

	assert_non_null(table);
	assert_int_not_equal(hidden, 0);
	assert_string_equal(name_at(table, hidden), "hidden");
	assert_string_equal(name_at(table, hidden + 1), "hidden");
	assert_int_equal(symbol_table_find(table, hidden + 1)->vaddr, hidden);
	symbol_table_destroy(table);
}

static void prefers_the_public_name(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table = fixture_symbols(f, "lib.so");

	assert_string_equal(name_at(table, fixture_vaddr(f, "__GI_shown")),
			    "shown");
	symbol_table_destroy(table);
}

static void an_unsized_function_ends_at_the_next(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table = fixture_symbols(f, "lib.so");
	uint64_t assembly = fixture_vaddr(f, "assembly");

	assert_string_equal(name_at(table, assembly + 3), "assembly");
	assert_string_equal(name_at(table, assembly + 4), "outer");
	symbol_table_destroy(table);
}

static void of_nested_functions_the_inner_answers(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table = fixture_symbols(f, "lib.so");
	uint64_t outer = fixture_vaddr(f, "outer");

	assert_string_equal(name_at(table, outer + 1), "outer");
	assert_string_equal(name_at(table, outer + 2), "inner");
	assert_string_equal(name_at(table, outer + 4), "outer");
	symbol_table_destroy(table);
}

static void bytes_of_nobody_have_no_name(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table = fixture_symbols(f, "lib.so");
	uint64_t gap = fixture_vaddr(f, "gap");

	assert_string_equal(name_at(table, gap), "gap");
	assert_null(symbol_table_find(table, gap + 1));
	assert_null(symbol_table_find(table, 0));
	assert_null(symbol_table_find(table, UINT64_MAX));
	symbol_table_destroy(table);
}

static void a_stripped_file_names_exports_only(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table;

	assert_true(fixture_shell(f, "strip -o bare.so lib.so"));
	table = fixture_symbols(f, "bare.so");
	assert_string_equal(name_at(table, fixture_vaddr(f, "shown")), "shown");
	assert_null(symbol_table_find(table, fixture_vaddr(f, "hidden")));
	symbol_table_destroy(table);
}

static void a_debuglink_file_brings_names_back(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table;

	assert_true(fixture_shell(
		f, "mkdir -p .debug && "
		   "objcopy --only-keep-debug lib.so .debug/linked.debug && "
		   "strip -o linked.so lib.so && "
		   "objcopy --add-gnu-debuglink=.debug/linked.debug "
		   "linked.so"));
	table = fixture_symbols(f, "linked.so");
	assert_string_equal(name_at(table, fixture_vaddr(f, "hidden")),
			    "hidden");
	symbol_table_destroy(table);
}

static void embedded_symbols_are_found(void **state)
{
	struct fixture *f = *state;
	struct symbol_table *table;

	if (!fixture_shell(f, "objcopy -S --remove-section .gnu_debugdata "
			      "--keep-symbol hidden lib.so mini.debug && "
			      "xz -k mini.debug")) {
		print_message("needs xz\n");
		skip();
	}
	assert_true(fixture_shell(
		f, "strip -o mini.so lib.so && objcopy --add-section "
		   ".gnu_debugdata=mini.debug.xz mini.so"));
	table = fixture_symbols(f, "mini.so");
	assert_string_equal(name_at(table, fixture_vaddr(f, "hidden")),
			    "hidden");
	symbol_table_destroy(table);
}

/** Every function that nm lists has, at its address, one of nm's names. */
static void check_against_nm(const struct symbol_table *table,
			     const char *path)
{
	char line[4096], name[2048], type;
	uint64_t vaddr, size;
	size_t checked = 0;
	FILE *nm;

	snprintf(line, sizeof(line), "nm -D -S --defined-only '%s'", path);
	nm = popen(line, "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm)) {
		const struct symbol *found;

		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %c %2047s", &vaddr,
			   &size, &type, name) != 4 ||
		    !strchr("TWi", type))
			continue;
		found = symbol_table_find(table, vaddr);
		if (!found || found->vaddr != vaddr)
			fail_msg("no function at %s", name);
		assert_true(found->size >= size);
		name[strcspn(name, "@")] = '\0';
		// nm's name may be an alias: then ours is no worse.
		if (strncmp(found->name, name, strlen(name)))
			assert_true(strspn(found->name, "_") <=
				    strspn(name, "_"));
		checked++;
	}
	pclose(nm);
	assert_in_range(checked, 500, 100000);
}

static void names_libc_as_nm_does(void **state)
{
	_cleanup_error_ struct error *error = NULL;
	_cleanup_close_ int fd = -1;
	struct symbol_table *table;
	struct elf_image *image;
	uint64_t vaddr, size;
	Dl_info info;

	(void)state;
	// A function that no sanitizer puts its own in front of.
	assert_true(dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"),
			   &info));
	error = regular_file_open(info.dli_fname, NULL, &fd);
	assert_null(error);
	assert_null(elf_image_open(fd, &image));
	assert_null(symbol_table_build(image, info.dli_fname, &table));
	check_against_nm(table, info.dli_fname);
	assert_true(elf_image_find_symbol(image, "__read", &vaddr, &size));
	assert_string_equal(name_at(table, vaddr), "read");
	symbol_table_destroy(table);
	elf_image_destroy(image);
}

static uint8_t *read_whole(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);

	assert_non_null(file);
	assert_non_null(bytes);
	*ret_size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

static void broken_tables_do_no_harm(void **state)
{
	struct fixture *f = *state;
	size_t size, built = 0;
	uint8_t *good = read_whole(fixture_path(f, "lib.so"), &size);
	uint8_t *bad = malloc(size);

	assert_non_null(bad);
	srandom(20);
	for (int round = 0; round < 2000; round++) {
		_cleanup_error_ struct error *error = NULL;
		struct elf_image *image = NULL;
		struct symbol_table *table = NULL;

		memcpy(bad, good, size);
		for (int i = 0; i < 20; i++)
			bad[64 + (size_t)random() % (size - 64)] =
				(uint8_t)random();
		error = elf_image_from_bytes(bad, size, &image);
		if (!error)
			error = symbol_table_build(image, NULL, &table);
		for (uint64_t v = 0; table && v < 0x5000; v += 64)
			symbol_table_find(table, v);
		built += table != NULL;
		symbol_table_destroy(table);
		elf_image_destroy(image);
	}
	assert_in_range(built, 100, 2000);
	free(bad);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_functions_of_an_unstripped_file),
		cmocka_unit_test(prefers_the_public_name),
		cmocka_unit_test(an_unsized_function_ends_at_the_next),
		cmocka_unit_test(of_nested_functions_the_inner_answers),
		cmocka_unit_test(bytes_of_nobody_have_no_name),
		cmocka_unit_test(a_stripped_file_names_exports_only),
		cmocka_unit_test(a_debuglink_file_brings_names_back),
		cmocka_unit_test(embedded_symbols_are_found),
		cmocka_unit_test(names_libc_as_nm_does),
		cmocka_unit_test(broken_tables_do_no_harm),
	};

	return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
