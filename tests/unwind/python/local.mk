# Tests of unwind/python/: check_PROGRAMS += tests/unwind/python/test_x, and its _SOURCES.

check_PROGRAMS += \
	tests/unwind/python/test_freeze \
	tests/unwind/python/test_layout \
	tests/unwind/python/test_target

tests_unwind_python_test_freeze_SOURCES = tests/unwind/python/test_freeze.c \
	tests/unwind/python/live_python.c tests/unwind/python/live_python.h
tests_unwind_python_test_layout_SOURCES = tests/unwind/python/test_layout.c
tests_unwind_python_test_target_SOURCES = tests/unwind/python/test_target.c
