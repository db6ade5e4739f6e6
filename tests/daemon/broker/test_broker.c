// SPDX-License-Identifier: Apache-2.0
/*
 * The two processes as they really are: broker_run() as root, which becomes
 * nobody, with made-up profilers that use the door, crash, or wait for a signal.
 */
#include "daemon/broker/broker.h"

#include "base/clock.h"
#include "daemon/perf/tracepoint.h"
#include "tests/cmocka.h"
#include "unwind/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { SKIPPED = 77, FAILED = 99, SECRET = 0x5ec7e7 };

/** Shared by the test and the processes it makes. */
struct shared {
	pid_t broker, profiler;
	pid_t companion; // atomic
	unsigned int starts;
	int line; // of the check that failed
	uint64_t round_trip_ns;
};

struct world {
	char folder[64];
	pid_t stranger; // a process of root's
	volatile int secret;
	struct shared *shared;
};

// In the profiler: a failed check ends it, and tells its line.
#define CHECK(world, condition)                                                \
	do {                                                                   \
		if (!(condition)) {                                            \
			(world)->shared->line = __LINE__;                      \
			return FAILED;                                         \
		}                                                              \
	} while (0)

/** broker_run() in a child, its status. */
static int run(struct world *world, broker_profiler_fn profiler)
{
	struct broker_options options = { .user = "nobody",
					  .state_folder = world->folder };
	pid_t child;
	int status;

	memset(world->shared, 0, sizeof(*world->shared));
	child = fork();
	if (child == 0) {
		struct error *error;
		int result = FAILED;

		fclose(stderr); // restarts are said there
		error = broker_run(&options, profiler, world, &result);
		_exit(!error ? result :
		      error->code == ERROR_PERMISSION ? SKIPPED : FAILED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (world->shared->line)
		fail_msg("%s:%d", __FILE__, world->shared->line);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	return status;
}

static int uses_the_door(void *context, const struct broker_life *life)
{
	struct world *world = context;
	const struct opener *opener = life->opener;
	char text[256];
	int fd = -1, value = 0;

	CHECK(world, opener_memory(opener, world->stranger, &fd) == NULL);
	CHECK(world, pread(fd, &value, sizeof(value),
			   (off_t)(uintptr_t)&world->secret) == sizeof(value));
	CHECK(world, value == SECRET);
	CHECK(world, opener_text(opener, OPENER_TEXT_COMM, world->stranger, 0,
				 text, sizeof(text)) > 1);
	CHECK(world, !strcmp(text, "stranger\n"));
	CHECK(world, opener_text(opener, OPENER_TEXT_EXE, world->stranger, 0,
				 text, sizeof(text)) > 1);
	CHECK(world, strstr(text, "test_broker"));
	CHECK(world, opener_has_process(opener, world->stranger));
	CHECK(world, !opener_has_process(opener, INT32_MAX));
	// What it opens by itself: as separate debug files are.
	CHECK(world, regular_file_open("/etc/passwd", NULL, &fd) == NULL);
	return 0;
}

static void hands_over_what_is_asked_for(void **state)
{
	assert_int_equal(run(*state, uses_the_door), 0);
}

// The line of maps that has @name.
static bool find_mapping(const char *maps, const char *name,
			 struct opener_mapping *ret)
{
	const char *at = strstr(maps, name);
	unsigned long long start, end, inode;
	unsigned int major, minor;

	while (at && at > maps && at[-1] != '\n')
		at--;
	if (!at || sscanf(at, "%llx-%llx %*s %*x %x:%x %llu", &start, &end,
			  &major, &minor, &inode) != 5)
		return false;
	*ret = (struct opener_mapping){ .start = start,
					.end = end,
					.dev_major = major,
					.dev_minor = minor,
					.inode = inode };
	return true;
}

static int opens_mapped_files(void *context, const struct broker_life *life)
{
	struct world *world = context;
	_cleanup_free_ char *maps = NULL;
	struct opener_mapping mapping = { .end = 0 };
	struct opener_mapping planted = { .end = 1, .path = "/etc/passwd" };
	struct error *error;
	size_t size;
	int fd = -1;

	CHECK(world, opener_maps(life->opener, world->stranger, &maps, &size) ==
			     NULL);
	CHECK(world, find_mapping(maps, "libc.so", &mapping));
	mapping.path = "/not/there";
	CHECK(world, opener_mapped_file(life->opener, world->stranger, &mapping,
					&fd) == NULL);
	CHECK(world, (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK(world, fcntl(fd, F_GETFD) & FD_CLOEXEC);
	// A regular file, but nobody's program.
	error = opener_mapped_file(life->opener, world->stranger, &planted,
				   &fd);
	CHECK(world, error && error->code == ERROR_PERMISSION);
	error_destroy(error);
	planted.path = "/dev/zero";
	error = opener_mapped_file(life->opener, world->stranger, &planted,
				   &fd);
	CHECK(world, error && error->code == ERROR_BAD_DATA);
	error_destroy(error);
	return 0;
}

static void hands_over_programs_only(void **state)
{
	assert_int_equal(run(*state, opens_mapped_files), 0);
}

struct tally {
	pid_t wanted;
	unsigned int found, count;
};

static void count_number(void *context, pid_t number)
{
	struct tally *tally = context;

	tally->found += number == tally->wanted;
	tally->count++;
}

static int lists(void *context, const struct broker_life *life)
{
	struct world *world = context;
	struct tally tally = { .wanted = world->stranger };

	CHECK(world, opener_list(life->opener, 0, count_number, &tally));
	CHECK(world, tally.found == 1 && tally.count > 2);
	tally = (struct tally){ .wanted = world->stranger };
	CHECK(world, opener_list(life->opener, world->stranger, count_number,
				 &tally));
	CHECK(world, tally.found == 1 && tally.count == 1);
	CHECK(world, !opener_list(life->opener, INT32_MAX, count_number,
				  &tally));
	return 0;
}

static void lists_processes_and_threads(void **state)
{
	assert_int_equal(run(*state, lists), 0);
}

static int opens_events(void *context, const struct broker_life *life)
{
	struct world *world = context;
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_CPU_CLOCK };
	struct error *error;
	struct tracepoint found = { 0 };
	void *ring;
	int fd;

	fd = opener_perf_event(life->opener, &attr, -1, 0);
	CHECK(world, fd >= 0);
	ring = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(world, ring != MAP_FAILED);
	CHECK(world, opener_perf_event(life->opener, &attr, 1, -1) == -EPERM);
	error = opener_tracepoint(life->opener, "sched/sched_switch",
				  "next_pid", &found);
	CHECK(world, error ? error->code == ERROR_PERMISSION :
			       found.id > 0 && found.field_size == 4);
	error_destroy(error);
	error = opener_tracepoint(life->opener, "sched/no_such_event", NULL,
				  &found);
	CHECK(world, error != NULL);
	error_destroy(error);
	CHECK(world, opener_kernel_symbols(life->opener, &fd) == NULL);
	return 0;
}

static void opens_events_of_everyone(void **state)
{
	assert_int_equal(run(*state, opens_events), 0);
}

static void *become_fifo(void *argument)
{
	struct sched_param priority = { .sched_priority = 2 };
	int *result = argument;

	*result = sched_setscheduler(0, SCHED_FIFO, &priority);
	return NULL;
}

static int starts_threads(void *context, const struct broker_life *life)
{
	struct world *world = context;
	pthread_t thread;
	int result = -1;

	for (int i = 0; i < 2; i++) {
		CHECK(world, sched_getscheduler(0) == SCHED_OTHER);
		CHECK(world, !opener_start_thread(life->opener, &thread,
						  become_fifo, &result));
		CHECK(world, !pthread_join(thread, NULL));
		CHECK(world, result == 0);
	}
	return 0;
}

static void threads_may_be_real_time(void **state)
{
	assert_int_equal(run(*state, starts_threads), 0);
}

static int crashes_once(void *context, const struct broker_life *life)
{
	struct world *world = context;

	world->shared->starts++;
	if (!life->restarts)
		raise(SIGKILL);
	CHECK(world, life->restarts == 1 && life->signal == SIGKILL);
	CHECK(world, opener_has_process(life->opener, world->stranger));
	return 7;
}

static void a_crashed_profiler_is_started_again(void **state)
{
	struct world *world = *state;
	uint64_t start = monotonic_ns();
	int status = run(world, crashes_once);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(world->shared->starts, 2);
	assert_true(monotonic_ns() - start < NS_PER_SEC);
}

static int waits(void *context, const struct broker_life *life)
{
	struct world *world = context;

	world->shared->broker = life->broker_pid;
	__atomic_store_n(&world->shared->profiler, getpid(), __ATOMIC_RELEASE);
	for (;;)
		usleep(100000);
	return 0;
}

// Says who it is, and ends when it is told to.
static int accompanies(void *context)
{
	struct world *world = context;

	signal(SIGTERM, SIG_DFL);
	__atomic_store_n(&world->shared->companion, getpid(), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return 0;
}

static void start_waiting(struct world *world, pid_t *ret)
{
	struct companion companion = { .name = "friend",
				       .run = accompanies,
				       .context = world };
	struct broker_options options = { .user = "nobody",
					  .state_folder = world->folder,
					  .companion = &companion };

	memset(world->shared, 0, sizeof(*world->shared));
	*ret = fork();
	if (*ret == 0) {
		int result = FAILED;

		// Each end is said there.
		assert_non_null(freopen("/dev/null", "w", stderr));
		error_destroy(broker_run(&options, waits, world, &result));
		_exit(result);
	}
	for (int i = 0; i < 2000 && !world->shared->profiler; i++) {
		if (waitpid(*ret, NULL, WNOHANG) == *ret)
			skip();
		usleep(1000);
	}
	assert_true(world->shared->profiler > 0);
}

static unsigned long long status_field(pid_t pid, const char *name, int base)
{
	char path[64], line[256];
	_cleanup_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ':')
			return strtoull(line + strlen(name) + 1, NULL, base);
	fail_msg("%s", name);
	return 0;
}

static void assert_closed(pid_t pid)
{
	struct stat st;
	char path[64];

	// Owned by root although it runs as nobody: it is not dumpable.
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_not_equal(status_field(pid, "Uid", 10), 0);
	assert_int_equal(status_field(pid, "NoNewPrivs", 10), 1);
	assert_int_equal(status_field(pid, "CapInh", 16), 0);
	assert_int_equal(status_field(pid, "CapAmb", 16), 0);
	assert_int_equal(status_field(pid, "CapBnd", 16), 0);
}

static int file_count(pid_t pid)
{
	char path[64];
	int count = 0;

	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		count += !faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW);
	}
	return count;
}

static void each_has_what_it_needs_and_no_more(void **state)
{
	struct world *world = *state;
	// PERFMON 38, SYS_PTRACE 19, DAC_READ_SEARCH 2, CHECKPOINT_RESTORE 40,
	// SYSLOG 34.
	const unsigned long long five = 1ull << 38 | 1ull << 19 | 1ull << 2 |
					1ull << 40 | 1ull << 34;
	int secret = open("/etc/passwd", O_RDONLY);
	pid_t broker, profiler;
	int status;

	start_waiting(world, &broker);
	close(secret);
	profiler = world->shared->profiler;
	assert_int_equal(world->shared->broker, broker);
	assert_closed(broker);
	assert_closed(profiler);
	assert_int_equal(status_field(broker, "CapPrm", 16) & ~five, 0);
	assert_int_equal(status_field(broker, "CapEff", 16),
			 status_field(broker, "CapPrm", 16));
	assert_int_equal(status_field(profiler, "CapPrm", 16), 0);
	assert_int_equal(status_field(profiler, "CapEff", 16), 0);
	assert_int_equal(status_field(profiler, "Seccomp", 10), 2);
	// 0 to 2, and four channels.
	assert_int_equal(file_count(profiler), 3 + 4);
	kill(broker, SIGTERM);
	assert_int_equal(waitpid(broker, &status, 0), broker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
	assert_int_equal(kill(profiler, 0), -1);
}

static void the_profiler_does_not_outlive_the_broker(void **state)
{
	struct world *world = *state;
	pid_t broker, profiler;

	start_waiting(world, &broker);
	profiler = world->shared->profiler;
	kill(broker, SIGKILL);
	waitpid(broker, NULL, 0);
	for (int i = 0; i < 2000 && !kill(profiler, 0); i++) {
		waitpid(profiler, NULL, WNOHANG);
		usleep(1000);
	}
	assert_int_equal(kill(profiler, 0), -1);
}

// Another one than @before, in time.
static pid_t await_companion(const struct world *world, pid_t before)
{
	pid_t pid = before;

	for (int i = 0; i < 5000 && (pid == before || !pid); i++) {
		pid = __atomic_load_n(&world->shared->companion,
				      __ATOMIC_ACQUIRE);
		usleep(1000);
	}
	assert_true(pid > 0);
	assert_int_not_equal(pid, before);
	return pid;
}

/** Twice, and it ends with the broker as the first would have. */
static void a_killed_companion_is_started_again(void **state)
{
	struct world *world = *state;
	pid_t broker, profiler, companion;
	int status;

	start_waiting(world, &broker);
	profiler = world->shared->profiler;
	companion = await_companion(world, 0);
	for (int i = 0; i < 2; i++) {
		kill(companion, SIGKILL);
		companion = await_companion(world, companion);
	}
	assert_closed(companion);
	assert_int_equal(status_field(companion, "CapPrm", 16), 0);
	assert_int_equal(file_count(companion), 3);
	assert_int_equal(profiler, world->shared->profiler);
	kill(broker, SIGTERM);
	assert_int_equal(waitpid(broker, &status, 0), broker);
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
	assert_int_equal(kill(companion, 0), -1);
}

static int asks_often(void *context, const struct broker_life *life)
{
	enum { TIMES = 2000 };
	struct world *world = context;
	uint64_t start = monotonic_ns();

	for (int i = 0; i < TIMES; i++) {
		int fd = -1;

		CHECK(world, !opener_memory(life->opener, world->stranger,
					    &fd));
		close(fd);
	}
	world->shared->round_trip_ns = (monotonic_ns() - start) / TIMES;
	return 0;
}

static void a_question_is_cheap(void **state)
{
	struct world *world = *state;

	assert_int_equal(run(world, asks_often), 0);
	print_message("memory of a process through the broker: %.1f us\n",
		      (double)world->shared->round_trip_ns / 1e3);
	// Some 15 us; a host that is busy with other tests takes longer.
	assert_true(world->shared->round_trip_ns < 500 * 1000);
}

static int never_runs(void *context, const struct broker_life *life)
{
	(void)context;
	(void)life;
	return 0;
}

static void refuse(const char *user, enum error_code code, const char *word)
{
	struct broker_options options = { .user = user };
	struct error *error;
	int result;

	error = broker_run(&options, never_runs, NULL, &result);
	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_non_null(strstr(error->message, word));
	error_destroy(error);
}

static void users_that_will_not_do_are_refused(void **state)
{
	(void)state;
	refuse("no-such-user", ERROR_NOT_FOUND, "useradd");
	refuse("root", ERROR_USAGE, "not root");
}

static int set_up(void **state)
{
	static struct world world = { .secret = SECRET };

	world.shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(world.folder, "/tmp/brindle-state-XXXXXX");
	if (world.shared == MAP_FAILED || !mkdtemp(world.folder))
		return -1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	world.stranger = fork();
	if (world.stranger == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "stranger");
		for (;;)
			pause();
	}
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	kill(world->stranger, SIGKILL);
	waitpid(world->stranger, NULL, 0);
	return rmdir(world->folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_over_what_is_asked_for),
		cmocka_unit_test(hands_over_programs_only),
		cmocka_unit_test(lists_processes_and_threads),
		cmocka_unit_test(opens_events_of_everyone),
		cmocka_unit_test(threads_may_be_real_time),
		cmocka_unit_test(a_crashed_profiler_is_started_again),
		cmocka_unit_test(each_has_what_it_needs_and_no_more),
		cmocka_unit_test(the_profiler_does_not_outlive_the_broker),
		cmocka_unit_test(a_killed_companion_is_started_again),
		cmocka_unit_test(a_question_is_cheap),
		cmocka_unit_test(users_that_will_not_do_are_refused),
	};

	if (getuid() != 0) {
		puts("skipped: becoming somebody else needs root");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
