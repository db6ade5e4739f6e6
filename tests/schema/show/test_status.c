// SPDX-License-Identifier: Apache-2.0
#include "schema/show/status.h"

#include "tests/cmocka.h"

#include "base/clock.h"
#include "schema/read/profile.h"
#include "schema/store/store.h"

#include <string.h>

#define SECOND ((int64_t)NS_PER_SEC)

// One that has nothing to complain of.
static struct status healthy(void)
{
	struct status status = {
		.pid = 4711,
		.now_wall_ns = 1000 * SECOND,
		.started_wall_ns = 100 * SECOND,
		.vitals_wall_ns = 995 * SECOND,
		.wanted_hz = 99,
		.frequency_hz = 99,
		.seconds = 60,
		.samples = 10000,
		.proven = 5000,
		.unproven = 5,
		.realtime = 1,
		.proof = 1,
		.ends = { { "root", 9000 }, { "no-cfi", 500 },
			  { "kernel-thread", 500 } },
		.end_count = 3,
	};

	return status;
}

static void finds(const struct status *status, const char *words)
{
	struct status_problems problems = status_find_problems(status);

	assert_int_equal(problems.count, 1);
	assert_non_null(strstr(problems.text[0], words));
}

static void is_content_with_a_healthy_daemon(void **state)
{
	struct status status = healthy();

	(void)state;
	assert_int_equal(status_find_problems(&status).count, 0);
}

static void tells_each_problem(void **state)
{
	struct status status = healthy();

	(void)state;
	status.pid = 0;
	finds(&status, "was not stopped in order");
	status.ended_wall_ns = 999 * SECOND;
	finds(&status, "does not run; `systemctl start brindled`");
	status = healthy();
	status.vitals_wall_ns = 900 * SECOND;
	finds(&status, "nothing was written for 100 s");
	status = healthy();
	status.lost = 20;
	finds(&status, "0.20 % of the samples were lost in the last 60 s");
	status = healthy();
	status.dropped = 100;
	finds(&status, "0.99 % of the samples were dropped");
	status = healthy();
	status.realtime = 0;
	finds(&status, "LimitRTPRIO=50");
	status = healthy();
	status.proof = 0;
	finds(&status, "no Python stack is proven");
	status = healthy();
	status.unproven = 500;
	finds(&status, "9.1 % of the Python samples are not proven");
	status = healthy();
	status.ends[1].count = 4000;
	finds(&status, "cut, most of them by 'no-cfi'");
	status = healthy();
	status.incidents[0] = (struct status_incident){
		.kind = "rate", .detail = "sampling at 49 Hz", .wall_ns = 1
	};
	status.incidents[1] = status.incidents[0];
	status.incidents[1].end_wall_ns = 2;
	status.incident_count = 2;
	finds(&status, "sampling at 49 Hz");
}

static void says_little_of_few_samples(void **state)
{
	struct status status = healthy();

	(void)state;
	status.samples = 10;
	status.lost = 5;
	status.proven = 1;
	status.unproven = 4;
	status.ends[0].count = 1;
	status.ends[1].count = 5;
	status.ends[2].count = 0;
	assert_int_equal(status_find_problems(&status).count, 0);
}

static void is_bad_when_much_is_missing_or_in_doubt(void **state)
{
	const struct status_problems none = { .count = 0 }, one = { .count = 1 };

	(void)state;
	assert_string_equal(status_level(&none, 1000, 20, 1000, 0), "good");
	assert_string_equal(status_level(&one, 1000, 10, 950, 50), "warning");
	assert_string_equal(status_level(&one, 1000, 11, 1000, 0), "bad");
	assert_string_equal(status_level(&one, 1000, 0, 899, 101), "bad");
	assert_string_equal(status_level(&one, 1000, 0, 2, 8), "warning");
}

// A store with 70 seconds of vitals, an incident that is over and one that is
// not.
static void make_store(const char *path)
{
	struct store_session session = {
		.brindle_version = "1",
		.host = "host\033[2J",
		.kernel = "6",
		.architecture = "x",
		.command = "daemon",
		.event = "cpu-clock",
		.event_note = "",
		.frequency_hz = 99,
		.cpu_count = 2,
		.stack_bytes = 16384,
		.start_monotonic_ns = 5 * NS_PER_SEC,
		.start_wall_ns = 1000 * NS_PER_SEC,
	};
	struct store_limits limits = { 1 << 30, 86400, 864000, 8640000 };
	struct store *store;
	char *note = NULL;

	assert_null(store_continue(path, &session, &limits, &store, &note));
	free(note);
	for (uint64_t i = 1; i <= 7; i++) {
		struct store_vitals vitals = {
			.monotonic_ns = (5 + 10 * i) * NS_PER_SEC,
			.samples = 100 * i,
			.proven = 10,
			.lost = 1,
			.frequency_hz = 100 - (unsigned int)i,
			.own_cpu_ns = NS_PER_SEC / 10,
			.own_memory_bytes = 50 << 20,
			.processes = 80 + i,
		};

		store_add_vitals(store, &vitals);
	}
	store_incident(store, "memory", 6 * NS_PER_SEC, 8 * NS_PER_SEC, "over");
	store_incident(store, "rate", 9 * NS_PER_SEC, 0, "slow");
	store_set_health(store, "capture_realtime", 1, "");
	store_set_health(store, "proof_tracepoint", 1, "");
	store_set_health(store, "samples", 2800, "");
	assert_null(store_commit(store));
	store_destroy(store); // as if killed
}

static void reads_a_store(void **state)
{
	char folder[] = "/tmp/brindle-status-XXXXXX", path[64], lock[80];
	struct status status;
	struct profile *profile;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/b.db", folder);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	make_store(path);
	assert_null(profile_open(path, &profile));
	assert_null(status_read(profile, path, 77, &status));
	profile_close(profile);
	assert_string_equal(status.host, "host\033[2J");
	assert_int_equal(status.pid, 77);
	assert_int_equal(status.started_wall_ns, 1000 * SECOND);
	assert_int_equal(status.ended_wall_ns, 0);
	assert_int_equal(status.vitals_wall_ns, 1070 * SECOND);
	// The last six of the seven rows.
	assert_int_equal(status.seconds, 60);
	assert_int_equal(status.samples, 100 * (2 + 3 + 4 + 5 + 6 + 7));
	assert_int_equal(status.lost, 6);
	assert_int_equal(status.frequency_hz, 93);
	assert_int_equal(status.wanted_hz, 99);
	assert_int_equal(status.processes, 87);
	assert_int_equal(status.total_samples, 2800);
	assert_int_equal(status.realtime, 1);
	assert_int_equal(status.level_count, 3);
	assert_int_equal(status.limit_bytes, 1 << 30);
	assert_int_equal(status.levels[0].keep_seconds, 86400);
	assert_int_equal(status.levels[1].keep_seconds, 864000);
	assert_int_equal(status.levels[2].keep_seconds, 8640000);
	assert_int_equal(status.incident_count, 2);
	assert_string_equal(status.incidents[0].detail, "slow");
	assert_int_equal(status.incidents[0].end_wall_ns, 0);
	assert_int_equal(status.incidents[1].wall_ns, 1001 * SECOND);
	assert_int_equal(status.incidents[1].end_wall_ns, 1003 * SECOND);
	unlink(path);
	unlink(lock);
	rmdir(folder);
}

static void prints_for_people_and_programs(void **state)
{
	struct status status = healthy();
	struct status_problems problems = status_find_problems(&status);
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	strcpy(status.host, "ho\033[2Jst");
	status.lost = status.total_lost = 3;
	status.lost_records = 120;
	status.total_samples = 10692000;
	status.total_lost_records = 44575;
	status.day_samples = 85530000;
	status.day_lost = 4;
	status.day_lost_records = 44700;
	status.day_dropped = 5;
	status.store_bytes = 512 << 20;
	status.limit_bytes = (int64_t)2 << 30;
	status.level_count = 2;
	status.levels[0] = (struct status_level){
		.name = "sample", .keep_seconds = 86400 };
	status.levels[1] = (struct status_level){
		.name = "rollup_10s", .keep_seconds = 5400 };
	status_print(&status, &problems, out);
	fclose(out);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "running for 15 min 0 s"));
	assert_non_null(strstr(text, "99.90 % of 5005 samples proven"));
	assert_non_null(strstr(text, "512 MiB of 2.0 GiB, 25 %\n"));
	assert_non_null(strstr(text, "for 1 day at most"));
	assert_non_null(strstr(text, "for 90 minutes at most"));
	assert_non_null(strstr(text, "no problems"));
	assert_non_null(strstr(text,
		"                   samples         lost      dropped"
		"   other records lost\n"
		"  last 60 s          10000            3            0"
		"                  120\n"
		"  since start     10692000            3            0"
		"                44575\n"
		"  last 24 h       85530000            4            5"
		"                44700\n"));
	out = fmemopen(text, sizeof(text), "w");
	status_print_json(&status, &problems, out);
	fclose(out);
	assert_non_null(strstr(text, "\"running\":true"));
	assert_non_null(strstr(text, "\"proven\":5000"));
	assert_non_null(strstr(text, "\"total_lost\":3"));
	assert_non_null(strstr(text, "\"total_lost_records\":44575"));
	assert_non_null(strstr(text, "\"day_lost_records\":44700"));
	assert_non_null(strstr(text, "\"problems\":[]"));
	assert_non_null(strstr(text, "\"limit_bytes\":2147483648"));
	assert_non_null(strstr(text, "\"keep_seconds\":86400"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_content_with_a_healthy_daemon),
		cmocka_unit_test(tells_each_problem),
		cmocka_unit_test(says_little_of_few_samples),
		cmocka_unit_test(is_bad_when_much_is_missing_or_in_doubt),
		cmocka_unit_test(reads_a_store),
		cmocka_unit_test(prints_for_people_and_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
