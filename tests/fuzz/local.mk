# A fuzz target: fuzz_targets += tests/fuzz/fuzz_x, and its _SOURCES.
# Seeds lie in tests/fuzz/corpus/x/.
EXTRA_DIST += tests/fuzz/run.sh
