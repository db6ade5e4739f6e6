// SPDX-License-Identifier: Apache-2.0
#include "daemon/command/doctor.h"

#include "tests/cmocka.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

// A host on which nothing is missing.
static struct doctor_facts healthy(void)
{
	return (struct doctor_facts){
		.features = {
			.paranoid = -1,
			.kernel_allowed = true,
			.system_wide_allowed = true,
			.switch_proof = SWITCH_PROOF_TRACEPOINT,
			.build_id = true,
			.lost_count = true,
			.hardware = true,
			.max_rate_hz = 100000,
		},
		.root = true,
		.capabilities = UINT64_MAX,
		.bounding = UINT64_MAX,
		.landlock = 6,
		.fifo = true,
		.tracefs_mounted = true,
		.tracefs_readable = true,
		.kernel_symbols = true,
		.memlock_bytes = UINT64_MAX,
		.shell_pid = 4711,
	};
}

static const struct doctor_finding *
find_topic(const struct doctor_finding *findings, unsigned int count,
	   const char *topic)
{
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(findings[i].topic, topic) == 0)
			return &findings[i];
	fail_msg("no finding about %s", topic);
	return NULL;
}

static void a_healthy_host_needs_nothing(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = healthy();
	unsigned int count = doctor_judge(&facts, findings);

	(void)state;
	assert_true(count > 5);
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(findings[i].level, DOCTOR_OK);
		assert_string_equal(findings[i].fix, "");
		assert_null(findings[i].cost);
	}
}

static void refused_perf_is_the_only_finding(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = healthy();

	(void)state;
	facts.features.paranoid = 3;
	snprintf(facts.features_error, sizeof(facts.features_error),
		 "not permitted");
	assert_int_equal(doctor_judge(&facts, findings), 1);
	assert_int_equal(findings[0].level, DOCTOR_MISSING);
	assert_string_equal(findings[0].fix,
			    "sudo sysctl kernel.perf_event_paranoid=2");
}

static void each_lack_has_a_cost(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = {
		.features = { .paranoid = 2,
			      .switch_proof = SWITCH_PROOF_NONE,
			      .max_rate_hz = 100 },
		.ptrace_scope = 2,
		.kptr_restrict = 1,
		.mlock_kib = 64,
		.shell_pid = 4711,
	};
	unsigned int count = doctor_judge(&facts, findings);

	(void)state;
	// All but "perf events work".
	assert_int_equal(findings[0].level, DOCTOR_OK);
	for (unsigned int i = 1; i < count; i++) {
		assert_int_not_equal(findings[i].level, DOCTOR_OK);
		assert_non_null(findings[i].cost);
	}
}

static void fifo_names_the_shell_to_raise(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = healthy();
	unsigned int count;

	(void)state;
	facts.fifo = false;
	facts.root = false;
	count = doctor_judge(&facts, findings);
	assert_string_equal(find_topic(findings, count, "freezing")->fix,
			    "sudo prlimit --rtprio=10:10 --pid 4711");
}

static void yama_1_still_lets_commands_be_read(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = healthy();
	unsigned int count;

	(void)state;
	facts.capabilities = 0;
	facts.ptrace_scope = 1;
	count = doctor_judge(&facts, findings);
	assert_int_equal(find_topic(findings, count, "reading memory")->level,
			 DOCTOR_LIMITED);
	facts.ptrace_scope = 3;
	count = doctor_judge(&facts, findings);
	assert_int_equal(find_topic(findings, count, "reading memory")->level,
			 DOCTOR_MISSING);
}

static void unmounted_tracefs_is_told_from_closed(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = healthy();
	unsigned int count;

	(void)state;
	facts.features.switch_proof = SWITCH_PROOF_SOFTWARE;
	count = doctor_judge(&facts, findings);
	assert_non_null(
		strstr(find_topic(findings, count, "proof")->fix, "remount"));
	facts.tracefs_mounted = false;
	count = doctor_judge(&facts, findings);
	assert_non_null(strstr(find_topic(findings, count, "proof")->fix,
			       "mount -t tracefs"));
}

static void what_the_daemon_lacks_is_named(void **state)
{
	struct doctor_finding findings[DOCTOR_FINDING_MAX];
	struct doctor_facts facts = healthy();
	const struct doctor_finding *finding;
	unsigned int count;

	(void)state;
	strcpy(facts.daemon_user_error, "there is none");
	facts.landlock = -1;
	count = doctor_judge(&facts, findings);
	finding = find_topic(findings, count, "daemon");
	assert_int_equal(finding->level, DOCTOR_LIMITED);
	assert_non_null(strstr(finding->fix, "useradd"));
	finding = find_topic(findings, count, "daemon's walls");
	assert_int_equal(finding->level, DOCTOR_LIMITED);
	facts.bounding &= ~(1ull << CAP_PERFMON);
	count = doctor_judge(&facts, findings);
	finding = find_topic(findings, count, "daemon");
	assert_int_equal(finding->level, DOCTOR_MISSING);
	assert_non_null(strstr(finding->state, "CAP_PERFMON"));
	facts.bounding = ~(1ull << CAP_SYSLOG);
	count = doctor_judge(&facts, findings);
	finding = find_topic(findings, count, "daemon");
	assert_int_equal(finding->level, DOCTOR_LIMITED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_host_needs_nothing),
		cmocka_unit_test(refused_perf_is_the_only_finding),
		cmocka_unit_test(each_lack_has_a_cost),
		cmocka_unit_test(fifo_names_the_shell_to_raise),
		cmocka_unit_test(yama_1_still_lets_commands_be_read),
		cmocka_unit_test(unmounted_tracefs_is_told_from_closed),
		cmocka_unit_test(what_the_daemon_lacks_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
