// SPDX-License-Identifier: Apache-2.0
// Work that reads a page which never comes, until it is told to.
#include "daemon/capture/lifeline.h"

#include "tests/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096, PAGES = 16, PID = 4711 };

// Where nobody answers, and what would be the answer.
static struct {
	const uint8_t *page; // NULL: nowhere
	int gate[2];
} silence;

// In place of libc's, for the reader.
ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
	char byte;

	if (silence.page && (uint64_t)offset == (uintptr_t)silence.page)
		return read(silence.gate[0], &byte, 1) > 0 ? 0 : -1;
	return syscall(SYS_pread64, fd, bytes, size, offset);
}

struct world {
	uint8_t *honest; // PAGES of them
	uint8_t *mute;	 // a page
	struct lifeline *lifeline;
	struct lifeline_memory memory, other;
	unsigned int begun, finished, hung;
	pid_t hung_pid;
	ssize_t got, got_other;
	int problem;
};

static uint8_t *make_pages(size_t count)
{
	void *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(pages, MAP_FAILED);
	return pages;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	assert_non_null(world);
	assert_true(fd >= 0);
	world->honest = make_pages(PAGES);
	for (size_t i = 0; i < PAGES * PAGE; i++)
		world->honest[i] = (uint8_t)(i * 7 >> 3);
	world->mute = make_pages(1);
	assert_int_equal(pipe(silence.gate), 0);
	assert_null(lifeline_create(&world->lifeline));
	world->memory =
		(struct lifeline_memory){ world->lifeline, PID, { .fd = fd } };
	world->other = world->memory;
	world->other.pid = PID + 1;
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lifeline_destroy(world->lifeline);
	munmap(world->honest, PAGES * PAGE);
	munmap(world->mute, PAGE);
	silence.page = NULL;
	close(silence.gate[0]);
	close(silence.gate[1]);
	close(world->memory.guarded.fd);
	free(world);
	return 0;
}

static ssize_t look(struct lifeline_memory *memory, const uint8_t *at,
		    void *ret, size_t size)
{
	struct live_memory reader = lifeline_memory_reader(memory);

	return reader.read(reader.context, (uint64_t)(uintptr_t)at, ret, size);
}

static void note_hung(void *context, pid_t pid)
{
	struct world *world = context;

	world->hung++;
	world->hung_pid = pid;
}

static void read_honestly(void *context)
{
	struct world *world = context;
	uint8_t *bytes = malloc(PAGES * PAGE);

	world->begun++;
	world->got = look(&world->memory, world->honest + 5, bytes,
			  PAGES * PAGE - 5);
	world->problem = memcmp(bytes, world->honest + 5, PAGES * PAGE - 5);
	free(bytes);
	world->finished++;
}

static void reads_what_is_there(void **state)
{
	struct world *world = *state;

	lifeline_run(world->lifeline, read_honestly, note_hung, world);
	assert_int_equal(world->got, PAGES * PAGE - 5);
	assert_int_equal(world->problem, 0);
	assert_int_equal(world->begun, 1);
	assert_int_equal(world->finished, 1);
	// And while nobody works, or without a lifeline.
	read_honestly(world);
	assert_int_equal(world->got, PAGES * PAGE - 5);
	world->memory.lifeline = NULL;
	read_honestly(world);
	assert_int_equal(world->got, PAGES * PAGE - 5);
	assert_int_equal(world->hung, 0);
}

static void read_past_the_end(void *context)
{
	struct world *world = context;
	uint8_t bytes[2 * PAGE];

	world->got = look(&world->memory, world->honest + (PAGES - 1) * PAGE,
			  bytes, sizeof(bytes));
	guarded_ranges_close(&world->memory.guarded.ranges);
	world->got_other = look(&world->memory, world->honest, bytes, 1);
}

static void ends_where_memory_does(void **state)
{
	struct world *world = *state;
	uint8_t *gone = world->honest + PAGES * PAGE;

	// Whatever lies behind is made unreadable, or is ours to begin with.
	guarded_ranges_add(&world->memory.guarded.ranges,
			   (uint64_t)(uintptr_t)gone,
			   (uint64_t)(uintptr_t)gone + PAGE);
	lifeline_run(world->lifeline, read_past_the_end, note_hung, world);
	assert_int_equal(world->got, PAGE);
	assert_int_equal(world->got_other, -1);
}

// What a worker does: from what it finds, one after the other.
static void work(void *context)
{
	struct world *world = context;
	uint8_t byte = 0;

	world->begun++;
	errno = 0;
	world->got = look(&world->memory, world->mute, &byte, 1);
	world->problem = errno;
	world->got_other = look(&world->other, world->honest, &byte, 1);
	world->finished++;
}

static void wait_a_little(void *context)
{
	(void)context;
	usleep(200 * 1000);
}

static void goes_on_without_what_hangs(void **state)
{
	struct world *world = *state;

	silence.page = world->mute;
	lifeline_run(world->lifeline, work, note_hung, world);
	assert_int_equal(world->hung, 1);
	assert_int_equal(world->hung_pid, PID);
	assert_int_equal(world->begun, 2);
	assert_int_equal(world->finished, 1);
	// Of that process nothing is read again, of another all.
	assert_int_equal(world->got, -1);
	assert_int_equal(world->problem, EFAULT);
	assert_int_equal(world->got_other, 1);
	// The thread that hung wakes, and leaves the work to the other one.
	assert_int_equal(write(silence.gate[1], "x", 1), 1);
	lifeline_run(world->lifeline, wait_a_little, note_hung, world);
	assert_int_equal(world->finished, 1);
	assert_int_equal(world->hung, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_what_is_there),
		TEST(ends_where_memory_does),
		TEST(goes_on_without_what_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
