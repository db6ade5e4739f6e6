// SPDX-License-Identifier: Apache-2.0
/*
 * Whose labels are stored for whom, with a store and a /proc that the test
 * makes up: what is told of a pid depends on who has it at the moment.
 */
#include "daemon/pipeline/identity.h"

#include "daemon/process/process_labels.h"
#include "daemon/process/process_state.h"
#include "schema/store/store.h"
#include "tests/cmocka.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PARENT = 100, CHILD = 101, ROWS_MAX = 64 };

/* In place of the real one. */
struct store {
	uint32_t era;
	int64_t last_row;
	unsigned int label_count, rename_count;
	struct {
		int64_t row;
		char command_line[64], executable[64], cgroup[64], unit[64];
		int64_t uid;
	} label[ROWS_MAX];
};

uint32_t store_era(const struct store *store)
{
	return store->era;
}

int64_t store_process(struct store *store, pid_t pid, uint64_t start_ns,
		      const char *name)
{
	(void)name;
	(void)start_ns;
	return ++store->last_row * 1000 + pid;
}

int64_t store_thread(struct store *store, int64_t process_id, pid_t tid,
		     uint64_t start_ns, const char *name)
{
	(void)process_id;
	(void)start_ns;
	(void)name;
	return ++store->last_row * 1000 + tid;
}

void store_rename_process(struct store *store, int64_t process_id,
			  const char *name)
{
	(void)process_id;
	(void)name;
	store->rename_count++;
}

void store_rename_thread(struct store *store, int64_t thread_id,
			 const char *name)
{
	(void)thread_id;
	(void)name;
	store->rename_count++;
}

static void copy(char *to, const char *from)
{
	snprintf(to, 64, "%s", from ? from : "-");
}

void store_label_process(struct store *store, int64_t process_id,
			 const struct store_process_labels *labels)
{
	unsigned int i = store->label_count++;

	assert_true(i < ROWS_MAX);
	store->label[i].row = process_id;
	store->label[i].uid = labels->uid;
	copy(store->label[i].command_line, labels->command_line);
	copy(store->label[i].executable, labels->executable);
	copy(store->label[i].cgroup, labels->cgroup);
	copy(store->label[i].unit, labels->unit);
}

struct fake_proc {
	pid_t gone; /* nobody has this pid */
	unsigned int texts; /* asked for */
	unsigned int early; /* so often there are no arguments yet */
};

static ssize_t fake_text(void *state, enum opener_text which, pid_t pid,
			 pid_t tid, char *ret, size_t size)
{
	struct fake_proc *proc = state;

	(void)tid;
	proc->texts++;
	if (pid == proc->gone)
		return -ENOENT;
	switch (which) {
	case OPENER_TEXT_COMM:
		return snprintf(ret, size, "name-%d\n", pid);
	case OPENER_TEXT_CMDLINE:
		if (proc->early) {
			proc->early--;
			return 0;
		}
		return snprintf(ret, size, "command-%d", pid);
	case OPENER_TEXT_CGROUP:
		return snprintf(ret, size, "0::/group-%d.service\n", pid);
	case OPENER_TEXT_STATUS:
		return snprintf(ret, size, "Name:\tx\nUid:\t%d\t0\t0\t0\n",
				pid);
	case OPENER_TEXT_EXE:
		return snprintf(ret, size, "/bin/%d (deleted)", pid);
	case OPENER_TEXT_STAT:
		break;
	}
	return 0;
}

struct world {
	struct store store;
	struct fake_proc proc;
	struct opener_ops ops;
	struct opener opener;
	struct process_table table;
	struct identity_book book;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	world->ops.text = fake_text;
	world->opener = (struct opener){ &world->ops, &world->proc };
	identity_init(&world->book, &world->store, &world->table);
	*state = world;
	return process_table_init(&world->table, &world->opener) ? -1 : 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	identity_deinit(&world->book);
	process_table_deinit(&world->table);
	free(world);
	return 0;
}

static struct process *make(struct world *world, pid_t maker, pid_t pid,
			    uint64_t time_ns)
{
	struct perf_record record = { .type = PERF_RECORD_FORK,
				      .pid = (uint32_t)pid,
				      .tid = (uint32_t)pid,
				      .time_ns = time_ns,
				      .task = { (uint32_t)maker,
						(uint32_t)maker } };

	assert_true(process_table_apply(&world->table, &record));
	return process_table_find(&world->table, pid);
}

static struct process *exec(struct world *world, pid_t pid, uint64_t time_ns)
{
	struct perf_record record = { .type = PERF_RECORD_COMM,
				      .pid = (uint32_t)pid,
				      .tid = (uint32_t)pid,
				      .time_ns = time_ns,
				      .comm = { "program", true } };

	assert_true(process_table_apply(&world->table, &record));
	return process_table_find(&world->table, pid);
}

static void end(struct world *world, pid_t pid, uint64_t time_ns)
{
	struct perf_record record = { .type = PERF_RECORD_EXIT,
				      .pid = (uint32_t)pid,
				      .tid = (uint32_t)pid,
				      .time_ns = time_ns };

	assert_true(process_table_apply(&world->table, &record));
}

// As a sample of its main thread does: walked, and stored.
static int64_t sample(struct world *world, struct process *process)
{
	struct sampled_thread sampled;

	identity_meet(&world->book, process);
	sampled_thread_init(&sampled, process->pid,
			    process_find_thread(process, process->pid));
	return identity_thread_row(&world->book, process, &sampled);
}

// Once or twice, for a child takes after its parent in a later round.
static void settle(struct world *world)
{
	for (int i = 0; i < 3; i++)
		identity_settle(&world->book,
				monotonic_ns() + (uint64_t)(1 + i) * NS_PER_SEC);
}

static void labels_wait_until_they_are_sure(void **state)
{
	struct world *world = *state;
	struct process *process = make(world, 1, PARENT, 1);
	unsigned int texts;

	sample(world, process);
	assert_int_equal(world->store.label_count, 0);
	identity_settle(&world->book, process->labels->read_ns);
	assert_int_equal(world->store.label_count, 0);
	assert_int_equal(process->waiting, 1);
	settle(world);
	assert_int_equal(process->waiting, 0);
	assert_int_equal(world->store.label_count, 1);
	assert_int_equal(world->store.label[0].row, process->row);
	assert_int_equal(world->store.label[0].uid, PARENT);
	assert_string_equal(world->store.label[0].command_line, "command-100");
	assert_string_equal(world->store.label[0].executable, "/bin/100");
	assert_string_equal(world->store.label[0].cgroup, "/group-100.service");
	assert_string_equal(world->store.label[0].unit, "group-100.service");
	// Nothing is asked for again.
	texts = world->proc.texts;
	sample(world, process);
	settle(world);
	assert_int_equal(world->proc.texts, texts);
	assert_int_equal(world->store.label_count, 1);
}

// The first sample may be within exec itself.
static void arguments_may_come_after_the_exec(void **state)
{
	struct world *world = *state;
	struct process *process = make(world, 1, PARENT, 1);

	world->proc.early = 1;
	sample(world, process);
	identity_settle(&world->book, process->labels->read_ns + NS_PER_SEC);
	assert_int_equal(world->store.label_count, 0);
	identity_settle(&world->book, process->labels->read_ns);
	assert_int_equal(world->store.label_count, 0);
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_string_equal(world->store.label[0].command_line, "command-100");
}

static void and_may_be_its_successors_then(void **state)
{
	struct world *world = *state;
	struct process *process;

	make(world, 1, PARENT, 1);
	process = exec(world, PARENT, 2);
	world->proc.early = 1;
	sample(world, process);
	identity_settle(&world->book, process->labels->read_ns + NS_PER_SEC);
	exec(world, PARENT, process->labels->read_ns - 1);
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_string_equal(world->store.label[0].command_line, "-");
}

// As a kernel's thread.
static void who_has_no_arguments_is_asked_twice(void **state)
{
	struct world *world = *state;
	struct process *process = make(world, 1, PARENT, 1);
	unsigned int texts;

	world->proc.early = 9;
	sample(world, process);
	texts = world->proc.texts;
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_int_equal(world->proc.texts, texts + 1);
}

/** What was read was its successor's: it became that before the reading. */
static void an_earlier_program_has_no_later_labels(void **state)
{
	struct world *world = *state;
	struct process *child;

	make(world, 1, PARENT, 1);
	make(world, PARENT, CHILD, 2);
	child = exec(world, CHILD, 3);
	sample(world, child);
	exec(world, CHILD, child->labels->read_ns - 1);
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_int_equal(world->store.label[0].row, child->row);
	// Whose it is it has from its parent, what it runs is not known.
	assert_int_equal(world->store.label[0].uid, PARENT);
	assert_string_equal(world->store.label[0].cgroup, "/group-100.service");
	assert_string_equal(world->store.label[0].command_line, "-");
	assert_string_equal(world->store.label[0].executable, "-");
}

static void a_later_exec_takes_nothing_away(void **state)
{
	struct world *world = *state;
	struct process *process = make(world, 1, PARENT, 1);

	sample(world, process);
	exec(world, PARENT, process->labels->read_ns + NS_PER_SEC);
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_string_equal(world->store.label[0].command_line, "command-100");
}

static void who_was_gone_takes_after_its_parent(void **state)
{
	struct world *world = *state;
	struct process *child;

	make(world, 1, PARENT, 1);
	child = make(world, PARENT, CHILD, 2);
	end(world, CHILD, 3);
	sample(world, child);
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_int_equal(world->store.label[0].uid, PARENT);
	// It had not become another program.
	assert_string_equal(world->store.label[0].command_line, "command-100");
}

static void or_after_whoever_was_known(void **state)
{
	struct world *world = *state;
	struct process *parent = make(world, 1, PARENT, 1), *child;

	sample(world, parent);
	settle(world);
	make(world, PARENT, CHILD, 2);
	child = exec(world, CHILD, 3);
	end(world, PARENT, 4);
	world->proc.gone = CHILD;
	sample(world, child);
	settle(world);
	assert_int_equal(world->store.label_count, 2);
	assert_int_equal(world->store.label[1].row, child->row);
	assert_int_equal(world->store.label[1].uid, PARENT);
	assert_string_equal(world->store.label[1].command_line, "-");
}

static void of_nobody_nothing_is_known(void **state)
{
	struct world *world = *state;
	struct process *child = make(world, 1, CHILD, 2);

	world->proc.gone = CHILD;
	sample(world, child);
	settle(world);
	assert_int_equal(world->store.label_count, 1);
	assert_int_equal(world->store.label[0].uid, -1);
	assert_string_equal(world->store.label[0].cgroup, "-");
}

static void rows_are_made_anew_in_each_era(void **state)
{
	struct world *world = *state;
	struct process *process = make(world, 1, PARENT, 1);
	int64_t thread = sample(world, process), row = process->row;

	settle(world);
	assert_int_equal(sample(world, process), thread);
	world->store.era++;
	assert_int_not_equal(sample(world, process), thread);
	assert_int_not_equal(process->row, row);
	assert_int_equal(world->store.label_count, 2);
	assert_int_equal(world->store.label[1].row, process->row);
}

static void a_tid_that_came_again_has_its_own_row(void **state)
{
	struct world *world = *state;
	struct process *process = make(world, 1, PARENT, 1);
	struct sampled_thread before;
	int64_t row = sample(world, process);

	sampled_thread_init(&before, PARENT,
			    process_find_thread(process, PARENT));
	process_end_thread(process, PARENT);
	process_new_thread(process, PARENT, 50, "again");
	assert_int_equal(identity_thread_row(&world->book, process, &before),
			 row);
	assert_int_not_equal(sample(world, process), row);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(labels_wait_until_they_are_sure),
		TEST(arguments_may_come_after_the_exec),
		TEST(and_may_be_its_successors_then),
		TEST(who_has_no_arguments_is_asked_twice),
		TEST(an_earlier_program_has_no_later_labels),
		TEST(a_later_exec_takes_nothing_away),
		TEST(who_was_gone_takes_after_its_parent),
		TEST(or_after_whoever_was_known),
		TEST(of_nobody_nothing_is_known),
		TEST(rows_are_made_anew_in_each_era),
		TEST(a_tid_that_came_again_has_its_own_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
