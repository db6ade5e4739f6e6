// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/target_table.h"

#include "base/clock.h"
#include "tests/cmocka.h"
#include "unwind/python/binary.h"

#include <fcntl.h>
#include <sched.h>

enum { PID = 4711, ROUNDS = 3000, PIDS = 4 };

static int set_up(void **state)
{
	return target_table_create((struct target_table **)state) ? -1 : 0;
}

static int tear_down(void **state)
{
	target_table_destroy(*state);
	return 0;
}

// @runtime tells which one it is; the descriptor shows when it is closed.
static struct error *publish_for(struct target_table *table, pid_t pid,
				 uint64_t runtime, uint32_t uid)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct python_target *python =
		python_target_create(live_memory_of_fd(fd), NULL, runtime, 0);

	assert_true(fd >= 0);
	assert_non_null(python);
	python->uid = uid;
	return target_table_publish(table, pid, 5, fd, python);
}

static struct error *publish(struct target_table *table, pid_t pid,
			     uint64_t runtime)
{
	return publish_for(table, pid, runtime, 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void a_published_target_is_found(void **state)
{
	struct target_table *table = *state;
	struct target *target;

	assert_null(target_table_hold(table, 0, PID));
	assert_null(publish(table, PID, 1));
	target = target_table_hold(table, 0, PID);
	assert_non_null(target);
	assert_int_equal(target->pid, PID);
	assert_int_equal(target->since_ns, 5);
	assert_true(target->epoch > 0);
	assert_ptr_equal(target, target_table_find(table, PID));
	assert_ptr_equal(target, target_table_by_epoch(table, PID,
						       target->epoch));
	target_table_release(table, 0);
	assert_null(target_table_hold(table, 0, PID + 1));
	assert_null(table->held[0]);
}

static void a_newer_one_replaces_it(void **state)
{
	struct target_table *table = *state;
	struct target *old, *new;

	assert_null(publish(table, PID, 1));
	old = target_table_find(table, PID);
	assert_null(publish(table, PID, 2));
	new = target_table_find(table, PID);
	assert_int_equal(new->python->runtime, 2);
	assert_true(new->epoch > old->epoch);
	assert_ptr_equal(target_table_by_epoch(table, PID, old->epoch), old);
	target_table_collect(table, monotonic_ns() + 1);
	assert_ptr_equal(target_table_find(table, PID), new);
}

static void who_is_held_stays(void **state)
{
	struct target_table *table = *state;
	struct target *target;
	uint64_t epoch;
	int fd;

	assert_null(publish(table, PID, 1));
	target = target_table_hold(table, 3, PID);
	epoch = target->epoch;
	fd = target->memory_fd;
	target_table_retire(table, PID, 100);
	assert_null(target_table_hold(table, 4, PID));
	assert_null(target_table_find(table, PID));
	target_table_collect(table, 1000);
	assert_ptr_equal(target_table_by_epoch(table, PID, epoch), target);
	assert_true(is_open(fd));
	target_table_release(table, 3);
	target_table_collect(table, 100);
	assert_ptr_equal(target_table_by_epoch(table, PID, epoch), target);
	target_table_collect(table, 101);
	assert_null(target_table_by_epoch(table, PID, epoch));
	assert_false(is_open(fd));
	target_table_retire(table, PID, 200);
}

static bool is_odd(void *context, const struct target *target)
{
	++*(int *)context;
	return target->pid % 2;
}

static void the_gone_are_retired(void **state)
{
	struct target_table *table = *state;
	int asked = 0;

	for (pid_t pid = 1; pid <= 100; pid++)
		assert_null(publish(table, pid, 1));
	// Each is asked about once, in whichever step.
	for (size_t i = 0; i < TARGET_SLOTS; i += TARGET_SLOTS / 8) {
		int before = asked;

		target_table_retire_gone(table, i, TARGET_SLOTS / 8, is_odd,
					 &asked, 10);
		assert_true(asked - before < 50);
	}
	assert_int_equal(asked, 100);
	for (pid_t pid = 1; pid <= 100; pid++)
		assert_int_equal(target_table_find(table, pid) != NULL,
				 pid % 2 == 0);
}

/** Where pids collide until no slot is left, the table says so and goes on. */
static void a_full_table_refuses(void **state)
{
	struct target_table *table = *state;
	struct error *error = NULL;
	pid_t pid = 0, full;

	while (!error && pid < TARGET_SLOTS) {
		pid++;
		error = publish(table, pid, (uint64_t)pid);
	}
	assert_non_null(error);
	error_destroy(error);
	full = pid;
	assert_null(target_table_find(table, full));
	for (pid = 1; pid < full; pid++)
		assert_int_equal(target_table_find(table, pid)->python->runtime,
				 pid);
}

struct traffic {
	struct target_table *table;
	unsigned int holder;
	uint64_t held;
	bool stop; // atomic
};

// Whatever is held is whole: its pid is the one asked for, its runtime one that
// was published for it, and nobody has freed it.
static void *hold_and_look(void *argument)
{
	struct traffic *traffic = argument;

	while (!__atomic_load_n(&traffic->stop, __ATOMIC_ACQUIRE)) {
		for (pid_t pid = 1; pid <= PIDS; pid++) {
			struct target *target = target_table_hold(
				traffic->table, traffic->holder, pid);

			if (!target)
				continue;
			traffic->held++;
			for (int i = 0; i < 20; i++)
				if (target->pid != pid ||
				    target->python->runtime % PIDS !=
					    (uint64_t)pid % PIDS)
					abort();
			target_table_release(traffic->table, traffic->holder);
		}
	}
	return NULL;
}

static void threads_hold_while_others_retire(void **state)
{
	struct traffic traffic[2] = { { .table = *state, .holder = 0 },
				      { .table = *state, .holder = 1 } };
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL,
						hold_and_look, &traffic[i]),
				 0);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		pid_t pid = (pid_t)(round % PIDS) + 1;

		assert_null(publish(*state, pid,
				    round * PIDS + (uint64_t)pid));
		if (round % 3 == 0)
			target_table_retire(*state, pid, monotonic_ns());
		target_table_collect(*state, monotonic_ns());
		if (round % 64 == 0)
			sched_yield();
	}
	for (int i = 0; i < 2; i++) {
		__atomic_store_n(&traffic[i].stop, true, __ATOMIC_RELEASE);
		pthread_join(thread[i], NULL);
	}
	target_table_collect(*state, UINT64_MAX);
	assert_null(((struct target_table *)*state)->retired);
}

// Whoever may not be read is known as such, until that changes.
static void the_denied_are_known(void **state)
{
	struct target_table *table = *state;

	target_table_deny(table, PID);
	target_table_deny(table, PID + 1);
	target_table_deny(table, PID + 1);
	assert_true(target_table_is_denied(table, PID));
	assert_false(target_table_is_banned(table, PID));
	assert_false(target_table_is_denied(table, PID + 2));
	target_table_allow(table, PID);
	assert_false(target_table_is_denied(table, PID));
	assert_null(publish(table, PID + 1, 1));
	assert_false(target_table_is_denied(table, PID + 1));
}

static void assert_refused(struct error *error)
{
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	error_destroy(error);
}

// What one user does costs none of the others.
static void who_hangs_readers_again_is_not_read_at_all(void **state)
{
	enum { HOSTILE = 1000, OTHER = 1001 };
	struct target_table *table = *state;
	uint64_t now = monotonic_ns();

	for (pid_t i = 0; i < 3; i++)
		assert_null(publish_for(table, PID + i, 1, HOSTILE));
	assert_null(publish_for(table, PID + 3, 1, OTHER));
	target_table_ban(table, PID, now);
	assert_non_null(target_table_find(table, PID + 1));
	target_table_ban(table, PID + 1, now);
	assert_null(target_table_find(table, PID + 2));
	assert_true(target_table_is_banned(table, PID + 2));
	assert_refused(publish_for(table, PID + 4, 1, HOSTILE));
	assert_true(target_table_is_banned(table, PID + 4));
	target_table_allow(table, PID + 4); // it execs
	assert_refused(publish_for(table, PID + 4, 1, HOSTILE));
	assert_non_null(target_table_find(table, PID + 3));
	assert_null(publish_for(table, PID + 5, 1, OTHER));
}

static void root_loses_no_more_than_what_hangs(void **state)
{
	struct target_table *table = *state;

	for (pid_t i = 0; i < 4; i++)
		assert_null(publish_for(table, PID + i, 1, 0));
	for (pid_t i = 0; i < 3; i++)
		target_table_ban(table, PID + i, monotonic_ns());
	assert_non_null(target_table_find(table, PID + 3));
}

static void a_user_is_forgiven_after_an_hour(void **state)
{
	struct target_users users = { .next = 0 };
	const uint64_t hour = 3600 * NS_PER_SEC;

	(void)state;
	target_users_note(&users, 1000, 1);
	assert_false(target_users_are_banned(&users, 1000, 2));
	target_users_note(&users, 1000, 2);
	assert_true(target_users_are_banned(&users, 1000, hour));
	assert_false(target_users_are_banned(&users, 1000, hour + 2));
	target_users_note(&users, 1000, hour + 3);
	assert_false(target_users_are_banned(&users, 1000, hour + 4));
	for (uint32_t uid = 1; uid < 3 * TARGET_USERS; uid++)
		target_users_note(&users, uid, hour + 5);
	target_users_note(&users, UINT32_MAX, 1);
	assert_false(target_users_are_banned(&users, UINT32_MAX, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_published_target_is_found),
		TEST(a_newer_one_replaces_it),
		TEST(who_is_held_stays),
		TEST(the_gone_are_retired),
		TEST(a_full_table_refuses),
		TEST(the_denied_are_known),
		TEST(threads_hold_while_others_retire),
		TEST(who_hangs_readers_again_is_not_read_at_all),
		TEST(root_loses_no_more_than_what_hangs),
		TEST(a_user_is_forgiven_after_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
