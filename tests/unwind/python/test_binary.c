// SPDX-License-Identifier: Apache-2.0
#include "tests/cmocka.h"
#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/** @path is absolute, or below pyenv's versions. False: not there. */
static bool open_image(const char *path, struct elf_image **ret)
{
	const char *home = getenv("HOME");
	char whole[512];
	struct error *error;
	int fd;

	if (*path == '/')
		snprintf(whole, sizeof(whole), "%s", path);
	else
		snprintf(whole, sizeof(whole), "%s/.pyenv/versions/%s",
			 home ? home : "", path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		print_message("  %s is not there, skipped\n", whole);
		return false;
	}
	error = elf_image_open(fd, ret);
	close(fd);
	assert_null(error);
	return true;
}

/** What nm, readelf and objdump say of builds whose build-id begins so. */
struct build {
	const char *path;
	uint8_t build_id[4];
	uint32_t version;
	const char *layout;
	uint64_t runtime, code_type;
	struct python_range eval;
	uint64_t entry_end;
	struct python_range cold; /* 0: none */
};

static const struct build builds[] = {
	{ .path = "3.11.7/lib/libpython3.11.so.1.0",
	  .build_id = { 0x49, 0xda, 0xf8, 0x4e },
	  .version = 0x030b07f0,
	  .layout = "3.11",
	  .runtime = 0x54e540,
	  .code_type = 0x449b00,
	  .eval = { 0xfab70, 0x1054c1 },
	  .entry_end = 0xfabda,
	  .cold = { 0xfa7f6, 0xfa7fa } },
	{ .path = "3.12.1/lib/libpython3.12.so.1.0",
	  .build_id = { 0xf9, 0xd5, 0xc8, 0x2f },
	  .version = 0x030c01f0,
	  .layout = "3.12",
	  .runtime = 0x643340,
	  .code_type = 0x549e80,
	  .eval = { 0x10bdc0, 0x1185ed },
	  .entry_end = 0x10be70,
	  .cold = { 0x10ba24, 0x10ba2c } },
	{ .path = "3.13.0/lib/libpython3.13.so.1.0",
	  .build_id = { 0xd1, 0x1d, 0x13, 0xfb },
	  .version = 0x030d00f0,
	  .layout = "3.13",
	  .runtime = 0x5294c0,
	  .code_type = 0x4f0bc0,
	  .eval = { 0x8b8e0, 0x974dd },
	  .entry_end = 0x8b96d },
	{ .path = "/usr/bin/python3.11",
	  .build_id = { 0x57, 0x1d, 0x98, 0xe0 },
	  .version = 0x030b02f0,
	  .layout = "3.11",
	  .runtime = 0xa5b740,
	  .code_type = 0x959440,
	  .eval = { 0x52b0f0, 0x538a4c },
	  .entry_end = 0x52b160,
	  .cold = { 0x430f05, 0x43455e } },
};

static bool is_build(struct elf_image *image, const struct build *build)
{
	size_t size;
	const uint8_t *id = elf_image_build_id(image, &size);

	return size >= sizeof(build->build_id) &&
	       !memcmp(id, build->build_id, sizeof(build->build_id));
}

static void check_exact(const struct python_binary *binary,
			const struct build *build)
{
	assert_int_equal(binary->version, build->version);
	assert_int_equal(binary->runtime_vaddr, build->runtime);
	assert_int_equal(binary->code_type_vaddr, build->code_type);
	assert_int_equal(binary->eval[0].start, build->eval.start);
	assert_int_equal(binary->eval[0].end, build->eval.end);
	assert_int_equal(binary->entry_end, build->entry_end);
	assert_int_equal(binary->eval_count, build->cold.end ? 2 : 1);
	assert_int_equal(binary->eval[1].start, build->cold.start);
	assert_int_equal(binary->eval[1].end, build->cold.end);
	if (build->cold.end)
		assert_true(python_binary_in_eval(binary, build->cold.start));
}

static void check_build(const struct build *build)
{
	struct elf_image *image;
	struct python_binary *binary;
	struct cfi_table *cfi;

	if (!open_image(build->path, &image))
		return;
	assert_null(cfi_table_build(image, &arch_x86_64, &cfi));
	assert_null(python_binary_read(image, &binary));
	assert_non_null(binary);
	assert_null(python_binary_find_eval(binary, image, cfi));
	assert_string_equal(binary->unsupported, "");
	assert_string_equal(binary->layout->name, build->layout);
	assert_true(binary->entry_end > binary->eval[0].start);
	assert_true(binary->entry_end < binary->eval[0].start + 0x200);
	assert_true(python_binary_in_eval(binary, binary->eval[0].start));
	assert_false(python_binary_in_eval(binary, binary->eval[0].start - 1));
	assert_false(python_binary_in_eval(binary, binary->eval[0].end));
	if (is_build(image, build))
		check_exact(binary, build);
	else
		print_message("  %s is another build\n", build->path);
	python_binary_destroy(binary);
	cfi_table_destroy(cfi);
	elf_image_destroy(image);
}

static void test_builds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++)
		check_build(&builds[i]);
}

static const struct {
	const char *path;
	const char *layout;
} object_builds[] = {
	{ "3.6.15/lib/libpython3.6m.so.1.0", "3.6" },
	{ "3.7.16/lib/libpython3.7m.so.1.0", "3.7" },
	{ "3.8.18/lib/libpython3.8.so.1.0", "3.8" },
	{ "3.9.18/lib/libpython3.9.so.1.0", "3.9" },
	{ "3.10.13/lib/libpython3.10.so.1.0", "3.10" },
};

// Frames are objects, which are whole before they are run: no entry is needed.
static void test_object_builds(void **state)
{
	const size_t count = sizeof(object_builds) / sizeof(object_builds[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct elf_image *image;
		struct python_binary *binary;

		if (!open_image(object_builds[i].path, &image))
			continue;
		assert_null(python_binary_read(image, &binary));
		assert_non_null(binary);
		assert_string_equal(binary->unsupported, "");
		assert_string_equal(binary->layout->name,
				    object_builds[i].layout);
		assert_memory_equal(binary->version_text,
				    object_builds[i].layout,
				    strlen(object_builds[i].layout));
		assert_true(binary->runtime_vaddr != 0);
		assert_true(binary->code_type_vaddr != 0);
		assert_null(python_binary_find_eval(binary, image, NULL));
		assert_non_null(binary->layout);
		assert_true(binary->eval_count > 0);
		assert_int_equal(binary->entry_end, 0);
		python_binary_destroy(binary);
		elf_image_destroy(image);
	}
}

static const struct {
	const char *path;
	const char *why;
} old_builds[] = {
	{ "2.7.18/lib/libpython2.7.so.1.0",
	  "CPython 2.7: this version is not supported" },
};

static void test_unsupported(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(old_builds) / sizeof(old_builds[0]);
	     i++) {
		struct elf_image *image;
		struct python_binary *binary;

		if (!open_image(old_builds[i].path, &image))
			continue;
		assert_null(python_binary_read(image, &binary));
		assert_non_null(binary);
		assert_null(binary->layout);
		assert_string_equal(binary->unsupported, old_builds[i].why);
		assert_null(python_binary_find_eval(binary, image, NULL));
		// Its loop is known all the same: a stack with Python in it.
		assert_true(binary->eval_count > 0);
		assert_int_equal(binary->entry_end, 0);
		python_binary_destroy(binary);
		elf_image_destroy(image);
	}
}

// An executable that only uses libpython, and one that has nothing to do with
// it.
static void test_not_python(void **state)
{
	static const char *const paths[] = { "3.12.1/bin/python3.12",
					     "/bin/true" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct elf_image *image;
		struct python_binary *binary;

		if (!open_image(paths[i], &image))
			continue;
		assert_null(python_binary_read(image, &binary));
		assert_null(binary);
		elf_image_destroy(image);
	}
}

/** A copy of @path's bytes, owned by the caller; NULL: not there. */
static uint8_t *read_whole(const char *path, size_t *ret_size)
{
	const char *home = getenv("HOME");
	char whole[512];
	uint8_t *bytes;
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/.pyenv/versions/%s",
		 home ? home : "", path);
	file = fopen(whole, "r");
	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	*ret_size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*ret_size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
	fclose(file);
	return bytes;
}

static void check_changed(const uint8_t *bytes, size_t size, const char *why)
{
	struct python_binary *binary;
	struct elf_image *image;

	assert_null(elf_image_from_bytes(bytes, size, &image));
	assert_null(python_binary_read(image, &binary));
	assert_non_null(binary);
	if (why)
		assert_null(binary->layout);
	else
		assert_non_null(binary->layout);
	assert_non_null(strstr(binary->unsupported, why ? why : ""));
	python_binary_destroy(binary);
	elf_image_destroy(image);
}

// What 3.13 says of itself outweighs our table.
static void test_debug_offsets(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
		const char *why;
	} changes[] = {
		{ 0, 'y', "no debug offsets" },
		{ 8, 0x1f, "another version" },
		{ 16, 1, "structures differ" },   // free_threaded
		{ 184, 80, "structures differ" }, // thread.current_frame
		{ 264, 74, "structures differ" }, // frame.owner
		{ 280, 0, "structures differ" },  // code.filename
	};
	size_t size;
	uint8_t *bytes = read_whole(builds[2].path, &size);
	uint8_t *offsets;

	(void)state;
	if (!bytes)
		skip();
	offsets = memmem(bytes, size, "xdebugpy\xf0\x00\x0d\x03", 12);
	assert_non_null(offsets);
	check_changed(bytes, size, NULL);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t before = offsets[changes[i].at];

		offsets[changes[i].at] = changes[i].value;
		check_changed(bytes, size, changes[i].why);
		offsets[changes[i].at] = before;
	}
	free(bytes);
}

// As if the rest of the loop were elsewhere, as it is with tail calls.
static void test_loop_in_pieces(void **state)
{
	const struct build *build = &builds[2];
	uint64_t symbol[2] = { build->eval.start,
			       build->eval.end - build->eval.start };
	struct python_binary *binary;
	struct elf_image *image;
	unsigned int found = 0;
	size_t size;
	uint8_t *bytes = read_whole(build->path, &size);

	(void)state;
	if (!bytes)
		skip();
	for (uint8_t *at = bytes; at; found++) {
		at = memmem(at, (size_t)(bytes + size - at), symbol,
			    sizeof(symbol));
		if (!at)
			break;
		memcpy(at + sizeof(symbol[0]), &(uint64_t){ 4000 },
		       sizeof(symbol[1]));
	}
	assert_int_not_equal(found, 0);
	assert_null(elf_image_from_bytes(bytes, size, &image));
	assert_null(python_binary_read(image, &binary));
	assert_non_null(binary->layout);
	assert_null(python_binary_find_eval(binary, image, NULL));
	assert_null(binary->layout);
	assert_non_null(strstr(binary->unsupported, "unknown pieces"));
	assert_int_equal(binary->eval_count, 1);
	python_binary_destroy(binary);
	elf_image_destroy(image);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_object_builds),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_not_python),
		cmocka_unit_test(test_debug_offsets),
		cmocka_unit_test(test_loop_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
