# A fuzz target: fuzz_targets += tests/fuzz/fuzz_x, and its _SOURCES.
# Seeds lie in tests/fuzz/corpus/x/.
EXTRA_DIST += tests/fuzz/run.sh

fuzz_targets += tests/fuzz/fuzz_perf_record
tests_fuzz_fuzz_perf_record_SOURCES = tests/fuzz/fuzz_perf_record.c
EXTRA_DIST += tests/fuzz/corpus/perf_record
