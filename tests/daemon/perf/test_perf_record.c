// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/daemon/perf/record_draft.h"

enum { PID = 100, TID = 101, TIME = 7777, CPU = 3, ID = 42 };

static size_t finish_with_trailer(struct draft *draft)
{
	draft_add_pair(draft, PID, TID);
	draft_add(draft, TIME);
	draft_add_pair(draft, CPU, 0);
	draft_add(draft, ID);
	return draft_end(draft);
}

static void begin_tracepoint(struct draft *draft)
{
	draft_begin(draft, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
	draft_add(draft, ID);
	draft_add_pair(draft, PID, TID);
	draft_add(draft, TIME);
	draft_add_pair(draft, CPU, 0);
}

static bool parse(const struct draft *draft, size_t bytes,
		  enum perf_record_kind kind, struct perf_record *ret)
{
	return perf_record_parse(draft->words, bytes, kind, &arch_x86_64, ret);
}

static void add_regs(struct draft *draft)
{
	draft_add(draft, PERF_SAMPLE_REGS_ABI_64);
	for (unsigned int i = 0; i < arch_x86_64.perf_count; i++)
		draft_add(draft, 1000 + i);
}

static void draft_timer(struct draft *draft)
{
	draft_begin(draft, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
	draft_add(draft, ID);
	draft_add(draft, 0x401000);
	draft_add_pair(draft, PID, TID);
	draft_add(draft, TIME);
	draft_add_pair(draft, CPU, 0);
	draft_add(draft, 10101010);
	draft_add(draft, 2);
	draft_add(draft, PERF_CONTEXT_KERNEL);
	draft_add(draft, 0xffffffff81000000);
	add_regs(draft);
	draft_add(draft, 32);
	for (unsigned int i = 0; i < 4; i++)
		draft_add(draft, 2000 + i);
	draft_add(draft, 24);
}

static void test_timer(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_timer(&draft);
	assert_true(parse(&draft, draft_end(&draft), PERF_KIND_TIMER, &record));
	assert_int_equal(record.type, PERF_RECORD_SAMPLE);
	assert_int_equal(record.event_id, ID);
	assert_int_equal(record.pid, PID);
	assert_int_equal(record.tid, TID);
	assert_int_equal(record.time_ns, TIME);
	assert_int_equal(record.cpu, CPU);
	assert_int_equal(record.sample.ip, 0x401000);
	assert_int_equal(record.sample.period, 10101010);
	assert_int_equal(record.sample.chain_count, 2);
	assert_int_equal(record.sample.chain[1], 0xffffffff81000000);
	assert_int_equal(record.sample.regs_abi, PERF_SAMPLE_REGS_ABI_64);
	assert_int_equal(record.sample.regs[1], 1001);
	assert_int_equal(record.sample.stack_size, 24);
	assert_int_equal(record.sample.stack[0], 2000 & 0xff);
	assert_int_equal(perf_record_sample_id(draft.words), ID);
}

static void test_timer_of_kernel_thread(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_begin(&draft, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
	for (unsigned int i = 0; i < 6; i++)
		draft_add(&draft, i);
	draft_add(&draft, 0); // no chain
	draft_add(&draft, PERF_SAMPLE_REGS_ABI_NONE);
	draft_add(&draft, 0); // no stack, and then no dyn_size
	assert_true(parse(&draft, draft_end(&draft), PERF_KIND_TIMER, &record));
	assert_null(record.sample.regs);
	assert_null(record.sample.stack);
	assert_int_equal(record.sample.stack_size, 0);
}

static void test_proof(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	begin_tracepoint(&draft);
	add_regs(&draft);
	assert_true(parse(&draft, draft_end(&draft), PERF_KIND_PROOF, &record));
	assert_int_equal(record.tid, TID);
	assert_int_equal(record.time_ns, TIME);
	assert_int_equal(record.sample.regs[arch_x86_64.perf_count - 1],
			 1000 + arch_x86_64.perf_count - 1);
	assert_null(record.sample.stack);
	// The same bytes are no timer, and no sample is of the third kind.
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_TIMER, &record));
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_OTHER, &record));
}

static void test_proof_with_stack(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	begin_tracepoint(&draft);
	add_regs(&draft);
	draft_add(&draft, 16);
	draft_add(&draft, 2000);
	draft_add(&draft, 2001);
	draft_add(&draft, 8);
	assert_true(parse(&draft, draft_end(&draft), PERF_KIND_PROOF, &record));
	assert_int_equal(record.sample.stack_size, 8);
	assert_int_equal(record.sample.stack[0], 2000 & 0xff);
	draft.words[draft.count - 4] = 24;
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_PROOF, &record));
}

static void test_waking(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	begin_tracepoint(&draft);
	draft_add_pair(&draft, 12, 1);
	draft_add_pair(&draft, 2, 3);
	assert_true(parse(&draft, draft_end(&draft), PERF_KIND_WAKING, &record));
	assert_int_equal(record.tid, TID);
	assert_int_equal(record.time_ns, TIME);
	assert_int_equal(record.sample.raw_size, 12);
	assert_int_equal(((const uint32_t *)record.sample.raw)[2], 3);
	// More than there is, and less.
	draft.words[5] = draft_pair(16, 1);
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_WAKING, &record));
	draft.words[5] = draft_pair(4, 1);
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_WAKING, &record));
}

static void test_move(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	begin_tracepoint(&draft);
	assert_true(parse(&draft, draft_end(&draft), PERF_KIND_MOVE, &record));
	assert_int_equal(record.tid, TID);
	assert_int_equal(record.time_ns, TIME);
	assert_int_equal(record.cpu, CPU);
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_PROOF, &record));
	draft_add(&draft, 0);
	assert_false(parse(&draft, draft_end(&draft), PERF_KIND_MOVE, &record));
}

// Every word a length may be read from, with values that lie.
static void test_lying_lengths(void **state)
{
	static const uint64_t lies[] = { 3, 1000, UINT64_MAX, UINT64_MAX / 8,
					 UINT64_C(1) << 61, INT64_MAX };
	unsigned int stack_word = 10 + 1 + arch_x86_64.perf_count;
	const unsigned int words[] = { 7, 10, stack_word, stack_word + 5 };
	struct perf_record record;
	struct draft draft;

	(void)state;
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
		for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
			if (words[w] == stack_word + 5 && lies[i] == 3)
				continue; // three bytes of stack are possible
			draft_timer(&draft);
			draft.words[words[w]] = lies[i];
			assert_false(parse(&draft, draft_end(&draft),
					   PERF_KIND_TIMER, &record));
		}
}

static void test_every_truncation(void **state)
{
	struct perf_record record;
	struct draft draft;
	size_t count;

	(void)state;
	draft_timer(&draft);
	count = draft.count;
	for (size_t words = 0; words < count; words++) {
		draft.words[0] = draft_pair(PERF_RECORD_SAMPLE, 0) |
				 (uint64_t)words * 8 << 48;
		assert_false(parse(&draft, words * 8, PERF_KIND_TIMER,
				   &record));
	}
}

static void test_bad_sizes(void **state)
{
	struct perf_record record;
	struct draft draft;
	size_t bytes;

	(void)state;
	draft_timer(&draft);
	bytes = draft_end(&draft);
	assert_false(parse(&draft, 0, PERF_KIND_TIMER, &record));
	assert_false(parse(&draft, bytes - 8, PERF_KIND_TIMER, &record));
	assert_false(parse(&draft, bytes - 1, PERF_KIND_TIMER, &record));
	assert_false(perf_record_parse((const char *)draft.words + 4, 8,
				       PERF_KIND_OTHER, &arch_x86_64, &record));
	draft_begin(&draft, PERF_RECORD_SAMPLE, 0); // a size of 0
	assert_false(parse(&draft, 8, PERF_KIND_TIMER, &record));
}

static void draft_mapping(struct draft *draft, uint16_t misc)
{
	draft_begin(draft, PERF_RECORD_MMAP2, misc);
	draft_add_pair(draft, PID, TID);
	draft_add(draft, 0x7f0000000000);
	draft_add(draft, 0x2000);
	draft_add(draft, 0x1000);
}

static void test_mapping_by_inode(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_mapping(&draft, 0);
	draft_add_pair(&draft, 8, 1);
	draft_add(&draft, 123456);
	draft_add(&draft, 9);
	draft_add_pair(&draft, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	draft_add_text(&draft, "/usr/lib/libc.so.6");
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_int_equal(record.mapping.start, 0x7f0000000000);
	assert_int_equal(record.mapping.length, 0x2000);
	assert_int_equal(record.mapping.file_offset, 0x1000);
	assert_int_equal(record.mapping.major, 8);
	assert_int_equal(record.mapping.minor, 1);
	assert_int_equal(record.mapping.inode, 123456);
	assert_int_equal(record.mapping.inode_generation, 9);
	assert_true(record.mapping.executable);
	assert_false(record.mapping.shared);
	assert_null(record.mapping.build_id);
	assert_string_equal(record.mapping.path, "/usr/lib/libc.so.6");
	assert_int_equal(record.time_ns, TIME);
	assert_int_equal(record.event_id, ID);
}

static void test_mapping_by_build_id(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_mapping(&draft, PERF_RECORD_MISC_MMAP_BUILD_ID);
	draft_add_pair(&draft, 20, 0xaaaaaaaa);
	draft_add(&draft, 0);
	draft_add(&draft, 0);
	draft_add_pair(&draft, PROT_READ, MAP_SHARED);
	draft_add_text(&draft, "//anon");
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_int_equal(record.mapping.build_id_size, 20);
	assert_int_equal(record.mapping.build_id[0], 0xaa);
	assert_int_equal(record.mapping.inode, 0);
	assert_false(record.mapping.executable);
	assert_true(record.mapping.shared);
	draft.words[5] = draft_pair(21, 0);
	assert_false(parse(&draft, draft.count * 8, PERF_KIND_OTHER, &record));
}

static void test_path_without_end(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_mapping(&draft, 0);
	for (unsigned int i = 0; i < 4; i++)
		draft_add(&draft, 0);
	draft_add(&draft, 0x2f2f2f2f2f2f2f2f); // the trailer is not part of it
	assert_false(parse(&draft, finish_with_trailer(&draft),
			   PERF_KIND_OTHER, &record));
}

static void test_comm(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_begin(&draft, PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC);
	draft_add_pair(&draft, 7, 8);
	draft_add_text(&draft, "python3");
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_int_equal(record.pid, 7);
	assert_int_equal(record.tid, 8);
	assert_string_equal(record.comm.name, "python3");
	assert_true(record.comm.exec);
}

static void test_fork_and_exit(void **state)
{
	static const uint32_t types[] = { PERF_RECORD_FORK, PERF_RECORD_EXIT };
	struct perf_record record;
	struct draft draft;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		draft_begin(&draft, types[i], 0);
		draft_add_pair(&draft, 200, PID);
		draft_add_pair(&draft, 201, TID);
		draft_add(&draft, TIME - 1);
		assert_true(parse(&draft, finish_with_trailer(&draft),
				  PERF_KIND_OTHER, &record));
		assert_int_equal(record.type, types[i]);
		assert_int_equal(record.pid, 200);
		assert_int_equal(record.tid, 201);
		assert_int_equal(record.task.parent_pid, PID);
		assert_int_equal(record.task.parent_tid, TID);
		assert_int_equal(record.time_ns, TIME);
	}
}

static void test_switches(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_begin(&draft, PERF_RECORD_SWITCH,
		    PERF_RECORD_MISC_SWITCH_OUT |
			    PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_true(record.switched.out);
	assert_true(record.switched.preempted);
	draft_begin(&draft, PERF_RECORD_SWITCH_CPU_WIDE, 0);
	draft_add_pair(&draft, 1, 1);
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_false(record.switched.out);
	assert_int_equal(record.tid, TID);
}

static void test_losses(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_begin(&draft, PERF_RECORD_LOST, 0);
	draft_add(&draft, ID);
	draft_add(&draft, 17);
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_int_equal(record.lost.count, 17);
	draft_begin(&draft, PERF_RECORD_LOST_SAMPLES, 0);
	draft_add(&draft, 18);
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_int_equal(record.lost.count, 18);
	draft_begin(&draft, PERF_RECORD_LOST, 0);
	draft_add(&draft, ID);
	assert_false(parse(&draft, finish_with_trailer(&draft),
			   PERF_KIND_OTHER, &record));
}

static void test_throttle_and_unknown(void **state)
{
	struct perf_record record;
	struct draft draft;

	(void)state;
	draft_begin(&draft, PERF_RECORD_THROTTLE, 0);
	for (unsigned int i = 0; i < 3; i++)
		draft_add(&draft, i);
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	draft_begin(&draft, 9999, 0);
	draft_add(&draft, 1);
	assert_true(parse(&draft, finish_with_trailer(&draft), PERF_KIND_OTHER,
			  &record));
	assert_int_equal(record.type, 9999);
	assert_int_equal(record.pid, PID);
	assert_int_equal(record.time_ns, TIME);
	draft_begin(&draft, 9999, 0);
	assert_false(parse(&draft, draft_end(&draft), PERF_KIND_OTHER, &record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_timer_of_kernel_thread),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_proof_with_stack),
		cmocka_unit_test(test_waking),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_bad_sizes),
		cmocka_unit_test(test_mapping_by_inode),
		cmocka_unit_test(test_mapping_by_build_id),
		cmocka_unit_test(test_path_without_end),
		cmocka_unit_test(test_comm),
		cmocka_unit_test(test_fork_and_exit),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_throttle_and_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
