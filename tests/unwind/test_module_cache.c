// SPDX-License-Identifier: Apache-2.0
#include "unwind/module_cache.h"

#include "tests/cmocka.h"
#include "unwind/native/elf_image.h"
#include "unwind/regular_file.h"
#include "unwind/symbols/symbol_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/** What the cache is to open, and how often it did. */
struct opening {
	const char *path;
	int count;
};

static struct error *open_counted(void *context, int *ret_fd)
{
	struct opening *opening = context;

	opening->count++;
	return regular_file_open(opening->path, NULL, ret_fd);
}

static struct module_identity identity_of(uint64_t inode)
{
	return (struct module_identity){
		.path = "/test", .dev_major = 8, .dev_minor = 1,
		.inode = inode,
	};
}

static void a_mapped_file_is_opened_once(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module_identity identity = identity_of(17);
	struct opening opening = { .path = "/proc/self/exe" };
	struct module *first, *second;

	(void)state;
	first = module_cache_get(cache, &identity, open_counted, &opening);
	second = module_cache_get(cache, &identity, open_counted, &opening);
	assert_non_null(first->image);
	assert_ptr_equal(first, second);
	assert_int_equal(opening.count, 1);
	module_unref(first);
	module_unref(second);
	module_cache_destroy(cache);
}

static void an_unused_module_is_looked_at_again(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module_identity identity = identity_of(17);
	struct opening opening = { .path = "/proc/self/exe" };
	struct opening other = { .path = "/bin/sh" };
	struct module *module, *again;

	(void)state;
	module = module_cache_get(cache, &identity, open_counted, &opening);
	module_unref(module);
	again = module_cache_get(cache, &identity, open_counted, &opening);
	assert_ptr_equal(again, module);
	assert_int_equal(opening.count, 2);
	module_unref(again);
	// The inode number now means another file.
	again = module_cache_get(cache, &identity, open_counted, &other);
	assert_non_null(again->image);
	assert_int_equal(again->cached, 1);
	assert_int_equal(other.count, 1);
	assert_int_equal(module_cache_count(cache), 1);
	module_unref(again);
	module_cache_destroy(cache);
}

static void one_file_by_two_identities_is_one_module(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module_identity by_inode = identity_of(17), by_id;
	struct opening opening = { .path = "/proc/self/exe" };
	struct module *first, *second;
	uint8_t id[MODULE_BUILD_ID_MAX];

	(void)state;
	first = module_cache_get(cache, &by_inode, open_counted, &opening);
	if (!first->build_id_size) {
		module_unref(first);
		module_cache_destroy(cache);
		print_message("this compiler writes no build-ids\n");
		skip();
	}
	memcpy(id, first->build_id, sizeof(id));
	by_id = (struct module_identity){
		.path = "/test", .build_id = id,
		.build_id_size = first->build_id_size,
	};
	second = module_cache_get(cache, &by_id, open_counted, &opening);
	assert_ptr_equal(first, second);
	module_unref(second);
	// Another build-id than the file has: not that file.
	id[0] ^= 1;
	second = module_cache_get(cache, &by_id, open_counted, &opening);
	assert_null(second->image);
	assert_string_equal(second->problem, "the file has been replaced");
	module_unref(second);
	module_unref(first);
	module_cache_destroy(cache);
}

static void failures_are_remembered(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module_identity identity = identity_of(18);
	struct opening opening = { .path = "/nonexistent" };

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct module *module = module_cache_get(
			cache, &identity, open_counted, &opening);

		assert_null(module->image);
		assert_non_null(strstr(module->problem, "No such file"));
		module_unref(module);
	}
	assert_int_equal(opening.count, 3);
	assert_int_equal(module_cache_count(cache), 1);
	module_cache_destroy(cache);
}

static void what_is_no_elf_file_is_a_module_too(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module_identity identity = identity_of(19);
	struct opening opening = { .path = "/etc/passwd" };
	struct module *first, *second;

	(void)state;
	first = module_cache_get(cache, &identity, open_counted, &opening);
	second = module_cache_get(cache, &identity, open_counted, &opening);
	assert_null(first->image);
	assert_non_null(first->problem);
	assert_ptr_equal(first, second);
	assert_null(module_cfi(first));
	assert_null(module_symbols(first));
	assert_null(module_python(first));
	module_unref(first);
	module_unref(second);
	module_cache_destroy(cache);
}

static struct error *open_refused(void *context, int *ret_fd)
{
	(void)ret_fd;
	return error_create(*(const enum error_code *)context, "refused");
}

// A regular file of which every read fails.
static struct error *open_write_only(void *context, int *ret_fd)
{
	FILE *file = tmpfile();
	char path[64];

	(void)context;
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 4096), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
	*ret_fd = open(path, O_WRONLY | O_CLOEXEC);
	fclose(file);
	assert_true(*ret_fd >= 0);
	return NULL;
}

static bool is_unread(struct module_cache *cache, uint64_t inode,
		      module_open_fn open, void *context)
{
	struct module_identity identity = identity_of(inode);
	struct module *module =
		module_cache_get(cache, &identity, open, context);
	bool unread = module_is_unread(module);

	assert_null(module->image);
	module_unref(module);
	return unread;
}

// What a file is says the file, or nobody.
static void what_was_not_seen_may_be_anything(void **state)
{
	static enum error_code open_codes[] = {
		ERROR_SYSTEM, ERROR_PERMISSION, ERROR_NOT_FOUND,
		ERROR_UNSUPPORTED, ERROR_NO_MEMORY, ERROR_BUSY,
	};
	enum error_code no_file = ERROR_BAD_DATA;
	struct module_cache *cache = module_cache_create();
	struct opening text = { .path = "/etc/passwd" };
	struct opening self = { .path = "/proc/self/exe" };
	struct module_identity identity = identity_of(60);
	struct module *module;
	uint64_t inode = 40;

	(void)state;
	for (size_t i = 0; i < sizeof(open_codes) / sizeof(open_codes[0]); i++)
		assert_true(is_unread(cache, inode++, open_refused,
				      &open_codes[i]));
	assert_true(is_unread(cache, 60, open_write_only, NULL));
	assert_false(is_unread(cache, 50, open_refused, &no_file));
	assert_false(is_unread(cache, 51, open_counted, &text));
	// The same file another time.
	module = module_cache_get(cache, &identity, open_counted, &self);
	assert_non_null(module->image);
	assert_false(module_is_unread(module));
	module_unref(module);
	module_cache_destroy(cache);
}

static void trimming_forgets_the_longest_unused(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct opening opening = { .path = "/nonexistent" };
	struct module_identity identity = identity_of(1000);
	struct module *used =
		module_cache_get(cache, &identity, open_counted, &opening);

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		identity = identity_of(1 + i);
		module_unref(module_cache_get(cache, &identity, open_counted,
					      &opening));
	}
	assert_int_equal(module_cache_count(cache), 101);
	module_cache_trim(cache, 10);
	assert_int_equal(module_cache_count(cache), 11);
	opening.count = 0;
	identity = identity_of(1);
	module_unref(module_cache_get(cache, &identity, open_counted,
				      &opening));
	assert_int_equal(module_cache_count(cache), 12);
	module_unref(used);
	module_cache_destroy(cache);
}

static void give_symbols(struct module *module, size_t name_bytes)
{
	char *name = calloc(1, name_bytes);
	struct symbol symbol = { .vaddr = 1, .name = name };

	memset(name, 'x', name_bytes - 1);
	assert_null(symbol_table_create(&symbol, 1, &module->symbols));
	module->symbols_known = true;
	free(name);
}

static void trimming_forgets_large_tables(void **state)
{
	enum { NAME_BYTES = 1 << 20, MODULES = 40 };
	struct module_cache *cache = module_cache_create();
	struct opening opening = { .path = "/nonexistent" };
	size_t fitting = MODULE_CACHE_UNUSED_BYTES_MAX / NAME_BYTES;

	(void)state;
	for (uint64_t i = 1; i <= MODULES; i++) {
		struct module_identity identity = identity_of(i);
		struct module *module = module_cache_get(
			cache, &identity, open_counted, &opening);

		give_symbols(module, NAME_BYTES);
		assert_in_range(module_bytes(module), NAME_BYTES,
				NAME_BYTES + 4096);
		module_unref(module);
	}
	module_cache_trim(cache, MODULES);
	assert_in_range(module_cache_count(cache), fitting - 1, fitting);
	module_cache_destroy(cache);
}

static void what_has_frames_in_a_module_keeps_it(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module_identity identity = identity_of(17);
	struct opening opening = { .path = "/proc/self/exe" };
	struct opening other = { .path = "/bin/sh" };
	struct module *module, *again;

	(void)state;
	module = module_keep(module_cache_get(cache, &identity, open_counted,
					      &opening));
	module_unref(module);
	// It is no mapping: the inode number may mean another file by now.
	again = module_cache_get(cache, &identity, open_counted, &other);
	assert_int_equal(other.count, 1);
	assert_ptr_not_equal(again, module);
	module_unref(again);
	module_cache_trim(cache, 0);
	assert_int_equal(module_cache_count(cache), 0);
	assert_string_equal(module->path, "/test");
	module_unkeep(module);
	module_cache_destroy(cache);
}

static void the_latest_module_stays_however_large(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct opening opening = { .path = "/nonexistent" };
	struct module_identity identity = identity_of(1);
	struct module *module =
		module_cache_get(cache, &identity, open_counted, &opening);

	(void)state;
	give_symbols(module, 2 * MODULE_CACHE_UNUSED_BYTES_MAX);
	module_unref(module);
	module_cache_trim(cache, 1);
	assert_int_equal(module_cache_count(cache), 1);
	module_cache_trim(cache, 0);
	assert_int_equal(module_cache_count(cache), 0);
	module_cache_destroy(cache);
}

static void never_grows_beyond_its_bound(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct opening opening = { .path = "/nonexistent" };

	(void)state;
	for (uint64_t i = 1; i < MODULE_CACHE_MAX + 100; i++) {
		struct module_identity identity = identity_of(i);

		module_unref(module_cache_get(cache, &identity, open_counted,
					      &opening));
	}
	assert_in_range(module_cache_count(cache), 1, MODULE_CACHE_MAX);
	module_cache_destroy(cache);
}

static void the_vdso_is_read_from_ourselves(void **state)
{
	struct module_cache *cache = module_cache_create();
	struct module *first = module_cache_vdso(cache);
	struct module *second = module_cache_vdso(cache);
	uint64_t vaddr, size;

	(void)state;
	assert_ptr_equal(first, second);
	assert_string_equal(first->path, "[vdso]");
	assert_non_null(first->image);
	assert_true(elf_image_find_symbol(first->image, "__vdso_clock_gettime",
					  &vaddr, &size));
	module_unref(first);
	module_unref(second);
	module_cache_destroy(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapped_file_is_opened_once),
		cmocka_unit_test(an_unused_module_is_looked_at_again),
		cmocka_unit_test(one_file_by_two_identities_is_one_module),
		cmocka_unit_test(failures_are_remembered),
		cmocka_unit_test(what_is_no_elf_file_is_a_module_too),
		cmocka_unit_test(what_was_not_seen_may_be_anything),
		cmocka_unit_test(trimming_forgets_the_longest_unused),
		cmocka_unit_test(trimming_forgets_large_tables),
		cmocka_unit_test(what_has_frames_in_a_module_keeps_it),
		cmocka_unit_test(the_latest_module_stays_however_large),
		cmocka_unit_test(never_grows_beyond_its_bound),
		cmocka_unit_test(the_vdso_is_read_from_ourselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
