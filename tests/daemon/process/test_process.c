// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_state.h"

#include "base/clock.h"
#include "tests/cmocka.h"
#include "unwind/python/layout.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

// Above every pid that the kernel gives out, so that /proc has none of them.
enum { A = 1 << 23, B, C, LIB = 0x10000, SIZE = 0x1000 };

static int set_up(void **state)
{
	struct process_table *table = calloc(1, sizeof(*table));

	*state = table;
	return !table || process_table_init(table, &opener_direct) ? -1 : 0;
}

static int tear_down(void **state)
{
	process_table_deinit(*state);
	free(*state);
	return 0;
}

static void apply(struct process_table *table, struct perf_record record)
{
	assert_true(process_table_apply(table, &record));
}

static void do_fork(struct process_table *table, pid_t maker, pid_t maker_tid,
		    pid_t pid, pid_t tid, uint64_t time_ns)
{
	apply(table, (struct perf_record){
			     .type = PERF_RECORD_FORK,
			     .pid = (uint32_t)pid,
			     .tid = (uint32_t)tid,
			     .time_ns = time_ns,
			     .task = { (uint32_t)maker, (uint32_t)maker_tid } });
}

static void do_exit_of(struct process_table *table, pid_t pid, pid_t tid)
{
	apply(table, (struct perf_record){ .type = PERF_RECORD_EXIT,
					   .pid = (uint32_t)pid,
					   .tid = (uint32_t)tid });
}

static void do_comm(struct process_table *table, pid_t pid, pid_t tid,
		    uint64_t time_ns, const char *name, bool exec)
{
	apply(table, (struct perf_record){ .type = PERF_RECORD_COMM,
					   .pid = (uint32_t)pid,
					   .tid = (uint32_t)tid,
					   .time_ns = time_ns,
					   .comm = { name, exec } });
}

static void do_map(struct process_table *table, pid_t pid, uint64_t start,
		   uint64_t inode, const char *path)
{
	apply(table, (struct perf_record){ .type = PERF_RECORD_MMAP2,
					   .pid = (uint32_t)pid,
					   .tid = (uint32_t)pid,
					   .time_ns = start << 17, // no crowd
					   .mapping = { .start = start,
							.length = SIZE,
							.major = 8, .inode = inode,
							.executable = true,
							.path = path } });
}

static void do_lose(struct process_table *table, uint64_t time_ns)
{
	apply(table, (struct perf_record){ .type = PERF_RECORD_LOST,
					   .time_ns = time_ns });
}

// A process that was seen from its exec on.
static struct process *make_program(struct process_table *table, pid_t pid,
				    uint64_t time_ns, const char *name)
{
	do_comm(table, pid, pid, time_ns, name, true);
	do_map(table, pid, LIB, 42, "/nowhere/lib.so");
	return process_table_get(table, pid, 0);
}

static void a_fork_inherits(void **state)
{
	struct process_table *table = *state;
	struct process *parent = make_program(table, A, 10, "program");
	const struct mapping *mapping;
	struct process *child;

	do_fork(table, A, A, B, B, 20);
	child = process_table_get(table, B, 0);
	assert_ptr_not_equal(child, parent);
	assert_int_equal(child->start_ns, 20);
	assert_string_equal(child->name, "program");
	mapping = space_find(&child->image->space, LIB);
	assert_non_null(mapping);
	assert_ptr_equal(mapping->module,
			 space_find(&parent->image->space, LIB)->module);
	assert_int_equal(process_thread(child, B)->start_ns, 20);
	// And goes its own way.
	do_map(table, B, LIB, 43, "/nowhere/other.so");
	process_table_get(table, B, 0);
	assert_string_equal(space_find(&parent->image->space, LIB)->module->path,
			    "/nowhere/lib.so");
	assert_string_equal(space_find(&child->image->space, LIB)->module->path,
			    "/nowhere/other.so");
}

static void tasks_are_named_after_the_thread_that_made_them(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");

	do_fork(table, A, A, A, A + 10, 20);
	assert_string_equal(process_thread(process, A + 10)->name, "program");
	do_comm(table, A, A + 10, 30, "worker", false);
	do_fork(table, A, A + 10, A, A + 11, 40);
	assert_string_equal(process_thread(process, A + 11)->name, "worker");
	do_fork(table, A, A + 10, B, B, 50);
	assert_string_equal(process_table_get(table, B, 0)->name, "worker");
	assert_string_equal(process->name, "program");
}

static void an_exec_is_another_process(void **state)
{
	struct process_table *table = *state;
	struct process *before = make_program(table, A, 10, "before");
	struct process *after;

	do_fork(table, A, A, A, A + 10, 15);
	do_comm(table, A, A, 20, "after", true);
	after = process_table_get(table, A, 0);
	assert_ptr_not_equal(before, after);
	assert_string_equal(after->name, "after");
	assert_int_equal(after->start_ns, 20);
	assert_null(space_find(&after->image->space, LIB));
	assert_int_equal(HASH_COUNT(after->threads), 1);
	// The old one is kept for its samples, then goes.
	assert_ptr_equal(table->exited, before);
	process_table_collect(table);
	process_table_collect(table);
	assert_null(table->exited);
	assert_null(table->exited_before);
}

static void the_leader_may_end_first(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");

	do_fork(table, A, A, A, A + 10, 20);
	do_exit_of(table, A, A);
	assert_ptr_equal(process_table_get(table, A, 0), process);
	assert_null(table->exited);
	do_exit_of(table, A, A + 10);
	assert_ptr_equal(table->exited, process);
	assert_int_equal(HASH_COUNT(table->processes), 0);
}

static void a_late_sample_finds_who_it_was(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");
	struct thread *thread;

	do_fork(table, A, A, A, A + 10, 20);
	do_comm(table, A, A + 10, 21, "worker", false);
	thread = process_thread(process, A + 10);
	do_exit_of(table, A, A + 10);
	assert_ptr_equal(process_thread(process, A + 10), thread);
	do_exit_of(table, A, A);
	assert_ptr_equal(process_table_get(table, A, 0), process);
	process_table_collect(table);
	assert_ptr_equal(process_table_get(table, A, 0), process);
	process_table_collect(table);
	assert_string_equal(process_table_get(table, A, 0)->name, "");
}

static void a_waiting_sample_holds_its_process(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");

	process->waiting = 1;
	do_exit_of(table, A, A);
	for (int i = 0; i < 5; i++)
		process_table_collect(table);
	assert_ptr_equal(table->exited_before, process);
	assert_string_equal(process->name, "program");
	process->waiting = 0;
	process_table_collect(table);
	assert_null(table->exited_before);
}

static void a_tid_that_comes_again_is_another_thread(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");

	do_fork(table, A, A, A, A + 10, 20);
	process_thread(process, A + 10)->row = 5;
	do_exit_of(table, A, A + 10);
	do_fork(table, A, A, A, A + 10, 30);
	assert_int_equal(process_thread(process, A + 10)->start_ns, 30);
	assert_int_equal(process_thread(process, A + 10)->row, 0);
	// Also when the end went unseen.
	do_fork(table, A, A, A, A + 10, 40);
	assert_int_equal(process_thread(process, A + 10)->start_ns, 40);
	assert_int_equal(HASH_COUNT(process->threads), 2);
}

static void a_pid_that_comes_again_is_another_process(void **state)
{
	struct process_table *table = *state;
	struct process *old = make_program(table, B, 10, "old");

	make_program(table, A, 10, "program");
	do_fork(table, A, A, B, B, 30);
	assert_ptr_not_equal(process_table_get(table, B, 0), old);
	assert_int_equal(process_table_get(table, B, 0)->start_ns, 30);
	assert_ptr_equal(table->exited, old);
}

static void threads_that_ended_are_freed(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");
	int kept = 0;

	for (int i = 1; i <= 1000; i++) {
		do_fork(table, A, A, A, A + i, 20);
		do_exit_of(table, A, A + i);
	}
	assert_int_equal(HASH_COUNT(process->threads), 1);
	for (struct thread *t = process->exited_threads; t; t = t->next_exited)
		kept++;
	assert_in_range(kept, 1, 64);
}

static void a_rename_is_noticed_once_it_is_stored(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");
	struct thread *thread = process_thread(process, A);

	do_comm(table, A, A, 20, "first", false);
	assert_string_equal(process->name, "first");
	assert_false(process->renamed);
	process->row = 1;
	thread->row = 2;
	do_comm(table, A, A, 30, "first", false);
	assert_false(process->renamed);
	do_comm(table, A, A, 40, "second", false);
	assert_true(process->renamed);
	assert_true(thread->renamed);
	assert_int_equal(process->row, 1);
	assert_string_equal(thread->name, "second");
	do_comm(table, A, A, 50, "a name longer than the kernel has", false);
	assert_string_equal(thread->name, "a name longer t");
}

static void a_mapping_is_replaced(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");

	do_map(table, A, LIB, 43, "/nowhere/newer.so");
	process_table_get(table, A, 0);
	assert_string_equal(space_find(&process->image->space, LIB)->module->path,
			    "/nowhere/newer.so");
	assert_int_equal(process->image->space.count, 1);
	do_map(table, A, LIB + SIZE, 0, "//anon");
	process_table_get(table, A, 0);
	assert_null(space_find(&process->image->space, LIB + SIZE)->module);
}

/** Caches go by the place of a space and its generation. */
static void no_two_spaces_are_alike(void **state)
{
	struct process_table *table = *state;
	uint64_t last = 0;

	make_program(table, A, 10, "program");
	for (int i = 0; i < 100; i++) {
		struct process *process;

		do_fork(table, A, A, B, B, 20);
		do_map(table, B, LIB, 43, "/nowhere/other.so");
		process = process_table_get(table, B, 0);
		assert_true(process->image->space.generation > last);
		last = process->image->space.generation + 1000;
		do_exit_of(table, B, B);
		process_table_collect(table);
		process_table_collect(table);
	}
}

static void who_began_unseen_is_read_from_proc(void **state)
{
	struct process_table *table = *state;
	char name[PROCESS_NAME_MAX];
	struct process *process;

	prctl(PR_GET_NAME, name);
	// A record of one mapping does not make the others known.
	do_map(table, getpid(), LIB, 42, "/nowhere/lib.so");
	process = process_table_get(table, getpid(), 0);
	assert_string_equal(process->name, name);
	assert_true(process->image->space.count > 2);
	assert_non_null(space_find(&process->image->space, LIB));
	assert_non_null(space_find(&process->image->space,
				   (uint64_t)who_began_unseen_is_read_from_proc));
	// As /proc has it: before now, and long after the boot.
	assert_in_range(process->start_ns, monotonic_ns() / 2, monotonic_ns());
}

static void after_a_loss_it_is_read_again(void **state)
{
	struct process_table *table = *state;
	struct process *process = process_table_get(table, getpid(), 0);
	struct process *again;

	do_map(table, getpid(), LIB, 42, "/nowhere/unmapped-since.so");
	do_lose(table, 77);
	assert_ptr_equal(process_table_get(table, getpid(), 0), process);
	assert_null(space_find(&process->image->space, LIB));
	assert_non_null(space_find(&process->image->space,
				   (uint64_t)after_a_loss_it_is_read_again));
	// Under another name, it is another program.
	strcpy(process->name, "another");
	do_lose(table, 88);
	again = process_table_get(table, getpid(), 0);
	assert_ptr_not_equal(again, process);
	assert_int_equal(again->start_ns, 88);
	// One that is gone stays as it was.
	process = make_program(table, A, 10, "program");
	do_lose(table, 99);
	assert_ptr_equal(process_table_get(table, A, 0), process);
	assert_non_null(space_find(&process->image->space, LIB));
}

static void sweep(struct process_table *table, uint64_t now_ns)
{
	while (!process_table_sweep(table, now_ns))
		;
}

static void *tell_tid(void *argument)
{
	pid_t tid = gettid();

	if (write(*(int *)argument, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static bool leader_has_ended(pid_t pid)
{
	char text[1024];

	if (!opener_text(&opener_direct, OPENER_TEXT_STAT, pid, 0, text,
			 sizeof(text)))
		return true;
	return strstr(text, ") Z ") != NULL;
}

static void whose_end_went_unseen_is_swept(void **state)
{
	struct process_table *table = *state;
	struct process *own = process_table_get(table, getpid(), 0);

	make_program(table, A, 10, "program");
	sweep(table, 100);
	assert_int_equal(HASH_COUNT(table->processes), 2);
	// One that began meanwhile is not looked for.
	make_program(table, B, 200, "program");
	sweep(table, 200);
	assert_int_equal(HASH_COUNT(table->processes), 2);
	assert_ptr_equal(process_table_find(table, getpid()), own);
	assert_non_null(process_table_find(table, B));
}

static void whose_beginning_went_unseen_is_found(void **state)
{
	struct process_table *table = *state;
	struct process *process;

	sweep(table, 100);
	assert_null(process_table_find(table, getpid()));
	process_table_list_all(table);
	assert_non_null(process_table_find(table, getpid()));
	process_table_remove(table, process_table_find(table, getpid()), 1);
	// One that has just ended may wait to be reaped: that is no new one.
	sweep(table, 200);
	assert_null(process_table_find(table, getpid()));
	process_table_collect(table);
	process_table_collect(table);
	sweep(table, 300);
	process = process_table_find(table, getpid());
	assert_non_null(process);
	// Nothing is read of it before somebody asks.
	assert_false(process->named);
	assert_true(process->image->unread);
	assert_int_equal(process->image->space.count, 0);
}

/** In /proc there are many more than one step takes. */
static void a_sweep_of_a_crowd_takes_many_steps(void **state)
{
	struct process_table *table = *state;
	int steps = 1;

	for (pid_t pid = C; pid < C + 5000; pid++)
		assert_non_null(process_table_add(table, pid, 10, NULL));
	while (!process_table_sweep(table, 100))
		steps++;
	assert_true(steps >= 5);
	// The one that the next step would begin with goes.
	while (!table->sweep.next)
		process_table_sweep(table, 200);
	process_table_remove(table,
			     process_table_find(table, table->sweep.next), 1);
	while (!process_table_sweep(table, 200))
		;
	assert_int_equal(HASH_COUNT(table->processes), 0);
}

static void what_nobody_asks_for_is_only_noted(void **state)
{
	struct process_table *table = *state;
	struct process *process, *child;

	do_comm(table, A, A, 10, "program", true);
	do_map(table, A, LIB, 42, "/nowhere/lib.so");
	process = process_table_find(table, A);
	assert_int_equal(process->image->space.count, 0);
	assert_int_equal(module_cache_count(table->modules), 0);
	do_fork(table, A, A, B, B, 20);
	child = process_table_find(table, B);
	assert_ptr_equal(child->image, process->image);
	do_map(table, A, LIB + SIZE, 43, "/nowhere/other.so");
	assert_ptr_not_equal(child->image, process->image);
	assert_int_equal(process_table_get(table, B, 0)->image->space.count, 1);
	assert_int_equal(process_table_get(table, A, 0)->image->space.count, 2);
	assert_string_equal(process->image->executable, "/nowhere/lib.so");
	assert_string_equal(child->image->executable, "/nowhere/lib.so");
}

static void mappings_without_end_are_bounded(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");
	uint64_t start = LIB;

	for (int i = 0; i < PROCESS_IMAGE_MAPPINGS_MAX + 5000; i++) {
		do_map(table, A, start += SIZE, 0, "//anon");
		assert_in_range(process->image->noted_count, 1,
				PROCESS_IMAGE_NOTED_MAX);
	}
	process_table_get(table, A, 0);
	assert_in_range(process->image->space.count, 1,
			PROCESS_IMAGE_MAPPINGS_MAX +
				PROCESS_IMAGE_NOTED_MAX);
}

/** Without the exec's record in between, a name read now may be of after. */
static void a_child_has_the_name_that_its_maker_had(void **state)
{
	struct process_table *table = *state;
	char name[PROCESS_NAME_MAX];
	struct process *child;

	prctl(PR_GET_NAME, name);
	process_table_list_all(table);
	do_fork(table, getpid(), getpid(), B, B, UINT64_MAX - 1);
	child = process_table_find(table, B);
	assert_false(child->named);
	process_table_get(table, B, B);
	assert_string_equal(child->name, name);
	assert_string_equal(process_thread(child, B)->name, name);
	assert_int_equal(child->parent, getpid());
}

/** The leader has ended, /proc/PID/maps is empty, and others go on. */
static void a_process_without_its_leader_is_read_by_another(void **state)
{
	struct process_table *table = *state;
	int ready[2], pid;
	struct process *process;
	pid_t tid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		pthread_t thread;

		pthread_create(&thread, NULL, tell_tid, &ready[1]);
		pthread_exit(NULL);
	}
	assert_int_equal(read(ready[0], &tid, sizeof(tid)), sizeof(tid));
	while (!leader_has_ended(pid))
		sched_yield();
	process = process_table_get(table, pid, tid);
	assert_non_null(space_find(&process->image->space, (uint64_t)tell_tid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

static struct target *make_target(uint64_t since_ns, uint64_t epoch)
{
	struct target *target = calloc(1, sizeof(*target));

	assert_non_null(target);
	target->since_ns = since_ns;
	target->epoch = epoch;
	target->memory_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	target->python = python_target_create(
		live_memory_of_fd(target->memory_fd),
		python_layout_find(0x030c01f0, false), 0, 0);
	assert_non_null(target->python);
	return target;
}

static void free_target(struct target *target)
{
	python_target_destroy(target->python);
	close(target->memory_fd);
	free(target);
}

static void an_interpreter_belongs_to_its_program(void **state)
{
	struct process_table *table = *state;
	struct process *process = make_program(table, A, 10, "program");
	struct target *earlier = make_target(5, 1);
	struct target *own = make_target(15, 2);
	struct target *later = make_target(25, 3);
	struct process_python *python;

	assert_null(process_python_of(process, earlier));
	python = process_python_of(process, own);
	assert_non_null(python);
	assert_ptr_equal(process_python_of(process, own), python);
	// Its memory is read through a descriptor of its own.
	assert_int_not_equal(python->memory.guarded.fd, own->memory_fd);
	assert_ptr_not_equal(process_python_of(process, later), python);
	assert_ptr_equal(process->python->older, python);
	free_target(earlier);
	free_target(own);
	free_target(later);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fork_inherits),
		TEST(tasks_are_named_after_the_thread_that_made_them),
		TEST(an_exec_is_another_process),
		TEST(the_leader_may_end_first),
		TEST(a_late_sample_finds_who_it_was),
		TEST(a_waiting_sample_holds_its_process),
		TEST(a_tid_that_comes_again_is_another_thread),
		TEST(a_pid_that_comes_again_is_another_process),
		TEST(threads_that_ended_are_freed),
		TEST(a_rename_is_noticed_once_it_is_stored),
		TEST(a_mapping_is_replaced),
		TEST(no_two_spaces_are_alike),
		TEST(who_began_unseen_is_read_from_proc),
		TEST(after_a_loss_it_is_read_again),
		TEST(whose_end_went_unseen_is_swept),
		TEST(whose_beginning_went_unseen_is_found),
		TEST(a_sweep_of_a_crowd_takes_many_steps),
		TEST(what_nobody_asks_for_is_only_noted),
		TEST(mappings_without_end_are_bounded),
		TEST(a_child_has_the_name_that_its_maker_had),
		TEST(a_process_without_its_leader_is_read_by_another),
		TEST(an_interpreter_belongs_to_its_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
