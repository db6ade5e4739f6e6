# Tests of unwind/python/: check_PROGRAMS += tests/unwind/python/test_x, and its _SOURCES.
