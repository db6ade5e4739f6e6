// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sample_judge.h"

#include "tests/cmocka.h"
#include "unwind/python/binary.h"

#include <stdlib.h>

// A thread of a CPython whose walk met no eval loop, and what was read of it.
struct fixture {
	struct pipeline *pipeline;
	struct python_binary binary;
	struct module module;
	struct mapping mapping;
	struct process_image image;
	struct process process;
	struct capture *capture;
	struct python_stack stack;
	struct frame frame;
	struct walk_result walk;
	struct judged_sample sample;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->pipeline = calloc(1, sizeof(*f->pipeline));
	f->capture = calloc(1, sizeof(*f->capture));
	assert_non_null(f->pipeline);
	assert_non_null(f->capture);
	f->binary.layout = python_layout_at(1);
	f->binary.eval_count = 1;
	f->module.python = &f->binary;
	f->module.python_known = true;
	f->mapping = (struct mapping){ .start = 4096, .end = 8192,
				       .module = &f->module };
	f->image.space = (struct space){ .mappings = &f->mapping, .count = 1 };
	f->process.image = &f->image;
	f->stack.chain_count = 1;
	f->stack.chain[0].finished = true;
	f->frame = (struct frame){ .kind = FRAME_NATIVE };
	f->walk = (struct walk_result){ .frames = &f->frame, .frame_count = 1 };
	f->sample = (struct judged_sample){ .process = &f->process,
					    .capture = f->capture,
					    .layout = f->binary.layout,
					    .stack = &f->stack,
					    .walk = &f->walk };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->pipeline);
	free(f->capture);
	free(f);
	return 0;
}

static void expect(struct fixture *f, enum proof_reason reason,
		   enum sample_python python)
{
	enum sample_python found;

	assert_string_equal(proof_reason_name(sample_judge(f->pipeline,
							   &f->sample, &found)),
			    proof_reason_name(reason));
	assert_int_equal(found, python);
}

static void set(struct fixture *f, enum snapshot_status status,
		enum walk_end end)
{
	f->capture->snapshot.status = status;
	f->walk.end = end;
}

/** What the walk saw is all of the stack, or what was read says so, with proof. */
static void native(void **state)
{
	struct fixture *f = *state;

	set(f, SNAPSHOT_OK, WALK_END_ROOT);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_NONE);
	set(f, SNAPSHOT_OK, WALK_END_NO_CFI);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_EXCLUDED);
	f->stack.chain[0].finished = false;
	f->stack.chain[0].lost = true;
	set(f, SNAPSHOT_NO_THREAD, WALK_END_NO_CFI);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_EXCLUDED);
	set(f, SNAPSHOT_NO_RUNTIME, WALK_END_STACK_BOUND);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_EXCLUDED);
}

/** What was not looked at to its end excludes nothing. */
static void not_looked_at(void **state)
{
	struct fixture *f = *state;

	// A state without frames was met, and there may be another one.
	set(f, SNAPSHOT_SEARCH_CUT, WALK_END_NO_CFI);
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	f->stack.chain[0].finished = false;
	f->stack.chain[0].lost = true;
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	set(f, SNAPSHOT_SEARCH_CUT, WALK_END_ROOT);
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	set(f, SNAPSHOT_UNREADABLE, WALK_END_NO_CFI);
	expect(f, PROOF_UNREADABLE, SAMPLE_PYTHON_THERE);
}

/** Of an interpreter that the process does not run any more. */
static void read_of_another(void **state)
{
	struct fixture *f = *state;

	f->sample.stack = NULL;
	f->sample.layout = NULL;
	set(f, SNAPSHOT_OK, WALK_END_NO_CFI);
	expect(f, PROOF_NOT_CAPTURED, SAMPLE_PYTHON_THERE);
	f->walk.eval_activations = 1;
	expect(f, PROOF_NOT_CAPTURED, SAMPLE_PYTHON_THERE);
}

/** Every activation on a whole stack has its frames: of a state that was not met
 *  one would be left; where the one that runs can be told. */
static void matched_all_the_same(void **state)
{
	struct fixture *f = *state;
	struct python_layout blind = *f->binary.layout;

	f->walk.eval_activations = 1;
	set(f, SNAPSHOT_SEARCH_CUT, WALK_END_ROOT);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_THERE);
	set(f, SNAPSHOT_SEARCH_CUT, WALK_END_NO_CFI);
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	set(f, SNAPSHOT_SEARCH_CUT, WALK_END_ROOT);
	f->frame.status = FRAME_GUESSED;
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	f->frame.status = FRAME_EXACT;
	f->walk.unmatched_activations = 1;
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	f->walk.unmatched_activations = 0;
	blind.thread.status_mask = 0;
	blind.gil.current = PYTHON_NO_OFFSET;
	f->sample.layout = &blind;
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
}

static void be_no_python(struct fixture *f)
{
	f->module.python = NULL;
	f->image.space.generation++;
}

/** A file that nobody could look into, and a walk that did not see the root. */
static void files_that_nobody_knows(void **state)
{
	struct fixture *f = *state;

	be_no_python(f);
	f->sample.stack = NULL;
	f->sample.capture = NULL;
	f->sample.uncaptured = PROOF_NOT_CAPTURED;
	f->walk.end = WALK_END_NO_CFI;
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_NONE);
	f->module.unread = true;
	f->image.space.generation++;
	expect(f, PROOF_FILES_UNKNOWN, SAMPLE_PYTHON_THERE);
	assert_true(f->image.doubt.wanted);
	// A walk to the root leads through no such file, or it would have ended.
	f->walk.end = WALK_END_ROOT;
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_NONE);
	// But through one that was read in part.
	f->frame.module = &f->module;
	expect(f, PROOF_FILES_UNKNOWN, SAMPLE_PYTHON_THERE);
	// Known later, of samples since then.
	f->module.unread = false;
	f->image.space.generation++;
	f->image.doubt.looked_ns = 1000;
	f->walk.end = WALK_END_NO_CFI;
	f->sample.time_ns = 999;
	expect(f, PROOF_FILES_UNKNOWN, SAMPLE_PYTHON_THERE);
	f->sample.time_ns = 1000;
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_NONE);
}

/** Mappings that were told too fast, or that /proc did not tell. */
static void mappings_that_nobody_knows(void **state)
{
	struct fixture *f = *state;

	f->image.space.count = 0;
	f->image.space.generation++;
	f->image.unknown = true;
	f->sample.stack = NULL;
	f->sample.capture = NULL;
	f->sample.uncaptured = PROOF_NOT_CAPTURED;
	f->walk.end = WALK_END_NO_MAPPING;
	expect(f, PROOF_FILES_UNKNOWN, SAMPLE_PYTHON_THERE);
	f->walk.end = WALK_END_KERNEL_THREAD;
	f->walk.frame_count = 0;
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_NONE);
}

/** The reader knows an interpreter in a file that the walk does not know. */
static void read_without_a_file(void **state)
{
	struct fixture *f = *state;

	be_no_python(f);
	set(f, SNAPSHOT_OK, WALK_END_NO_CFI);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_EXCLUDED);
	f->stack.chain[0].finished = false;
	expect(f, PROOF_WALK_INCOMPLETE, SAMPLE_PYTHON_THERE);
	set(f, SNAPSHOT_UNREADABLE, WALK_END_NO_CFI);
	expect(f, PROOF_UNREADABLE, SAMPLE_PYTHON_THERE);
}

/** That one interpreter has nothing running says nothing of another. */
static void a_second_interpreter(void **state)
{
	struct fixture *f = *state;
	struct mapping mappings[3] = { f->mapping, f->mapping, f->mapping };
	struct module other = f->module;

	f->image.space = (struct space){ .mappings = mappings, .count = 2 };
	set(f, SNAPSHOT_OK, WALK_END_NO_CFI);
	// Two parts of one file.
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_EXCLUDED);
	mappings[2].module = &other;
	f->image.space.count = 3;
	f->image.space.generation++;
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	// The same file, loaded twice.
	mappings[2].module = &f->module;
	mappings[2].bias = 4096;
	f->image.space.generation++;
	expect(f, PROOF_SEARCH_CUT, SAMPLE_PYTHON_THERE);
	// Or a file that may be one.
	other.python = NULL;
	other.unread = true;
	mappings[2] = f->mapping;
	mappings[2].module = &other;
	f->image.space.generation++;
	expect(f, PROOF_FILES_UNKNOWN, SAMPLE_PYTHON_THERE);
	set(f, SNAPSHOT_OK, WALK_END_ROOT);
	expect(f, PROOF_HOLDS, SAMPLE_PYTHON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(native, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_looked_at, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(read_of_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(matched_all_the_same, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(files_that_nobody_knows, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(mappings_that_nobody_knows,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(read_without_a_file, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_second_interpreter, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
