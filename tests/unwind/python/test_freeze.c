// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/unwind/python/live_python.h"
#include "unwind/python/freeze.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 16 << 10, STACK_BYTES_LARGE = 65528, WARM_UP = 36 };

struct fixture {
	struct live_python python;
	struct python_target *target;
	struct snapshot *snapshot;
	uint8_t stack_bytes[STACK_BYTES_LARGE];
	struct memory stack;
	uint64_t now_ns;
};

static struct fixture *fixture_create(const char *path, const char *program)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const struct python_layout *layout = NULL;
	unsigned int version;

	assert_non_null(fixture);
	if (!live_python_start(path, program, &fixture->python)) {
		free(fixture);
		return NULL;
	}
	version = fixture->python.version;
	layout = python_layout_find(version / 100 << 24 | version % 100 << 16 |
				    0xf0, false);
	assert_non_null(layout);
	fixture->target = python_target_create(
		live_memory_of_fd(fixture->python.mem_fd), layout,
		fixture->python.runtime, fixture->python.code_type);
	fixture->snapshot = calloc(1, sizeof(*fixture->snapshot) +
					      SNAPSHOT_BYTES_MAX);
	assert_non_null(fixture->target);
	assert_non_null(fixture->snapshot);
	fixture->now_ns = NS_PER_SEC;
	return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
	live_python_stop(&fixture->python);
	python_target_destroy(fixture->target);
	free(fixture->snapshot);
	free(fixture);
}

static void freeze(struct fixture *fixture, uint32_t tid, size_t stack_bytes)
{
	struct freeze_point point = { .tid = tid, .now_ns = fixture->now_ns };

	assert_true(live_python_stack(&fixture->python, tid,
				      fixture->stack_bytes, stack_bytes,
				      &fixture->stack));
	python_freeze(fixture->target, &point, &fixture->stack,
		      fixture->snapshot, SNAPSHOT_BYTES_MAX);
}

static unsigned int pieces_of(const struct snapshot *snapshot,
			      enum snapshot_piece_kind kind)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < snapshot->piece_count; i++)
		count += snapshot->piece[i].kind == kind;
	return count;
}

static void gather(const struct fixture *fixture, struct memory *ret)
{
	const struct snapshot *snapshot = fixture->snapshot;

	*ret = fixture->stack;
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		assert_true(piece->offset + piece->size <=
			    snapshot->byte_count);
		ret->segment[ret->segment_count++] = (struct memory_segment){
			piece->vaddr, piece->size,
			snapshot->bytes + piece->offset
		};
	}
}

static uint64_t word(const struct memory *memory, uint64_t vaddr)
{
	uint64_t value = 0;

	assert_true(memory_read_u64(memory, vaddr, &value));
	return value;
}

// Follows the chain in what the snapshot holds, and nothing else.
static unsigned int count_frames(const struct fixture *fixture)
{
	const struct python_layout *layout = fixture->target->layout;
	struct memory memory;
	unsigned int count = 0;
	uint64_t state = fixture->snapshot->thread_state;
	uint64_t frame;

	gather(fixture, &memory);
	if (layout->chain == PYTHON_CHAIN_TSTATE)
		frame = word(&memory, state + layout->thread.current_frame);
	else
		frame = word(&memory, word(&memory,
					   state + layout->thread.cframe) +
					      layout->cframe.current_frame);
	while (frame) {
		const uint8_t *bytes =
			memory_at(&memory, frame, layout->frame.size);

		assert_non_null(bytes);
		count += bytes[layout->frame.owner] != layout->owner_entry;
		frame = word(&memory, frame + layout->frame.previous);
	}
	return count;
}

// How many cframes there are, all of them in the snapshot.
static unsigned int count_cframes(const struct fixture *fixture)
{
	const struct python_layout *layout = fixture->target->layout;
	struct memory memory;
	unsigned int count = 0;
	uint64_t cframe;

	if (layout->chain == PYTHON_CHAIN_TSTATE)
		return 0;
	gather(fixture, &memory);
	cframe = word(&memory,
		      fixture->snapshot->thread_state + layout->thread.cframe);
	for (; cframe; count++)
		cframe = word(&memory, cframe + layout->cframe.previous);
	return count;
}

struct expectation {
	const char *name;
	const char *program;
	unsigned int reads;	  // at most, once all code is known
	unsigned int frames;	  // Python frames of the main thread, at least
	unsigned int frame_pieces; // at least
};

static const struct expectation expectations[] = {
	{ "plain",
	  "def a(): b()\n"
	  "def b(): c()\n"
	  "def c(): stop()\n"
	  "a()\n",
	  3, 5, 0 },
	{ "thousand frames",
	  "def r(n, a=1, b=2, c=3, d=4):\n"
	  "    if n: r(n - 1)\n"
	  "    else: stop()\n"
	  "r(1000)\n",
	  8, 1002, 0 },
	{ "generators",
	  "def g(n):\n"
	  "    if n:\n"
	  "        yield from g(n - 1)\n"
	  "    else:\n"
	  "        stop(); yield 1\n"
	  "def f():\n"
	  "    for x in g(49): pass\n"
	  "f()\n",
	  31, 52, 50 },
	{ "coroutines",
	  "async def c(n):\n"
	  "    if n: await c(n - 1)\n"
	  "    else: stop()\n"
	  "c(9).send(None)\n",
	  13, 11, 10 },
	{ "alternating",
	  "from functools import reduce\n"
	  "def z(n, x=0):\n"
	  "    if n: return reduce(z2, [n, 1])\n"
	  "    stop()\n"
	  "def z2(n, x): return z(n - 1)\n"
	  "z(200)\n",
	  17, 402, 1 },
};

static void check(struct fixture *fixture, const struct expectation *expect,
		  const struct live_thread *thread)
{
	const struct snapshot *snapshot = fixture->snapshot;

	freeze(fixture, thread->tid, STACK_BYTES);
	assert_string_equal(snapshot_status_name(snapshot->status), "ok");
	assert_true(thread != fixture->python.thread ||
		    pieces_of(snapshot, SNAPSHOT_CODE) > 0);
	assert_int_equal(pieces_of(snapshot, SNAPSHOT_TEXT) > 0,
			 pieces_of(snapshot, SNAPSHOT_CODE) > 0);
	// stop() has returned from depth() before it blocks.
	assert_int_equal(count_frames(fixture), thread->frames);
	// Heads of code objects are read a few times.
	fixture->now_ns += 2 * NS_PER_SEC;
	for (unsigned int i = 0; i < WARM_UP; i++)
		freeze(fixture, thread->tid, STACK_BYTES);
	assert_string_equal(snapshot_status_name(snapshot->status), "ok");
	assert_int_equal(pieces_of(snapshot, SNAPSHOT_THREAD), 1);
	assert_int_equal(pieces_of(snapshot, SNAPSHOT_CODE), 0);
	assert_true(pieces_of(snapshot, SNAPSHOT_CHUNK) > 0);
	assert_int_equal(count_frames(fixture), thread->frames);
	count_cframes(fixture);
	print_message("    %-16s %u frames: %u reads, %u chunks, %u other "
		      "pieces, %u bytes\n",
		      expect->name, thread->frames, snapshot->reads,
		      pieces_of(snapshot, SNAPSHOT_CHUNK),
		      pieces_of(snapshot, SNAPSHOT_FRAME),
		      snapshot->byte_count);
	assert_true(thread->frames >= expect->frames);
	assert_true(snapshot->reads <= expect->reads);
	assert_true(pieces_of(snapshot, SNAPSHOT_FRAME) >=
		    expect->frame_pieces);
}

static void freeze_absent(struct fixture *fixture)
{
	struct freeze_point point = { .tid = 1, .now_ns = 1000 };

	for (unsigned int i = 0; i < 2; i++) {
		python_freeze(fixture->target, &point, &fixture->stack,
			      fixture->snapshot, SNAPSHOT_BYTES_MAX);
		assert_int_equal(fixture->snapshot->status, SNAPSHOT_NO_THREAD);
		assert_int_equal(fixture->snapshot->piece_count, 0);
	}
	assert_int_equal(fixture->snapshot->reads, 2);
}

static void test_programs(void **state)
{
	const char *path;

	(void)state;
	for (unsigned int i = 0; (path = live_python_path(i)); i++) {
		print_message("  %s\n", path);
		for (size_t k = 0; k < sizeof(expectations) /
					       sizeof(expectations[0]);
		     k++) {
			struct fixture *fixture = fixture_create(
				path, expectations[k].program);

			if (!fixture) {
				print_message("    not there, skipped\n");
				break;
			}
			check(fixture, &expectations[k],
			      &fixture->python.thread[0]);
			fixture_destroy(fixture);
		}
	}
}

// Each thread has its own chain, found by its id.
static void test_threads(void **state)
{
	static const char program[] =
		"def r(n):\n"
		"    if n: r(n - 1)\n"
		"    else:\n"
		"        ready.release()\n"
		"        time.sleep(1000)\n"
		"ready = threading.Semaphore(0)\n"
		"for n in 3, 60, 400:\n"
		"    threading.Thread(target=r, args=(n,), daemon=True).start()\n"
		"    ready.acquire()\n"
		"time.sleep(0.1)\n"
		"stop()\n";
	static const struct expectation expect = { "thread", program, 6, 2, 0 };
	const char *path;

	(void)state;
	for (unsigned int i = 0; (path = live_python_path(i)); i++) {
		struct fixture *fixture = fixture_create(path, program);

		if (!fixture)
			continue;
		print_message("  %s\n", path);
		assert_int_equal(fixture->python.thread_count, 4);
		for (unsigned int k = 0; k < 4; k++)
			check(fixture, &expect, &fixture->python.thread[k]);
		// A thread that is not Python's.
		freeze_absent(fixture);
		fixture_destroy(fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
