# Recorded samples of real interpreters: data/ is made by record.sh.
check_PROGRAMS += tests/replay/test_sample_file
tests_replay_test_sample_file_SOURCES = tests/replay/test_sample_file.c
tests_replay_test_sample_file_CPPFLAGS = $(AM_CPPFLAGS) \
	-DREPLAY_DATA='"$(abs_top_srcdir)/tests/replay/data"'

TESTS += tests/replay/test_replay.sh
dist_check_SCRIPTS += tests/replay/test_replay.sh
EXTRA_DIST += tests/replay/data tests/replay/mixed.py tests/replay/record.sh \
	tests/replay/select_samples.py
