// SPDX-License-Identifier: Apache-2.0
/*
 * Recorded images with faults put in, read as live interpreters are: whatever
 * was done to them, there is a stack or a reason, and soon.
 *
 * BRINDLE_FAULTS: how many spoiled images (20,000; fewer, and more time for
 * them, under a sanitizer); BRINDLE_FAULT_SEED.
 */
#include "tests/cmocka.h"

#include "base/clock.h"
#include "tests/replay/fault.h"
#include "tests/replay/image_reading.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { RUNS = 4000, SANITIZED = 10 };
#else
enum { RUNS = 20000, SANITIZED = 1 };
#endif

enum {
	RUNS_MAX = 10000000,
	IMAGES_MAX = 64,
	FAULTS_MAX = 3,	   // at once
	AGAIN_MAX = 8,	   // faults in a row that one reader meets
	HANG_SECONDS = 20, // without an end of a run
};

// Of a run, 99.9 of 100 take less.
static const uint64_t slow_ns = 5 * NS_PER_MS;

struct subject {
	char name[64];
	struct recorded_image image;
	struct fault_image fault;
	struct image_reading reading;
	char *text; // owned; of the image as it is
};

struct totals {
	size_t runs, equal, unnamed, frames;
	size_t outcome[FAULT_KIND_COUNT][IMAGE_OUTCOME_COUNT];
	uint32_t *ns; // owned; of each run
};

struct fixture {
	struct subject subject[IMAGES_MAX];
	size_t count;
	struct totals totals;
};

static size_t number_from(const char *variable, size_t usual)
{
	const char *text = getenv(variable);

	return text && *text ? strtoul(text, NULL, 10) : usual;
}

static void open_subject(struct subject *subject, const char *file,
			 uint64_t seed)
{
	char path[4096];
	struct error *error;

	snprintf(path, sizeof(path), "%s", file);
	*strrchr(path, '.') = '\0'; // ".txt"
	snprintf(subject->name, sizeof(subject->name), "%s",
		 strrchr(path, '/') + 1);
	error = recorded_image_open(path, &subject->image);
	if (error)
		fail_msg("%s", error->message);
	assert_true(fault_image_init(&subject->fault, &subject->image, seed));
	assert_true(image_reading_init(&subject->reading, &subject->image,
				       fault_memory(&subject->fault)));
	image_reading_run(&subject->reading);
	assert_int_equal(subject->reading.outcome, IMAGE_WHOLE);
	subject->text = image_reading_text(&subject->reading);
	assert_non_null(subject->text);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	uint64_t seed = number_from("BRINDLE_FAULT_SEED", 1);
	size_t runs = number_from("BRINDLE_FAULTS", RUNS);
	glob_t found;

	assert_non_null(fixture);
	assert_true(seed && runs && runs <= RUNS_MAX);
	fixture->totals.ns = calloc(runs, sizeof(fixture->totals.ns[0]));
	fixture->totals.runs = runs;
	assert_non_null(fixture->totals.ns);
	assert_int_equal(glob(REPLAY_IMAGES "/*.txt", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc && i < IMAGES_MAX; i++)
		open_subject(&fixture->subject[fixture->count++],
			     found.gl_pathv[i], seed * 7919 + i);
	globfree(&found);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->count; i++) {
		struct subject *subject = &fixture->subject[i];

		image_reading_deinit(&subject->reading);
		fault_image_deinit(&subject->fault);
		recorded_image_deinit(&subject->image);
		free(subject->text);
	}
	free(fixture->totals.ns);
	free(fixture);
	return 0;
}

// Some are met by who knows the process, some at first sight.
static void forget_sometimes(struct subject *subject)
{
	if (!fault_random(&subject->fault, AGAIN_MAX))
		assert_true(image_reading_forget(&subject->reading));
}

static enum fault_kind put_faults(struct fault_image *fault)
{
	size_t count = 1 + fault_random(fault, FAULTS_MAX);
	enum fault_kind first = FAULT_NONE;

	for (size_t i = 0; i < count; i++) {
		enum fault_kind kind =
			1 + fault_random(fault, FAULT_KIND_COUNT - 1);

		first = first ? first : kind;
		fault_put(fault, kind);
	}
	return first;
}

static uint64_t read_spoiled(struct subject *subject)
{
	struct image_reading *reading = &subject->reading;
	uint64_t start = clock_now_ns(CLOCK_THREAD_CPUTIME_ID);

	reading->sample.regs = subject->fault.regs;
	reading->sample.stack = subject->fault.stack;
	reading->sample.stack_size = subject->fault.stack_size;
	image_reading_run(reading);
	return clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
}

// That there is a stack or a reason, and that they hold together.
static void check_sound(const struct image_reading *reading)
{
	const struct snapshot *snapshot = reading->snapshot;
	const struct walk_result *walk = &reading->walk;

	assert_true(reading->outcome < IMAGE_OUTCOME_COUNT);
	assert_true(walk->end < WALK_END_COUNT);
	assert_true(walk->frame_count > 0);
	assert_true(snapshot->piece_count <= SNAPSHOT_PIECE_MAX);
	for (uint32_t i = 0; i < snapshot->piece_count; i++)
		assert_true((size_t)snapshot->piece[i].offset +
				    snapshot->piece[i].size <=
			    snapshot->byte_count);
	for (size_t i = 0; i < walk->frame_count; i++)
		assert_true(walk->frames[i].kind <= FRAME_OTHER &&
			    walk->frames[i].status < FRAME_STATUS_COUNT);
}

static void count_run(struct totals *totals, const struct subject *subject,
		      enum fault_kind kind)
{
	const struct image_reading *reading = &subject->reading;
	_cleanup_free_ char *text = image_reading_text(reading);

	assert_non_null(text);
	totals->outcome[kind][reading->outcome]++;
	totals->equal += reading->outcome == IMAGE_WHOLE &&
			 !strcmp(text, subject->text);
	totals->frames += reading->python_frames;
	totals->unnamed += reading->unnamed;
}

static int compare_ns(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void print_totals(const struct totals *totals)
{
	size_t sum[IMAGE_OUTCOME_COUNT] = { 0 };

	print_message("%-24s", "first fault");
	for (int i = 0; i < IMAGE_OUTCOME_COUNT; i++)
		print_message(" %16s", image_outcome_name(i));
	for (int kind = 1; kind < FAULT_KIND_COUNT; kind++) {
		print_message("\n%-24s", fault_kind_name(kind));
		for (int i = 0; i < IMAGE_OUTCOME_COUNT; i++) {
			print_message(" %16zu", totals->outcome[kind][i]);
			sum[i] += totals->outcome[kind][i];
		}
	}
	print_message("\n%-24s", "all");
	for (int i = 0; i < IMAGE_OUTCOME_COUNT; i++)
		print_message(" %16zu", sum[i]);
	print_message("\n%zu of the whole stacks are as they were; %zu of %zu "
		      "Python frames have a reason instead of a name\n",
		      totals->equal, totals->unnamed, totals->frames);
}

static void judge_times(struct totals *totals)
{
	size_t last = totals->runs - 1;
	uint32_t p999;

	qsort(totals->ns, totals->runs, sizeof(totals->ns[0]), compare_ns);
	p999 = totals->ns[last - totals->runs / 1000];
	print_message("us of one: %.0f in the middle, %.0f at 99 %%, %.0f at "
		      "99.9 %%, %.0f at most\n",
		      totals->ns[last / 2] / 1e3,
		      totals->ns[last - totals->runs / 100] / 1e3, p999 / 1e3,
		      totals->ns[last] / 1e3);
	assert_true(p999 < slow_ns * SANITIZED);
}

static void gives_a_stack_or_a_reason(void **state)
{
	struct fixture *fixture = *state;
	struct totals *totals = &fixture->totals;

	for (size_t i = 0; i < totals->runs; i++) {
		struct subject *subject = &fixture->subject[i % fixture->count];
		enum fault_kind kind;

		alarm(HANG_SECONDS);
		forget_sometimes(subject);
		kind = put_faults(&subject->fault);
		totals->ns[i] = (uint32_t)read_spoiled(subject);
		check_sound(&subject->reading);
		count_run(totals, subject, kind);
		fault_undo_all(&subject->fault);
	}
	alarm(0);
	print_totals(totals);
	judge_times(totals);
	// The faults are not all so coarse that nothing is left to read.
	assert_true(totals->equal > totals->runs / 20);
}

// Whatever a reader has met, it tells the truth when all is well again. But a
// name is read once of an object that has a version, and stays: CPython changes
// none, so that names read of a spoiled string are no fault of the reader's.
static void recovers(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->count; i++) {
		struct subject *subject = &fixture->subject[i];
		_cleanup_free_ char *text = NULL;

		// Late enough to look again for what was not there.
		subject->reading.now_ns += NS_PER_SEC;
		assert_true(image_reading_forget_names(&subject->reading));
		read_spoiled(subject);
		read_spoiled(subject);
		text = image_reading_text(&subject->reading);
		print_message("%s\n", subject->name);
		assert_string_equal(text, subject->text);
		assert_int_equal(subject->reading.outcome, IMAGE_WHOLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_a_stack_or_a_reason),
		cmocka_unit_test(recovers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
