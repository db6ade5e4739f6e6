// SPDX-License-Identifier: Apache-2.0
/*
 * Freezing, matching and naming together, on real interpreters: the stack that
 * we tell of a blocked thread against the one that CPython itself tells. What
 * the native unwinder would give, the eval loop's frames, is made up from where
 * the records lie.
 */
#include "tests/cmocka.h"

#include "base/cleanup.h"
#include "tests/unwind/python/interpreter.h"
#include "tests/unwind/python/live_python.h"
#include "unwind/python/code.h"
#include "unwind/python/freeze.h"

#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 1 << 16,
	ACTIVATIONS_MAX = 4096,
	STACK_BYTES = 4 << 20,
	// A record lies somewhere inside its native frame.
	BELOW_RECORD = 64,
	ABOVE_RECORD = 144, // 3.12.1: the entry frame, 112 bytes above
};

struct fixture {
	struct live_python python;
	const struct python_layout *layout;
	struct live_memory live;
	struct python_target *target;
	struct python_code_cache *codes;
	struct snapshot *snapshot;
	uint8_t *stack_bytes;
	struct memory memory;
	uint64_t record[ACTIVATIONS_MAX];
	size_t record_count;
	struct python_frame frames[PYTHON_STACK_FRAME_MAX];
	size_t frame_count;
	size_t activations;
};

static char *read_program(void)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[4096];
	char *program = NULL;
	size_t size = 0;

	interpreter_file("zebra.py", path, sizeof(path));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(getdelim(&program, &size, EOF, file) > 0);
	return program;
}

static struct fixture *fixture_create(const char *path, const char *program)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	unsigned int version;

	assert_non_null(fixture);
	assert_true(live_python_start(path, program, &fixture->python));
	version = fixture->python.version;
	fixture->layout = python_layout_find(version / 100 << 24 |
					     version % 100 << 16 | 0xf0,
					     false);
	assert_non_null(fixture->layout);
	fixture->live = live_memory_of_fd(fixture->python.mem_fd);
	fixture->target = python_target_create(fixture->live, fixture->layout,
					       fixture->python.runtime,
					       fixture->python.code_type);
	fixture->codes = python_code_cache_create(fixture->layout,
						  fixture->python.code_type);
	fixture->snapshot =
		malloc(sizeof(*fixture->snapshot) + SNAPSHOT_BYTES_MAX);
	fixture->stack_bytes = malloc(STACK_BYTES);
	assert_non_null(fixture->target);
	assert_non_null(fixture->codes);
	assert_non_null(fixture->snapshot);
	assert_non_null(fixture->stack_bytes);
	return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
	live_python_stop(&fixture->python);
	python_code_cache_destroy(fixture->codes);
	python_target_destroy(fixture->target);
	free(fixture->snapshot);
	free(fixture->stack_bytes);
	free(fixture);
}

static uint64_t word(const struct fixture *fixture, uint64_t vaddr)
{
	uint64_t value = 0;

	assert_true(memory_read_u64(&fixture->memory, vaddr, &value));
	return value;
}

static void add_record(struct fixture *fixture, uint64_t record)
{
	assert_true(fixture->record_count < ACTIVATIONS_MAX);
	fixture->record[fixture->record_count++] = record;
}

static void find_cframes(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	uint64_t state = fixture->snapshot->thread_state;
	uint64_t record = word(fixture, state + layout->thread.cframe);

	while (record - state >= layout->thread.size) {
		add_record(fixture, record);
		record = word(fixture, record + layout->cframe.previous);
	}
}

static void find_entries(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->layout;
	uint64_t frame = word(fixture, fixture->snapshot->thread_state +
					       layout->thread.current_frame);

	while (frame) {
		const uint8_t *bytes =
			memory_at(&fixture->memory, frame, layout->frame.size);

		assert_non_null(bytes);
		if (bytes[layout->frame.owner] == layout->owner_entry)
			add_record(fixture, frame);
		frame = word(fixture, frame + layout->frame.previous);
	}
}

static void learn_codes(struct fixture *fixture)
{
	const struct snapshot *snapshot = fixture->snapshot;

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		struct python_code *code;

		if (piece->kind != SNAPSHOT_CODE)
			continue;
		code = python_code_learn(fixture->codes, piece->vaddr,
					 snapshot->bytes + piece->offset,
					 piece->size, 1);
		assert_non_null(code);
		python_code_read_names(fixture->codes, code, &fixture->live, 2);
		assert_int_equal(code->state, PYTHON_CODE_NAMED);
		assert_int_equal(python_code_verify(fixture->codes, code,
						    &fixture->live, 3),
				 PYTHON_CODE_SAME);
	}
}

static bool code_facts(void *context, uint64_t address,
		       struct python_code_facts *ret)
{
	struct fixture *fixture = context;
	const struct python_code *code =
		python_code_find(fixture->codes, address);

	if (code)
		*ret = code->facts;
	return code != NULL;
}

static void freeze(struct fixture *fixture, uint32_t tid, size_t stack_bytes)
{
	struct snapshot *snapshot = fixture->snapshot;
	struct freeze_point point = { .tid = tid, .now_ns = 1 };

	assert_true(live_python_stack(&fixture->python, tid, fixture->stack_bytes,
				      stack_bytes, &fixture->memory));
	python_freeze(fixture->target, &point, &fixture->memory, snapshot,
		      SNAPSHOT_BYTES_MAX);
	assert_string_equal(snapshot_status_name(snapshot->status), "ok");
	assert_true(snapshot_add_to_memory(
		snapshot, sizeof(*snapshot) + snapshot->byte_count,
		&fixture->memory));
	learn_codes(fixture);
	fixture->record_count = 0;
	if (fixture->layout->chain == PYTHON_CHAIN_TSTATE)
		find_entries(fixture);
	else
		find_cframes(fixture);
}

static void match_all(struct fixture *fixture)
{
	struct python_stack stack;

	fixture->frame_count = 0;
	fixture->activations = 0;
	python_stack_init(&stack, fixture->layout, fixture->snapshot,
			  &fixture->memory);
	stack.code_facts = code_facts;
	stack.code_context = fixture;
	for (size_t i = 0; i < fixture->record_count; i++) {
		const struct python_activation activation = {
			.sp = fixture->record[i] - BELOW_RECORD,
			.cfa = fixture->record[i] + ABOVE_RECORD,
		};
		size_t count;
		enum python_match match;

		assert_false(python_stack_is_finished(&stack));
		match = python_stack_activation(
			&stack, &activation,
			fixture->frames + fixture->frame_count,
			PYTHON_STACK_FRAME_MAX - fixture->frame_count, &count);
		assert_true(match == PYTHON_MATCH_FRAMES ||
			    match == PYTHON_MATCH_NONE);
		fixture->frame_count += count;
		fixture->activations += match == PYTHON_MATCH_FRAMES;
	}
	assert_true(python_stack_is_finished(&stack));
}

static char *next_line(struct fixture *fixture)
{
	static char line[LINE_MAX_BYTES];

	assert_non_null(fgets(line, sizeof(line), fixture->python.output));
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void compare_frame(struct fixture *fixture,
			  const struct python_frame *frame, const char *truth)
{
	const struct python_code *code =
		python_code_find(fixture->codes, frame->code);
	char told[LINE_MAX_BYTES];

	assert_non_null(code);
	snprintf(told, sizeof(told), "%s\t%s\t%u\t%s", code->qualified_name,
		 code->file_name, python_code_line(code, frame->instruction),
		 code->name);
	assert_string_equal(told, truth);
}

static void compare_thread(struct fixture *fixture, uint32_t tid)
{
	char expected[64];
	unsigned int frames;
	const char *line = next_line(fixture);

	// Once with all of the stack, then with as little as perf might copy.
	freeze(fixture, tid, STACK_BYTES);
	match_all(fixture);
	snprintf(expected, sizeof(expected), "thread %u ", tid);
	assert_memory_equal(line, expected, strlen(expected));
	frames = (unsigned int)atoi(line + strlen(expected));
	assert_int_equal(fixture->frame_count, frames);
	for (unsigned int i = 0; i < frames; i++)
		compare_frame(fixture, &fixture->frames[i], next_line(fixture));
	freeze(fixture, tid, 1024);
	match_all(fixture);
	assert_int_equal(fixture->frame_count, frames);
}

static void compare_interpreter(const char *path, const char *program)
{
	struct fixture *fixture = fixture_create(path, program);
	size_t frames = 0, activations = 0;

	for (unsigned int i = 0; i < fixture->python.thread_count; i++) {
		compare_thread(fixture, fixture->python.thread[i].tid);
		frames += fixture->frame_count;
		activations += fixture->activations;
	}
	assert_string_equal(next_line(fixture), "end");
	print_message("%s: %u threads, %zu activations, %zu frames equal\n",
		      path, fixture->python.thread_count, activations, frames);
	fixture_destroy(fixture);
}

static void tells_what_the_interpreter_tells(void **state)
{
	_cleanup_free_ char *program = read_program();
	const char *path;

	(void)state;
	for (unsigned int i = 0; (path = live_python_path(i)); i++) {
		if (access(path, X_OK))
			print_message("%s: not here\n", path);
		else
			compare_interpreter(path, program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_the_interpreter_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
