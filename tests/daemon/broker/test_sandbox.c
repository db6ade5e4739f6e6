// SPDX-License-Identifier: Apache-2.0
/*
 * What a profiler could do that was taken over by what it reads: every attempt
 * is made in a child behind the walls, and, to see that the attempt is a real
 * one, in a child without them.
 */
#include "daemon/broker/privilege.h"
#include "daemon/broker/sandbox.h"

#include "tests/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { SUCCEEDED = 0, NO_WALLS = 100, REFUSED = 101 };

struct world {
	char folder[64]; // the state folder
	char other[64];
	pid_t victim; // a process of the same user
	int unconnected; // an inherited datagram socket
	bool landlocked;
};

typedef bool (*attempt_fn)(const struct world *world);

static bool writes_outside(const struct world *world)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/planted", world->other);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) >= 0;
}

static bool runs_a_program(const struct world *world)
{
	char *arguments[] = { (char *)"true", NULL };

	(void)world;
	execv("/bin/true", arguments);
	return false;
}

static bool forks(const struct world *world)
{
	pid_t pid = fork();

	(void)world;
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool makes_a_socket(const struct world *world)
{
	(void)world;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool connects(const struct world *world)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path + 1, "brindle-test");
	return connect(world->unconnected, (struct sockaddr *)&address,
		       sizeof(address)) == 0 || errno == ECONNREFUSED;
}

static bool sends_to_an_address(const struct world *world)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path + 1, "brindle-test");
	return sendto(world->unconnected, "x", 1, 0,
		      (struct sockaddr *)&address, sizeof(address)) == 1 ||
	       errno == ECONNREFUSED;
}

static bool traces(const struct world *world)
{
	return ptrace(PTRACE_SEIZE, world->victim, NULL, NULL) == 0;
}

static bool reads_memory_by_pid(const struct world *world)
{
	long byte;
	struct iovec here = { &byte, sizeof(byte) };
	struct iovec there = { (void *)&environ, sizeof(byte) };

	return process_vm_readv(world->victim, &here, 1, &there, 1, 0) > 0;
}

static bool reads_memory_by_proc(const struct world *world)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)world->victim);
	return open(path, O_RDONLY) >= 0;
}

static bool opens_an_event(const struct world *world)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_CPU_CLOCK,
					.exclude_kernel = 1 };

	(void)world;
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) >= 0;
}

static bool kills(const struct world *world)
{
	return kill(world->victim, 0) == 0;
}

static bool makes_code(const struct world *world)
{
	(void)world;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool turns_data_into_code(const struct world *world)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)world;
	return page != MAP_FAILED &&
	       mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool becomes_dumpable(const struct world *world)
{
	(void)world;
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool makes_a_name_space(const struct world *world)
{
	(void)world;
	return unshare(CLONE_NEWUSER) == 0;
}

static bool uses_io_uring(const struct world *world)
{
	char parameters[128] = { 0 };

	(void)world;
	return syscall(SYS_io_uring_setup, 1, parameters) >= 0 ||
	       errno == EPERM || errno == ENOSYS;
}

static bool types_into_a_terminal(const struct world *world)
{
	char byte = 'x';

	(void)world;
	// TIOCSTI; refused before it matters that this is no terminal.
	return ioctl(0, 0x5412, &byte) == 0 || errno == ENOTTY ||
	       errno == EIO || errno == EBADF;
}

static bool reads_a_private_file(const struct world *world)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/secret", world->other);
	return open(path, O_RDONLY) >= 0;
}

static const struct attempt {
	const char *name;
	attempt_fn make;
	bool by_landlock; // else seccomp alone must stop it
} attempts[] = {
	{ "write outside", writes_outside, true },
	{ "read a file elsewhere", reads_a_private_file, true },
	{ "run a program", runs_a_program, false },
	{ "fork", forks, false },
	{ "make a socket", makes_a_socket, false },
	{ "connect", connects, false },
	{ "send to an address", sends_to_an_address, false },
	{ "trace", traces, false },
	{ "read memory by pid", reads_memory_by_pid, false },
	{ "read memory by /proc", reads_memory_by_proc, true },
	{ "open an event", opens_an_event, false },
	{ "kill", kills, false },
	{ "make code", makes_code, false },
	{ "turn data into code", turns_data_into_code, false },
	{ "become dumpable", becomes_dumpable, false },
	{ "make a name space", makes_a_name_space, false },
	{ "use io_uring", uses_io_uring, false },
	{ "type into a terminal", types_into_a_terminal, false },
};

static bool writes_a_state_file(const struct world *world)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/planted", world->folder);
	return open(path, O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool reads_the_users(const struct world *world)
{
	(void)world;
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool looks_around(const struct world *world)
{
	(void)world;
	return open("/", O_RDONLY | O_DIRECTORY) >= 0;
}

// What the profiler may, and the web server need not.
static const struct attempt web_attempts[] = {
	{ "write into the state folder", writes_a_state_file, true },
	{ "read the users of the host", reads_the_users, true },
	{ "look around", looks_around, true },
};

static void enter_or_exit(const struct world *world, enum sandbox_role role)
{
	const char *const readable[] = { world->folder, NULL };
	struct sandbox_options profiler = { .state_folder = world->folder };
	struct sandbox_options web = { .role = SANDBOX_WEB,
				       .readable = readable };
	struct sandbox_options options = role == SANDBOX_WEB ? web : profiler;
	bool landlocked;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    sandbox_enter(&options, &landlocked))
		_exit(NO_WALLS);
}

static int status_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

// True when it succeeded. A program that was run ends with 0, too.
static bool make_attempt(const struct world *world,
			 const struct attempt *attempt, bool walls,
			 enum sandbox_role role)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (walls)
			enter_or_exit(world, role);
		_exit(attempt->make(world) ? SUCCEEDED : REFUSED);
	}
	status = status_of(child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return false;
	}
	assert_int_not_equal(WEXITSTATUS(status), NO_WALLS);
	return WEXITSTATUS(status) == SUCCEEDED;
}

static void try_attempts(const struct world *world, enum sandbox_role role,
			 const struct attempt *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct attempt *attempt = &list[i];

		if (attempt->by_landlock && !world->landlocked) {
			print_message("no Landlock here: %s\n", attempt->name);
			continue;
		}
		if (!make_attempt(world, attempt, false, role)) {
			print_message("not possible here at all: %s\n",
				      attempt->name);
			continue;
		}
		if (make_attempt(world, attempt, true, role))
			fail_msg("behind the walls one can %s", attempt->name);
	}
}

static void every_attempt_fails(void **state)
{
	try_attempts(*state, SANDBOX_PROFILER, attempts,
		     sizeof(attempts) / sizeof(attempts[0]));
}

static void the_web_server_can_do_less(void **state)
{
	try_attempts(*state, SANDBOX_WEB, attempts,
		     sizeof(attempts) / sizeof(attempts[0]));
	try_attempts(*state, SANDBOX_WEB, web_attempts,
		     sizeof(web_attempts) / sizeof(web_attempts[0]));
}

static void *return_argument(void *argument)
{
	return argument;
}

static bool works(const struct world *world)
{
	char path[96], byte;
	pthread_t thread;
	sqlite3 *db = NULL;
	void *result = NULL;
	bool done;

	snprintf(path, sizeof(path), "%s/x.db", world->folder);
	done = sqlite3_open(path, &db) == SQLITE_OK &&
	       sqlite3_exec(db,
			    "PRAGMA journal_mode = WAL;"
			    "CREATE TABLE x (y); INSERT INTO x VALUES (1);"
			    "PRAGMA wal_checkpoint(TRUNCATE); DROP TABLE x;"
			    "VACUUM", NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_close(db) == SQLITE_OK;
	done = done && !pthread_create(&thread, NULL, return_argument, &byte) &&
	       !pthread_join(thread, &result) && result == &byte;
	return done && open("/proc/self/stat", O_RDONLY) >= 0 &&
	       open("/etc/passwd", O_RDONLY) >= 0 &&
	       open("/sys/devices/system/cpu/online", O_RDONLY) >= 0;
}

static void what_a_profiler_does_works(void **state)
{
	static const struct attempt work = { "work", works, false };

	assert_true(make_attempt(*state, &work, true, SANDBOX_PROFILER));
}

static int set_up(void **state)
{
	static struct world world;
	char path[96];
	int version;

	strcpy(world.folder, "/tmp/brindle-state-XXXXXX");
	strcpy(world.other, "/tmp/brindle-other-XXXXXX");
	if (!mkdtemp(world.folder) || !mkdtemp(world.other))
		return -1;
	snprintf(path, sizeof(path), "%s/secret", world.other);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	world.unconnected = socket(AF_UNIX, SOCK_DGRAM, 0);
	version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	world.landlocked = version > 0;
	world.victim = fork();
	if (world.victim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char command[256];

	kill(world->victim, SIGKILL);
	waitpid(world->victim, NULL, 0);
	close(world->unconnected);
	snprintf(command, sizeof(command), "rm -rf '%s' '%s'", world->folder,
		 world->other);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attempt_fails),
		cmocka_unit_test(the_web_server_can_do_less),
		cmocka_unit_test(what_a_profiler_does_works),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
