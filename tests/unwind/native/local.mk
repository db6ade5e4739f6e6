# Tests of unwind/native/: check_PROGRAMS += tests/unwind/native/test_x, and its _SOURCES.
