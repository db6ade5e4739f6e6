// SPDX-License-Identifier: Apache-2.0
#include "unwind/module.h"

#include "tests/cmocka.h"
#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"
#include "unwind/regular_file.h"
#include "unwind/symbols/symbol_table.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct module *open_module(const char *path)
{
	_cleanup_error_ struct error *error = NULL;
	_cleanup_close_ int fd = -1;
	struct elf_image *image = NULL;

	error = regular_file_open(path, NULL, &fd);
	if (!error)
		error = elf_image_open(fd, &image);
	return error ? NULL : module_create(path, image, NULL);
}

/** The first object is the program itself. */
static int take_bias(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uint64_t *)ret = info->dlpi_addr;
	return 1;
}

static void each_part_is_built_once(void **state)
{
	struct module *module = open_module("/proc/self/exe");

	(void)state;
	assert_non_null(module);
	assert_null(module->cfi);
	assert_null(module->symbols);
	assert_non_null(module_cfi(module));
	assert_ptr_equal(module_cfi(module), module->cfi);
	assert_non_null(module_symbols(module));
	assert_ptr_equal(module_symbols(module), module->symbols);
	assert_null(module_python(module));
	assert_true(module->python_known);
	module_unref(module);
}

static void names_this_function(void **state)
{
	struct module *module = open_module("/proc/self/exe");
	const struct symbol *symbol;
	uint64_t bias = 0;

	(void)state;
	dl_iterate_phdr(take_bias, &bias);
	symbol = symbol_table_find(module_symbols(module),
				   (uint64_t)names_this_function + 1 - bias);
	assert_non_null(symbol);
	assert_string_equal(symbol->name, "names_this_function");
	module_unref(module);
}

static void a_file_that_cannot_be_read_has_no_parts(void **state)
{
	struct module *module = module_create("/x", NULL, "not allowed");

	(void)state;
	assert_string_equal(module->problem, "not allowed");
	assert_null(module_cfi(module));
	assert_null(module_symbols(module));
	assert_null(module_python(module));
	module_unref(module);
}

static void a_python_is_one(void **state)
{
	struct module *module = open_module("/usr/bin/python3");
	const struct python_binary *python;

	(void)state;
	python = module ? module_python(module) : NULL;
	if (!python || !python->layout) {
		module_unref(module);
		print_message("needs a CPython in /usr/bin/python3\n");
		skip();
	}
	assert_int_not_equal(python->eval_count, 0);
	assert_ptr_equal(module_python(module), python);
	module_unref(module);
}

// A copy in memory, to be cut short and made whole again.
struct copy {
	int fd;
	char *bytes;
	size_t size;
};

static struct copy copy_of(const char *path)
{
	struct copy copy = { .fd = memfd_create("copy", MFD_CLOEXEC) };
	_cleanup_close_ int from = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	assert_true(copy.fd >= 0 && from >= 0);
	assert_int_equal(fstat(from, &st), 0);
	copy.size = (size_t)st.st_size;
	copy.bytes = malloc(copy.size);
	assert_non_null(copy.bytes);
	assert_int_equal(pread(from, copy.bytes, copy.size, 0), copy.size);
	assert_int_equal(pwrite(copy.fd, copy.bytes, copy.size, 0), copy.size);
	return copy;
}

static struct module *open_copy(const struct copy *copy)
{
	struct elf_image *image = NULL;

	assert_null(elf_image_open(copy->fd, &image));
	return module_create("/copy", image, NULL);
}

static void cut(const struct copy *copy)
{
	assert_int_equal(ftruncate(copy->fd, 4096), 0);
}

static void make_whole(const struct copy *copy)
{
	assert_int_equal(pwrite(copy->fd, copy->bytes, copy->size, 0),
			 copy->size);
}

static void copy_end(const struct copy *copy)
{
	free(copy->bytes);
	close(copy->fd);
}

// That its symbols cannot be read does not make a file one without them.
static void what_could_not_be_read_is_not_known(void **state)
{
	struct copy copy = copy_of("/proc/self/exe");
	struct module *module = open_copy(&copy);

	(void)state;
	cut(&copy);
	assert_null(module_python(module));
	assert_true(module_is_unread(module));
	assert_null(module_cfi(module));
	// Not before somebody says so.
	make_whole(&copy);
	assert_null(module_cfi(module));
	assert_null(module_python(module));
	assert_true(module_is_unread(module));
	module_read_again(module);
	assert_null(module_python(module));
	assert_false(module_is_unread(module));
	assert_non_null(module_cfi(module));
	module_unref(module);
	copy_end(&copy);
}

static void what_stays_unread_is_left_alone(void **state)
{
	struct copy copy = copy_of("/proc/self/exe");
	struct module *module = open_copy(&copy);

	(void)state;
	cut(&copy);
	for (int i = 0; i < 100; i++) {
		assert_null(module_python(module));
		assert_true(module_is_unread(module));
		module_read_again(module);
	}
	assert_in_range(module->reads_again, 1, 16);
	module_unref(module);
	copy_end(&copy);
}

static void a_python_that_is_read_late_is_one(void **state)
{
	struct copy copy = copy_of("/usr/bin/python3");
	struct module *module = open_copy(&copy);

	(void)state;
	cut(&copy);
	assert_null(module_python(module));
	assert_true(module_is_unread(module));
	make_whole(&copy);
	module_read_again(module);
	if (!module_python(module)) {
		assert_false(module_is_unread(module));
		module_unref(module);
		copy_end(&copy);
		print_message("needs a CPython in /usr/bin/python3\n");
		skip();
	}
	assert_int_not_equal(module_python(module)->eval_count, 0);
	module_unref(module);
	copy_end(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_is_built_once),
		cmocka_unit_test(names_this_function),
		cmocka_unit_test(a_file_that_cannot_be_read_has_no_parts),
		cmocka_unit_test(a_python_is_one),
		cmocka_unit_test(what_could_not_be_read_is_not_known),
		cmocka_unit_test(what_stays_unread_is_left_alone),
		cmocka_unit_test(a_python_that_is_read_late_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
