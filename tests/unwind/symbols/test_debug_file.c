// SPDX-License-Identifier: Apache-2.0
#include "unwind/symbols/debug_file.h"

#include "tests/cmocka.h"
#include "tests/unwind/symbols/fixture.h"
#include "unwind/native/elf_image.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Whether a debug file of @name is found, with debug files below debug/. */
static bool finds(const struct fixture *fixture, const char *name)
{
	char root[PATH_MAX];
	struct elf_image *image = fixture_open(fixture, name);
	struct elf_image *found;

	assert_non_null(image);
	strcpy(root, fixture_path(fixture, "debug"));
	found = debug_file_open(image, fixture_path(fixture, name), root);
	elf_image_destroy(image);
	elf_image_destroy(found);
	return found;
}

static bool finds_embedded(const struct fixture *fixture, const char *name)
{
	struct elf_image *image = fixture_open(fixture, name);
	struct elf_image *found;

	assert_non_null(image);
	found = debug_file_embedded(image);
	elf_image_destroy(image);
	elf_image_destroy(found);
	return found;
}

static int make_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture && fixture_create(fixture) &&
	       fixture_shell(fixture,
			     "objcopy --only-keep-debug lib.so l.debug && "
			     "cc -O1 -shared -fPIC -Wl,--build-id -Dx=y "
			     "-o other.so lib.c && "
			     "cc -shared -fPIC -Wl,--build-id=none "
			     "-o anonymous.so lib.c && "
			     "objcopy --only-keep-debug anonymous.so "
			     "a.debug") ? 0 : -1;
}

static int remove_fixture(void **state)
{
	fixture_destroy(*state);
	free(*state);
	return 0;
}

static void finds_by_build_id(void **state)
{
	struct fixture *f = *state;
	struct elf_image *image = fixture_open(f, "lib.so");
	char command[512], hex[130];
	const uint8_t *id;
	size_t size;

	assert_false(finds(f, "lib.so"));
	id = elf_image_build_id(image, &size);
	assert_int_equal(size, 20);
	for (size_t i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", id[i]);
	elf_image_destroy(image);
	snprintf(command, sizeof(command),
		 "mkdir -p debug/.build-id/%.2s && "
		 "cp l.debug debug/.build-id/%.2s/%s.debug", hex, hex, hex + 2);
	assert_true(fixture_shell(f, command));
	assert_true(finds(f, "lib.so"));
	// Another file in its place is not believed.
	snprintf(command, sizeof(command),
		 "cp other.so debug/.build-id/%.2s/%s.debug", hex, hex + 2);
	assert_true(fixture_shell(f, command));
	assert_false(finds(f, "lib.so"));
	assert_true(fixture_shell(f, "rm -r debug"));
}

static void finds_by_link_in_three_places(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_shell(f, "objcopy --add-gnu-debuglink=l.debug "
				     "lib.so linked.so"));
	assert_true(finds(f, "linked.so"));
	assert_true(fixture_shell(f, "mkdir .debug && mv l.debug .debug"));
	assert_true(finds(f, "linked.so"));
	assert_true(fixture_shell(f, "mkdir -p debug/$PWD && "
				     "mv .debug/l.debug debug/$PWD"));
	assert_true(finds(f, "linked.so"));
	assert_true(fixture_shell(f, "mv debug/$PWD/l.debug . && "
				     "cp other.so .debug/l.debug && "
				     "rm -r debug"));
	assert_true(finds(f, "linked.so"));
}

static void a_linked_file_of_another_build_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_shell(f, "cp l.debug keep && cp other.so l.debug"));
	assert_false(finds(f, "linked.so"));
	assert_true(fixture_shell(f, "mv keep l.debug"));
}

static void without_build_id_the_sum_decides(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_shell(f, "objcopy --add-gnu-debuglink=a.debug "
				     "anonymous.so nameless.so"));
	assert_true(finds(f, "nameless.so"));
	assert_true(fixture_shell(f, "printf x >> a.debug"));
	assert_false(finds(f, "nameless.so"));
}

/** The link names are written over by ones of the same length. */
static void a_link_does_not_lead_elsewhere(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_shell(f, "mkdir -p x && cp l.debug x/a && "
				     "sed 's|l\\.debug|./././a|' linked.so "
				     "> path.so && cp l.debug a"));
	assert_false(finds(f, "path.so"));
}

static void a_fifo_is_not_waited_for(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_shell(f, "mv l.debug keep && mkfifo l.debug"));
	assert_false(finds(f, "linked.so"));
	assert_true(fixture_shell(f, "rm l.debug && mv keep l.debug"));
}

static void embedded_bombs_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char add[] =
		"objcopy --add-section .gnu_debugdata=d.xz lib.so e.so";

	if (!fixture_shell(f, "xz -c lib.so > d.xz")) {
		print_message("needs xz\n");
		skip();
	}
	assert_true(fixture_shell(f, add));
	assert_true(finds_embedded(f, "e.so"));
	assert_true(fixture_shell(f, "head -c 100000000 /dev/zero | cat lib.so "
				     "- | xz -0 -c > d.xz"));
	assert_true(fixture_shell(f, add));
	assert_false(finds_embedded(f, "e.so"));
	assert_true(fixture_shell(f, "xz -c lib.so | head -c 900 > d.xz"));
	assert_true(fixture_shell(f, add));
	assert_false(finds_embedded(f, "e.so"));
	assert_false(finds_embedded(f, "lib.so"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_build_id),
		cmocka_unit_test(finds_by_link_in_three_places),
		cmocka_unit_test(a_linked_file_of_another_build_is_refused),
		cmocka_unit_test(without_build_id_the_sum_decides),
		cmocka_unit_test(a_link_does_not_lead_elsewhere),
		cmocka_unit_test(a_fifo_is_not_waited_for),
		cmocka_unit_test(embedded_bombs_are_refused),
	};

	return cmocka_run_group_tests(tests, make_fixture, remove_fixture);
}
