// SPDX-License-Identifier: Apache-2.0
// Which files are CPythons: asked again when they were out of reach.
#include "daemon/capture/python_files.h"

#include "tests/cmocka.h"

#include <fcntl.h>
#include <stdio.h>

struct door {
	unsigned int closed; // so many calls find nothing
	unsigned int calls;
	unsigned int dumb; // so many of what is found cannot be read
};

// A regular file of which every read fails.
static int write_only_file(void)
{
	FILE *file = tmpfile();
	char path[64];
	int fd;

	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 4096), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	fclose(file);
	return fd;
}

static struct error *open_self(void *state, pid_t pid,
			       const struct opener_mapping *mapping,
			       int *ret_fd)
{
	struct door *door = state;

	(void)pid;
	(void)mapping;
	door->calls++;
	if (door->closed) {
		door->closed--;
		return error_create(ERROR_NOT_FOUND, "the process has gone");
	}
	*ret_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (door->dumb) {
		door->dumb--;
		close(*ret_fd);
		*ret_fd = write_only_file();
	}
	assert_true(*ret_fd >= 0);
	return NULL;
}

static const struct opener_ops ops = { .mapped_file = open_self };

static void ask(struct python_files *files, uint64_t inode, unsigned int times)
{
	const struct opener_mapping mapping = { 0, 4096, "/x", 1, 2, inode };

	for (unsigned int i = 0; i < times; i++)
		assert_null(python_files_get(files, 1, &mapping, 0));
}

static void remembers_what_a_file_is(void **state)
{
	struct door door = { 0 };
	const struct opener opener = { &ops, &door };
	struct python_files *files = python_files_create(&opener);

	(void)state;
	assert_non_null(files);
	ask(files, 7, 5);
	assert_int_equal(door.calls, 1);
	ask(files, 8, 1);
	assert_int_equal(door.calls, 2);
	python_files_destroy(files);
}

static void asks_again_for_what_was_out_of_reach(void **state)
{
	struct door door = { .closed = 3 };
	const struct opener opener = { &ops, &door };
	struct python_files *files = python_files_create(&opener);

	(void)state;
	assert_non_null(files);
	ask(files, 7, 20);
	assert_int_equal(door.calls, 4);
	door = (struct door){ .closed = 1000 };
	ask(files, 8, 50);
	assert_in_range(door.calls, 2, 16);
	python_files_destroy(files);
}

static void asks_again_for_what_could_not_be_read(void **state)
{
	struct door door = { .dumb = 2 };
	const struct opener opener = { &ops, &door };
	struct python_files *files = python_files_create(&opener);

	(void)state;
	assert_non_null(files);
	ask(files, 7, 20);
	assert_int_equal(door.calls, 3);
	python_files_destroy(files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_what_a_file_is),
		cmocka_unit_test(asks_again_for_what_was_out_of_reach),
		cmocka_unit_test(asks_again_for_what_could_not_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
