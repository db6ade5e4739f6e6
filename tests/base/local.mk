# Tests of base/: check_PROGRAMS += tests/base/test_x, and its _SOURCES.
