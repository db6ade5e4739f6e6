check_PROGRAMS += \
	tests/base/test_array \
	tests/base/test_error \
	tests/base/test_priority \
	tests/base/test_reader \
	tests/base/test_text

tests_base_test_array_SOURCES = tests/base/test_array.c
tests_base_test_error_SOURCES = tests/base/test_error.c
tests_base_test_priority_SOURCES = tests/base/test_priority.c
tests_base_test_reader_SOURCES = tests/base/test_reader.c
tests_base_test_text_SOURCES = tests/base/test_text.c
