# Tests of schema/: check_PROGRAMS += tests/schema/test_x, and its _SOURCES.
