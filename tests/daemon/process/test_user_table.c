// SPDX-License-Identifier: Apache-2.0
#include "tests/cmocka.h"

#include "base/clock.h"
#include "daemon/process/user_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] =
	"# a comment\n"
	"root:x:0:0:root:/root:/bin/bash\n"
	"www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
	"toor:x:0:0:again:/root:/bin/bash\n"
	"+nis\n"
	":x:5:5::/:/\n"
	"no:x:number:1::/:/\n"
	"big:x:4294967296:1::/:/\n"
	"a-name-that-is-far-too-long-for-a-user:x:7:7::/:/\n"
	"last:x:4294967294:1";

static void test_parse(void **state)
{
	struct user *users;
	size_t count;

	(void)state;
	assert_true(user_table_parse(text, sizeof(text) - 1, &users, &count));
	assert_int_equal(count, 4);
	assert_string_equal(users[0].name, "root");
	assert_int_equal(users[1].uid, 0);
	assert_int_equal(users[3].uid, 4294967294u);
	assert_int_equal(users[2].uid, 33);
	assert_string_equal(users[2].name, "www-data");
	free(users);
}

static void write_file(const char *path, const char *content, time_t time)
{
	struct timespec times[2] = { { time, 0 }, { time, 0 } };
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(content, file);
	fclose(file);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_read_again_when_changed(void **state)
{
	char path[] = "/tmp/brindle-users-XXXXXX";
	struct user_table table;
	uint64_t now = NS_PER_SEC;

	(void)state;
	close(mkstemp(path));
	write_file(path, "ann:x:7:7::/:/\n", 1000);
	user_table_init(&table, path);
	assert_string_equal(user_table_name(&table, 7, now), "ann");
	assert_null(user_table_name(&table, 8, now));
	write_file(path, "bob:x:7:7::/:/\n", 2000);
	assert_string_equal(user_table_name(&table, 7, now), "ann");
	now += 60 * NS_PER_SEC;
	assert_string_equal(user_table_name(&table, 7, now), "bob");
	unlink(path);
	now += 60 * NS_PER_SEC;
	assert_string_equal(user_table_name(&table, 7, now), "bob");
	user_table_deinit(&table);
}

static void test_no_file(void **state)
{
	struct user_table table;

	(void)state;
	user_table_init(&table, "/nowhere/passwd");
	assert_null(user_table_name(&table, 0, NS_PER_SEC));
	user_table_deinit(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_read_again_when_changed),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
