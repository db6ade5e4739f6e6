// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/hanging_ranges.h"

#include "daemon/capture/lifeline.h"
#include "tests/cmocka.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PAGE UINT64_C(0x1000)

static struct guarded_ranges found(const char *maps, uint64_t runtime)
{
	struct guarded_ranges ranges = { .count = 0 };

	hanging_ranges_find(maps, strlen(maps), runtime, &ranges);
	return ranges;
}

static void files_without_a_disk_may_hang(void **state)
{
	static const char maps[] =
		"1000-2000 r--p 00000000 08:01 7 /usr/bin/python3\n"
		"2000-3000 rw-p 00001000 08:01 7 /usr/bin/python3\n"
		"3000-4000 rw-p 00000000 00:00 0 [heap]\n"
		"5000-6000 r--p 00000000 00:2b 2 /mnt/fuse/page\n"
		"6000-7000 r--s 00000000 00:2b 3 /mnt/fuse/other\n"
		"8000-9000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n"
		"9000-a000 rw-s 00000000 00:1c 9 /dev/shm/array\n"
		"b000-c000 r--p 00000000 00:30 4 /nfs/data\n";
	struct guarded_ranges ranges = found(maps, 0x2040);

	(void)state;
	assert_int_equal(ranges.count, 2);
	assert_int_equal(ranges.range[0].start, 0x5000);
	assert_int_equal(ranges.range[0].end, 0x7000);
	assert_int_equal(ranges.range[1].start, 0xb000);
}

// A container's root is an overlay, which has no device either.
static void the_interpreters_own_device_is_trusted(void **state)
{
	static const char maps[] =
		"1000-2000 rw-p 00000000 00:2b 7 /usr/lib/libpython3.12.so\n"
		"2000-3000 r--p 00000000 00:2b 8 /usr/lib/libm.so\n"
		"3000-4000 r--p 00000000 00:2c 8 /data/file\n"
		"nonsense\n";

	(void)state;
	assert_int_equal(found(maps, 0x1800).count, 1);
	assert_int_equal(found(maps, 0x1800).range[0].start, 0x3000);
	assert_int_equal(found(maps, 0x9000).count, 1);
	assert_int_equal(found(maps, 0x9000).range[0].start, 0x1000);
}

static void reads_end_before_a_range(void **state)
{
	struct guarded_ranges ranges = { .count = 0 };

	(void)state;
	assert_int_equal(guarded_ranges_readable(&ranges, 5, 100), 100);
	guarded_ranges_add(&ranges, 0x5000, 0x6000);
	guarded_ranges_add(&ranges, 0x8000, 0x9000);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x4ff8, 8), 8);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x4ff8, 9), 8);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x5000, 1), 0);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x5fff, 1), 0);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x6000, 0x9000),
			 0x2000);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x8fff, SIZE_MAX), 0);
	assert_int_equal(guarded_ranges_readable(&ranges, 0x9000, SIZE_MAX),
			 SIZE_MAX);
	assert_int_equal(guarded_ranges_readable(&ranges, UINT64_MAX, 8), 8);
}

static void too_many_become_one(void **state)
{
	struct guarded_ranges ranges = { .count = 0 };

	(void)state;
	for (uint64_t i = 0; i < GUARDED_RANGES * 2; i++)
		guarded_ranges_add(&ranges, i * 2 * PAGE, i * 2 * PAGE + PAGE);
	assert_int_equal(ranges.count, GUARDED_RANGES);
	assert_int_equal(guarded_ranges_readable(&ranges, PAGE, 1), 1);
	for (uint64_t i = GUARDED_RANGES - 1; i < GUARDED_RANGES * 2; i++)
		assert_int_equal(guarded_ranges_readable(&ranges, i * 2 * PAGE,
							 1), 0);
	assert_int_equal(guarded_ranges_readable(
				 &ranges, GUARDED_RANGES * 4 * PAGE, 1), 1);
}

static void memory_is_read_around_them(void **state)
{
	static char bytes[3] = "abc";
	struct lifeline_memory memory = {
		.guarded.fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
	};
	struct live_memory live = lifeline_memory_reader(&memory);
	uint64_t at = (uint64_t)(uintptr_t)bytes;
	char got[3];

	(void)state;
	assert_int_equal(live.read(live.context, at, got, 3), 3);
	guarded_ranges_add(&memory.guarded.ranges, at + 1, at + 2);
	assert_int_equal(live.read(live.context, at, got, 3), 1);
	assert_int_equal(live.read(live.context, at + 1, got, 1), -1);
	assert_int_equal(live.read(live.context, at + 2, got, 1), 1);
	close(memory.guarded.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_without_a_disk_may_hang),
		cmocka_unit_test(the_interpreters_own_device_is_trusted),
		cmocka_unit_test(reads_end_before_a_range),
		cmocka_unit_test(too_many_become_one),
		cmocka_unit_test(memory_is_read_around_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
