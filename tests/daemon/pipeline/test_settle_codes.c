// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/settle_codes.h"

#include "base/clock.h"
#include "daemon/pipeline/waiting_sample.h"
#include "tests/cmocka.h"
#include "unwind/page_cache.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

// A file is the process: what lies behind its end reads as ended, and what may
// not be read as unmapped.
enum { AT_CODE = 0x1000, FILE_BYTES = 0x4000, OBJECT = 0x10000, TIMES = 40 };

struct world {
	struct pipeline pipeline;
	struct process process;
	struct process_python python;
	struct waiting_sample *sample;
	struct python_code *code;
	uint64_t now_ns;
};

static void put(struct world *world, uint32_t offset, const void *bytes,
		size_t size)
{
	assert_int_equal(pwrite(world->python.memory.guarded.fd, bytes, size,
				AT_CODE + offset),
			 size);
}

static void put_u64(struct world *world, uint32_t offset, uint64_t value)
{
	put(world, offset, &value, sizeof(value));
}

static void put_u32(struct world *world, uint32_t offset, uint32_t value)
{
	put(world, offset, &value, sizeof(value));
}

static void put_head(struct world *world)
{
	const struct python_layout *layout = world->python.layout;

	put_u64(world, layout->code.type, OBJECT);
	put_u64(world, layout->code.unit_count, 16);
	put_u32(world, layout->code.local_count, 3);
	put_u32(world, layout->code.stack_size, 4);
	if (layout->code.frame_words != PYTHON_NO_OFFSET)
		put_u32(world, layout->code.frame_words, 16);
	if (layout->code.version != PYTHON_NO_OFFSET)
		put_u32(world, layout->code.version, 77);
	put_u32(world, layout->code.first_line, 10);
	put_u64(world, layout->code.name, OBJECT);
	put_u64(world, layout->code.qualified_name, OBJECT);
	put_u64(world, layout->code.file_name, OBJECT);
	put_u64(world, layout->code.line_table, OBJECT);
}

static struct python_code *learn(struct world *world)
{
	uint8_t head[PYTHON_CODE_HEAD_MAX];

	assert_int_equal(pread(world->python.memory.guarded.fd, head, sizeof(head),
			       AT_CODE),
			 sizeof(head));
	return python_code_learn(world->python.codes, AT_CODE, head,
				 sizeof(head), world->now_ns - 10 * NS_PER_SEC);
}

// A second before the sample its one code object was there, for the last of
// @confirmations times, and had been for nine.
static void begin(struct world *world, uint32_t version,
		  unsigned int confirmations)
{
	memset(world, 0, sizeof(*world));
	world->now_ns = monotonic_ns();
	world->python.layout = python_layout_find(version, false);
	assert_non_null(world->python.layout);
	world->python.memory.guarded.fd = memfd_create("process", 0);
	assert_int_equal(ftruncate(world->python.memory.guarded.fd, FILE_BYTES), 0);
	world->python.codes =
		python_code_cache_create(world->python.layout, 0);
	put_head(world);
	world->code = learn(world);
	assert_non_null(world->code);
	world->code->state = PYTHON_CODE_NAMED;
	world->code->confirmations = confirmations;
	world->code->confirmed_ns = world->now_ns - NS_PER_SEC;
	world->sample = calloc(1, sizeof(*world->sample) +
					  sizeof(world->sample->frames[0]));
	world->sample->time_ns = world->now_ns - NS_PER_MS;
	world->sample->process = &world->process;
	world->sample->python = &world->python;
	world->sample->frame_count = 1;
	world->sample->frames[0].code = world->code;
	world->sample->frames[0].frame.kind = FRAME_PYTHON;
	world->sample->frames[0].frame.status = FRAME_UNPROVEN;
	world->pipeline.sparing = true;
	world->pipeline.pages = page_cache_create();
	assert_null(target_table_create(&world->pipeline.targets));
	world->pipeline.settled = world->sample;
	world->pipeline.settled_end = &world->sample->next;
	world->pipeline.unchecked = &world->pipeline.settled;
}

// What became of its frame, and of the sample.
static void end(struct world *world, enum frame_status status,
		enum proof_reason reason)
{
	settle_look_at_codes(&world->pipeline);
	settle_codes(&world->pipeline);
	assert_int_equal(world->sample->frames[0].frame.status, status);
	assert_int_equal(world->sample->reason, reason);
	target_table_destroy(world->pipeline.targets);
	page_cache_destroy(world->pipeline.pages);
	python_code_cache_destroy(world->python.codes);
	close(world->python.memory.guarded.fd);
	free(world->sample);
}

enum { VERSION_3_11 = 0x030b07f0, VERSION_3_12 = 0x030c01f0 };

static void process_ends(struct world *world)
{
	assert_int_equal(ftruncate(world->python.memory.guarded.fd, 0), 0);
}

static void what_is_there_is_proven(void **state)
{
	struct world world;

	(void)state;
	begin(&world, VERSION_3_12, TIMES);
	world.code->confirmed_ns = world.now_ns - 100 * NS_PER_MS;
	settle_look_at_codes(&world.pipeline);
	// What is old can wait for a while.
	assert_true(world.code->confirmed_ns < world.sample->time_ns);
	end(&world, FRAME_PROVEN, PROOF_HOLDS);
	begin(&world, VERSION_3_12, 3);
	settle_look_at_codes(&world.pipeline);
	assert_true(world.code->confirmed_ns >= world.sample->time_ns);
	// From then on it may go.
	process_ends(&world);
	end(&world, FRAME_PROVEN, PROOF_HOLDS);
}

static void what_was_replaced_is_unresolved(void **state)
{
	struct world world;

	(void)state;
	begin(&world, VERSION_3_12, TIMES);
	put_u32(&world, world.python.layout->code.first_line, 11);
	end(&world, FRAME_UNRESOLVED, PROOF_HOLDS);
}

static void what_ended_had_to_be_there_for_long(void **state)
{
	struct world world;

	(void)state;
	begin(&world, VERSION_3_12, TIMES);
	process_ends(&world);
	end(&world, FRAME_PROVEN, PROOF_HOLDS);
	begin(&world, VERSION_3_12, TIMES);
	world.code->confirmed_ns -= 5 * NS_PER_SEC;
	process_ends(&world);
	end(&world, FRAME_UNPROVEN, PROOF_CODE_GONE);
	begin(&world, VERSION_3_12, 2);
	process_ends(&world);
	end(&world, FRAME_UNPROVEN, PROOF_CODE_GONE);
	begin(&world, VERSION_3_12, 1);
	process_ends(&world);
	end(&world, FRAME_UNRESOLVED, PROOF_HOLDS);
}

static void what_was_unmapped_may_have_been_before(void **state)
{
	struct world world;

	(void)state;
	begin(&world, VERSION_3_12, TIMES);
	guarded_ranges_add(&world.python.memory.guarded.ranges, AT_CODE,
			   AT_CODE + 0x1000);
	end(&world, FRAME_UNPROVEN, PROOF_CODE_GONE);
}

static void what_changed_and_back_is_unresolved(void **state)
{
	struct world world;

	(void)state;
	begin(&world, VERSION_3_11, TIMES);
	put_u32(&world, world.python.layout->code.first_line, 11);
	settle_look_at_codes(&world.pipeline);
	put_u32(&world, world.python.layout->code.first_line, 10);
	end(&world, FRAME_UNRESOLVED, PROOF_HOLDS);
}

// Of an object without a version all is read again: of a sample so much, and
// what is left is not proven.
static void so_much_is_read_for_a_sample(void **state)
{
	const size_t size = (size_t)64 << 20;
	struct world world;

	(void)state;
	begin(&world, VERSION_3_11, TIMES);
	world.code->line_table_size = size;
	end(&world, FRAME_UNPROVEN, PROOF_CODE_GONE);
	begin(&world, VERSION_3_12, TIMES);
	world.code->line_table_size = size;
	end(&world, FRAME_PROVEN, PROOF_HOLDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_proven),
		cmocka_unit_test(what_was_replaced_is_unresolved),
		cmocka_unit_test(what_ended_had_to_be_there_for_long),
		cmocka_unit_test(what_was_unmapped_may_have_been_before),
		cmocka_unit_test(what_changed_and_back_is_unresolved),
		cmocka_unit_test(so_much_is_read_for_a_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
