// SPDX-License-Identifier: Apache-2.0
/*
 * Every version and build that was recorded, read again without it: the Python
 * frames are those that the interpreter told, names and lines and all, and the
 * native ones those that were seen then.
 */
#include "tests/cmocka.h"

#include "tests/replay/image_reading.h"

#include <glob.h>
#include <string.h>

enum { IMAGES_MIN = 13, TEXT_MAX = 1 << 16 };

static void read_text(const char *path, char *ret)
{
	_cleanup_fclose_ FILE *file = fopen(path, "r");
	size_t size;

	assert_non_null(file);
	size = fread(ret, 1, TEXT_MAX - 1, file);
	ret[size] = '\0';
}

static void check_again(struct image_reading *reading, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	image_reading_run(reading);
	text = image_reading_text(reading);
	assert_string_equal(image_outcome_name(reading->outcome),
			    image_outcome_name(IMAGE_WHOLE));
	assert_string_equal(text, expected);
	assert_true(
		replay_is_equal(&reading->walk, &reading->image->sample.walk));
}

static void check_image(const char *text_path)
{
	char path[4096], expected[TEXT_MAX];
	struct recorded_image image;
	struct image_reading reading;
	struct error *error;

	snprintf(path, sizeof(path), "%s", text_path);
	*strrchr(path, '.') = '\0'; // ".txt"
	error = recorded_image_open(path, &image);
	if (error)
		fail_msg("%s", error->message);
	read_text(text_path, expected);
	assert_true(image_reading_init(
		&reading, &image,
		(struct live_memory){ recorded_image_read, &image }));
	// The second time with all that was learned the first.
	check_again(&reading, expected);
	check_again(&reading, expected);
	print_message("%s: CPython %s%s, %zu pages, %zu frames, %zu of them "
		      "Python, %u reads when warm\n",
		      strrchr(path, '/') + 1, image.layout->name,
		      image.layout->free_threaded ? " free-threaded" : "",
		      image.page_count, reading.walk.frame_count,
		      reading.python_frames, reading.snapshot->reads);
	image_reading_deinit(&reading);
	recorded_image_deinit(&image);
}

static void tells_what_each_interpreter_told(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(REPLAY_IMAGES "/*.txt", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_image(found.gl_pathv[i]);
	assert_true(found.gl_pathc >= IMAGES_MIN);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_each_interpreter_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
