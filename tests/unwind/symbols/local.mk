check_PROGRAMS += \
	tests/unwind/symbols/test_debug_file \
	tests/unwind/symbols/test_demangle \
	tests/unwind/symbols/test_kallsyms \
	tests/unwind/symbols/test_symbol_table

symbol_fixture = \
	tests/unwind/symbols/fixture.c tests/unwind/symbols/fixture.h

tests_unwind_symbols_test_debug_file_SOURCES = $(symbol_fixture) \
	tests/unwind/symbols/test_debug_file.c
tests_unwind_symbols_test_demangle_SOURCES = \
	tests/unwind/symbols/test_demangle.c
tests_unwind_symbols_test_kallsyms_SOURCES = \
	tests/unwind/symbols/test_kallsyms.c
tests_unwind_symbols_test_symbol_table_SOURCES = $(symbol_fixture) \
	tests/unwind/symbols/test_symbol_table.c
