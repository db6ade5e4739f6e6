# Tests of unwind/symbols/: check_PROGRAMS += tests/unwind/symbols/test_x, and its _SOURCES.
