# Helper programs: test_helpers += tests/bench/x, and its _SOURCES.
