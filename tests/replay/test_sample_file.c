// SPDX-License-Identifier: Apache-2.0
// The recorded samples of tests/replay/data: they unwind as they did, show what
// the texts beside them say, and are read with care.
#include "daemon/replay/sample_reader.h"

#include "daemon/replay/replay.h"
#include "daemon/replay/replay_print.h"
#include "daemon/replay/sample_format.h"
#include "daemon/replay/sample_writer.h"
#include "tests/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 256 << 10, RANDOM_CUTS = 300, RANDOM_FLIPS = 300 };

static const char *const names[] = {
	"python3.11.7", "python3.12.1", "python3.13.0", "debian3.11",
};

enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

struct bytes {
	uint8_t *bytes;
	size_t size;
};

static struct bytes load(const char *name, const char *ending)
{
	struct bytes file = { .bytes = test_malloc(FILE_MAX) };
	char path[512];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s%s", REPLAY_DATA, name, ending);
	in = fopen(path, "re");
	if (!in)
		fail_msg("no %s", path);
	file.size = fread(file.bytes, 1, FILE_MAX, in);
	assert_in_range(file.size, 1, FILE_MAX - 1);
	fclose(in);
	return file;
}

// The first @size bytes. NULL: refused.
static struct sample_reader *open_bytes(const uint8_t *bytes, size_t size)
{
	struct sample_reader *reader = NULL;
	FILE *in = fmemopen((void *)bytes, size, "r");

	assert_non_null(in);
	error_destroy(sample_reader_from(in, &reader));
	return reader;
}

static struct replay *create_replay(const struct sample_reader *reader)
{
	struct replay *replay = NULL;

	assert_null(replay_create(sample_reader_arch(reader), &replay));
	return replay;
}

static void print_all(struct sample_reader *reader, FILE *out)
{
	struct replay *replay = create_replay(reader);
	size_t count = sample_reader_count(reader);

	for (size_t i = 0; i < count; i++) {
		struct kept_sample sample;
		struct walk_result walk;
		struct replay_stack stack = { reader, i, &sample, &walk };

		assert_null(sample_reader_get(reader, i, &sample));
		replay_walk(replay, &sample, &walk);
		if (!replay_is_equal(&sample.walk, &walk))
			fail_msg("sample %zu came out differently", i);
		replay_print_stack(&stack, "", out);
	}
	fprintf(out, "%zu samples: %zu equal, 0 different\n", count, count);
	replay_destroy(replay);
}

static void every_sample_comes_out_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_COUNT; i++) {
		struct bytes file = load(names[i], ".samples");
		struct bytes text = load(names[i], ".txt");
		struct sample_reader *reader = open_bytes(file.bytes, file.size);
		char *printed = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&printed, &size);

		assert_non_null(reader);
		assert_null(sample_reader_problem(reader));
		print_all(reader, out);
		fclose(out);
		assert_int_equal(size, text.size);
		assert_memory_equal(printed, text.bytes, size);
		free(printed);
		sample_reader_destroy(reader);
		test_free(text.bytes);
		test_free(file.bytes);
	}
}

// Reads whatever can be read of it; equality is not asked for.
static void walk_all(struct sample_reader *reader)
{
	struct replay *replay = create_replay(reader);

	for (size_t i = 0; i < sample_reader_count(reader); i++) {
		struct kept_sample sample;
		struct walk_result walk;
		struct error *error = sample_reader_get(reader, i, &sample);

		if (!error)
			replay_walk(replay, &sample, &walk);
		error_destroy(error);
	}
	replay_destroy(replay);
}

// A file cut at @size, of which @samples are whole.
static void check_cut(const struct bytes *file, size_t size, size_t samples)
{
	struct sample_reader *reader = open_bytes(file->bytes, size);
	const struct error *problem;
	char expected[64];

	if (size < SAMPLE_FORMAT_HEADER_BYTES) {
		assert_null(reader);
		return;
	}
	assert_non_null(reader);
	snprintf(expected, sizeof(expected),
		 "truncated recording: %zu samples read", samples);
	problem = sample_reader_problem(reader);
	assert_non_null(problem);
	assert_string_equal(problem->message, expected);
	assert_int_equal(sample_reader_count(reader), samples);
	sample_reader_destroy(reader);
}

static uint32_t u32_at(const struct bytes *file, size_t offset)
{
	uint32_t value;

	assert_true(offset + sizeof(value) <= file->size);
	memcpy(&value, file->bytes + offset, sizeof(value));
	return value;
}

// Where the block at @offset ends; counts the samples.
static size_t block_end(const struct bytes *file, size_t offset,
			size_t *samples)
{
	if (u32_at(file, offset) == SAMPLE_BLOCK_SAMPLE)
		++*samples;
	return offset + SAMPLE_BLOCK_HEADER_BYTES + u32_at(file, offset + 4);
}

static void a_cut_between_blocks_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAME_COUNT; i++) {
		struct bytes file = load(names[i], ".samples");
		size_t offset = SAMPLE_FORMAT_HEADER_BYTES, samples = 0;

		while (offset < file.size) {
			check_cut(&file, offset, samples);
			offset = block_end(&file, offset, &samples);
		}
		assert_int_equal(offset, file.size);
		test_free(file.bytes);
	}
}

static void a_cut_anywhere_is_told(void **state)
{
	struct bytes file = load(names[0], ".samples");

	(void)state;
	srand(1);
	for (int i = 0; i < RANDOM_CUTS; i++) {
		size_t size = 1 + (size_t)rand() % (file.size - 1);
		size_t offset = SAMPLE_FORMAT_HEADER_BYTES, samples = 0;

		while (offset < size) {
			size_t before = samples;

			offset = block_end(&file, offset, &samples);
			if (offset > size)
				samples = before;
		}
		check_cut(&file, size, samples);
	}
	test_free(file.bytes);
}

static void damage_is_survived(void **state)
{
	struct bytes file = load(names[1], ".samples");

	(void)state;
	srand(2);
	for (int i = 0; i < RANDOM_FLIPS; i++) {
		size_t at = (size_t)rand() % file.size;
		uint8_t before = file.bytes[at];
		struct sample_reader *reader;

		file.bytes[at] = (uint8_t)rand();
		reader = open_bytes(file.bytes, file.size);
		if (reader)
			walk_all(reader);
		sample_reader_destroy(reader);
		file.bytes[at] = before;
	}
	test_free(file.bytes);
}

static void copy_samples(struct sample_reader *reader, const char *path)
{
	struct replay *replay = create_replay(reader);
	struct sample_writer *writer = NULL;
	uint64_t monotonic_ns, wall_ns;

	sample_reader_start(reader, &monotonic_ns, &wall_ns);
	assert_null(sample_writer_create(path, sample_reader_arch(reader),
					 monotonic_ns, wall_ns, &writer));
	for (size_t i = 0; i < sample_reader_count(reader); i++) {
		struct kept_sample sample;
		const char *reason;
		uint32_t trust;

		assert_null(sample_reader_get(reader, i, &sample));
		assert_null(replay_trim(replay, &sample));
		assert_int_equal(sample_writer_add(writer, &sample), i);
		assert_true(sample_reader_verdict(reader, i, &trust, &reason));
		sample_writer_verdict(writer, (int64_t)i, trust, reason);
	}
	assert_null(sample_writer_close(writer));
	replay_destroy(replay);
}

static void a_copy_is_as_good(void **state)
{
	char path[] = "/tmp/brindle-samples-XXXXXX";
	FILE *nowhere = fopen("/dev/null", "we");
	int fd = mkstemp(path);

	(void)state;
	assert_non_null(nowhere);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < NAME_COUNT; i++) {
		struct bytes file = load(names[i], ".samples");
		struct sample_reader *reader = open_bytes(file.bytes, file.size);
		struct sample_reader *copy = NULL;

		copy_samples(reader, path);
		assert_null(sample_reader_open(path, &copy));
		assert_null(sample_reader_problem(copy));
		assert_int_equal(sample_reader_count(copy),
				 sample_reader_count(reader));
		print_all(copy, nowhere);
		sample_reader_destroy(copy);
		sample_reader_destroy(reader);
		test_free(file.bytes);
	}
	fclose(nowhere);
	unlink(path);
}

static void overwrites_only_its_own(void **state)
{
	char path[] = "/tmp/brindle-samples-XXXXXX";
	int fd = mkstemp(path);
	struct sample_writer *writer = NULL;
	struct error *error;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "precious words, 16 bytes and more", 33), 33);
	close(fd);
	error = sample_writer_create(path, arch_native(), 0, 0, &writer);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "will not overwrite"));
	error_destroy(error);
	error = sample_writer_create("/dev/null", arch_native(), 0, 0, &writer);
	assert_non_null(error);
	error_destroy(error);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_comes_out_equal),
		cmocka_unit_test(a_cut_between_blocks_is_told),
		cmocka_unit_test(a_cut_anywhere_is_told),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(a_copy_is_as_good),
		cmocka_unit_test(overwrites_only_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
