# Tests of unwind/python/: check_PROGRAMS += tests/unwind/python/test_x, and its _SOURCES.

check_PROGRAMS += \
	tests/unwind/python/test_binary \
	tests/unwind/python/test_freeze \
	tests/unwind/python/test_freeze_gil \
	tests/unwind/python/test_freeze_image \
	tests/unwind/python/test_freeze_search \
	tests/unwind/python/test_freeze_deep \
	tests/unwind/python/test_instruction \
	tests/unwind/python/test_layout \
	tests/unwind/python/test_target

tests_unwind_python_test_binary_SOURCES = tests/unwind/python/test_binary.c
tests_unwind_python_test_instruction_SOURCES = \
	tests/unwind/python/test_instruction.c
tests_unwind_python_test_freeze_SOURCES = tests/unwind/python/test_freeze.c \
	tests/unwind/python/live_python.c tests/unwind/python/live_python.h
fake_image = tests/unwind/python/fake_image.c tests/unwind/python/fake_image.h \
	tests/unwind/python/fake_memory.h
tests_unwind_python_test_freeze_gil_SOURCES = $(fake_image) \
	tests/unwind/python/test_freeze_gil.c
tests_unwind_python_test_freeze_image_SOURCES = $(fake_image) \
	tests/unwind/python/test_freeze_image.c
tests_unwind_python_test_freeze_search_SOURCES = $(fake_image) \
	tests/unwind/python/test_freeze_search.c
tests_unwind_python_test_freeze_deep_SOURCES = \
	tests/unwind/python/test_freeze_deep.c
tests_unwind_python_test_layout_SOURCES = tests/unwind/python/test_layout.c
tests_unwind_python_test_target_SOURCES = tests/unwind/python/test_target.c

check_PROGRAMS += \
	tests/unwind/python/test_line_table \
	tests/unwind/python/test_text

tests_unwind_python_test_line_table_SOURCES = \
	tests/unwind/python/test_line_table.c \
	tests/unwind/python/interpreter.c tests/unwind/python/interpreter.h
tests_unwind_python_test_text_SOURCES = tests/unwind/python/test_text.c \
	tests/unwind/python/fake_memory.h

EXTRA_DIST += tests/unwind/python/dump_line_tables.py \
	tests/unwind/python/line_tables.bin

check_PROGRAMS += \
	tests/unwind/python/test_code \
	tests/unwind/python/test_zebra

tests_unwind_python_test_code_SOURCES = tests/unwind/python/test_code.c \
	tests/unwind/python/fake_memory.h
live_reader = tests/unwind/python/live_reader.c \
	tests/unwind/python/live_reader.h \
	tests/unwind/python/interpreter.c tests/unwind/python/interpreter.h \
	tests/unwind/python/live_python.c tests/unwind/python/live_python.h
tests_unwind_python_test_zebra_SOURCES = tests/unwind/python/test_zebra.c \
	$(live_reader)

EXTRA_DIST += tests/unwind/python/zebra.py

check_PROGRAMS += \
	tests/unwind/python/test_python_stack \
	tests/unwind/python/test_python_stack_broken

tests_unwind_python_test_python_stack_broken_SOURCES = \
	tests/unwind/python/test_python_stack_broken.c \
	tests/unwind/python/fake_stack.c tests/unwind/python/fake_stack.h \
	tests/unwind/python/fake_memory.h
tests_unwind_python_test_python_stack_SOURCES = \
	tests/unwind/python/test_python_stack.c \
	tests/unwind/python/fake_stack.c tests/unwind/python/fake_stack.h \
	tests/unwind/python/fake_memory.h

check_PROGRAMS += tests/unwind/python/test_single_step

tests_unwind_python_test_single_step_SOURCES = \
	tests/unwind/python/test_single_step.c $(live_reader)

EXTRA_DIST += tests/unwind/python/steps.py tests/unwind/python/frame_steps.py

check_PROGRAMS += tests/unwind/python/test_object_stack
tests_unwind_python_test_object_stack_SOURCES = \
	tests/unwind/python/test_object_stack.c

# The lines of the whole standard library, on every interpreter.
soak: soak-lines
soak-lines: tests/unwind/python/test_line_table
	$(AM_V_at)srcdir=$(top_srcdir) BRINDLE_TEST_STEP=1 \
		tests/unwind/python/test_line_table

.PHONY: soak-lines
