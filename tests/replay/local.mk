# Recorded samples of real interpreters: data/ is made by record.sh.
check_PROGRAMS += tests/replay/test_sample_file
tests_replay_test_sample_file_SOURCES = tests/replay/test_sample_file.c
tests_replay_test_sample_file_CPPFLAGS = $(AM_CPPFLAGS) \
	-DREPLAY_DATA='"$(abs_top_srcdir)/tests/replay/data"'

TESTS += tests/replay/test_replay.sh
dist_check_SCRIPTS += tests/replay/test_replay.sh
EXTRA_DIST += tests/replay/data tests/replay/inward.py tests/replay/mixed.py \
	tests/replay/record.sh tests/replay/select_samples.py \
	tests/replay/unpack.py

# Images of real interpreters, one of each version and build, read again without
# them: images/ is made by record_images.sh.
recorded_image = tests/replay/recorded_image.c tests/replay/recorded_image.h \
	tests/replay/image_reading.c tests/replay/image_reading.h
test_helpers += tests/replay/record_image
tests_replay_record_image_SOURCES = tests/replay/record_image.c $(recorded_image)
check_PROGRAMS += tests/replay/test_images
tests_replay_test_images_SOURCES = tests/replay/test_images.c $(recorded_image)
tests_replay_test_images_CPPFLAGS = $(AM_CPPFLAGS) \
	-DREPLAY_IMAGES='"$(abs_top_srcdir)/tests/replay/images"'
EXTRA_DIST += tests/replay/images tests/replay/image.py \
	tests/replay/record_images.sh

# The same with faults put in: 20,000 here, a million in make soak.
check_PROGRAMS += tests/replay/test_faults
tests_replay_test_faults_SOURCES = tests/replay/test_faults.c \
	tests/replay/fault.c tests/replay/fault.h $(recorded_image)
tests_replay_test_faults_CPPFLAGS = $(tests_replay_test_images_CPPFLAGS)

soak: soak-faults
soak-faults: tests/replay/test_faults
	$(AM_V_at)BRINDLE_FAULTS=1000000 tests/replay/test_faults

.PHONY: soak-faults
