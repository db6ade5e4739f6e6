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
#include "tests/unwind/python/live_reader.h"

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
	struct live_reader reader;
	uint8_t *stack_bytes;
	struct memory memory;
	uint64_t record[ACTIVATIONS_MAX];
	size_t record_count;
	struct python_frame frames[PYTHON_STACK_FRAME_MAX];
	size_t frame_count;
	size_t activations;
};

static struct fixture *fixture_create(const char *path, const char *program)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	live_reader_init(&fixture->reader, path, program);
	fixture->stack_bytes = malloc(STACK_BYTES);
	assert_non_null(fixture->stack_bytes);
	return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
	live_reader_deinit(&fixture->reader);
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
	const struct python_layout *layout = fixture->reader.layout;
	uint64_t state = fixture->reader.snapshot->thread_state;
	uint64_t record = word(fixture, state + layout->thread.cframe);

	while (record - state >= layout->thread.size) {
		add_record(fixture, record);
		record = word(fixture, record + layout->cframe.previous);
	}
}

static void find_entries(struct fixture *fixture)
{
	const struct python_layout *layout = fixture->reader.layout;
	uint64_t frame = word(fixture, fixture->reader.snapshot->thread_state +
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

static void expect_names(struct live_reader *reader)
{
	const struct snapshot *snapshot = reader->snapshot;

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		struct python_code *code;

		if (piece->kind != SNAPSHOT_CODE)
			continue;
		code = python_code_find(reader->codes, piece->vaddr);
		assert_non_null(code);
		assert_int_equal(code->state, PYTHON_CODE_NAMED);
		assert_int_equal(python_code_verify(reader->codes, code,
						    &reader->live, 3),
				 PYTHON_CODE_SAME);
	}
}

static void freeze(struct fixture *fixture, uint32_t tid, size_t stack_bytes)
{
	struct live_reader *reader = &fixture->reader;
	struct freeze_point point = { .tid = tid, .now_ns = 1 };

	assert_true(live_python_stack(&reader->python, tid,
				      fixture->stack_bytes, stack_bytes,
				      &fixture->memory));
	live_reader_freeze(reader, &point, &fixture->memory);
	assert_string_equal(snapshot_status_name(reader->snapshot->status),
			    "ok");
	expect_names(reader);
	fixture->record_count = 0;
	if (reader->layout->chain == PYTHON_CHAIN_TSTATE)
		find_entries(fixture);
	else
		find_cframes(fixture);
}

static void match_all(struct fixture *fixture)
{
	struct python_stack stack;

	fixture->frame_count = 0;
	fixture->activations = 0;
	live_reader_init_stack(&fixture->reader, &fixture->memory, &stack);
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

	assert_non_null(fgets(line, sizeof(line),
			      fixture->reader.python.output));
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void compare_frame(struct fixture *fixture,
			  const struct python_frame *frame, const char *truth)
{
	const struct python_code *code =
		python_code_find(fixture->reader.codes, frame->code);
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
	const struct live_python *python = &fixture->reader.python;
	size_t frames = 0, activations = 0;

	for (unsigned int i = 0; i < python->thread_count; i++) {
		compare_thread(fixture, python->thread[i].tid);
		frames += fixture->frame_count;
		activations += fixture->activations;
	}
	assert_string_equal(next_line(fixture), "end");
	print_message("%s: %u threads, %zu activations, %zu frames equal\n",
		      path, python->thread_count, activations, frames);
	fixture_destroy(fixture);
}

static void tells_what_the_interpreter_tells(void **state)
{
	_cleanup_free_ char *program = interpreter_program("zebra.py");
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
