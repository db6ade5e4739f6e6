# Tests of unwind/native/, of the architectures and of memory.
own_process = tests/unwind/native/own_process.c \
	tests/unwind/native/own_process.h
made_elf = tests/unwind/native/made_elf.c tests/unwind/native/made_elf.h
exercise_elf = $(made_elf) tests/unwind/native/exercise_elf.c \
	tests/unwind/native/exercise_elf.h

check_PROGRAMS += \
	tests/unwind/test_arch \
	tests/unwind/test_memory \
	tests/unwind/native/test_cfi_parts \
	tests/unwind/native/test_cfi_table \
	tests/unwind/native/test_dwarf_expression \
	tests/unwind/native/test_elf_image \
	tests/unwind/native/test_native_step \
	tests/unwind/native/test_step_rules

tests_unwind_test_arch_SOURCES = tests/unwind/test_arch.c
tests_unwind_test_memory_SOURCES = tests/unwind/test_memory.c
tests_unwind_native_test_cfi_parts_SOURCES = \
	tests/unwind/native/test_cfi_parts.c
tests_unwind_native_test_cfi_table_SOURCES = $(made_elf) \
	tests/unwind/native/test_cfi_table.c
tests_unwind_native_test_dwarf_expression_SOURCES = \
	tests/unwind/native/test_dwarf_expression.c
tests_unwind_native_test_elf_image_SOURCES = $(exercise_elf) \
	tests/unwind/native/test_elf_image.c
tests_unwind_native_test_native_step_SOURCES = $(own_process) \
	tests/unwind/native/test_native_step.c
tests_unwind_native_test_step_rules_SOURCES = \
	tests/unwind/native/test_step_rules.c

# Every row of the machine's own libraries against readelf.
test_helpers += tests/unwind/native/print_rows
tests_unwind_native_print_rows_SOURCES = tests/unwind/native/print_rows.c
TESTS += tests/unwind/native/test_rows.sh
dist_check_SCRIPTS += tests/unwind/native/test_rows.sh
EXTRA_DIST += tests/unwind/native/compare_rows.py

test_helpers += tests/bench/bench_native_step
tests_bench_bench_native_step_SOURCES = $(own_process) \
	tests/bench/bench_native_step.c

fuzz_targets += tests/fuzz/fuzz_cfi tests/fuzz/fuzz_elf
tests_fuzz_fuzz_cfi_SOURCES = $(exercise_elf) tests/fuzz/fuzz_cfi.c
tests_fuzz_fuzz_elf_SOURCES = $(exercise_elf) tests/fuzz/fuzz_elf.c
EXTRA_DIST += tests/fuzz/corpus/cfi tests/fuzz/corpus/elf

check_PROGRAMS += tests/unwind/native/test_cfi_stubs
tests_unwind_native_test_cfi_stubs_SOURCES = \
	tests/unwind/native/test_cfi_stubs.c

check_PROGRAMS += tests/unwind/native/test_cfi_work
tests_unwind_native_test_cfi_work_SOURCES = $(made_elf) \
	tests/unwind/native/test_cfi_work.c
