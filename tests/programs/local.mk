# Programs to be profiled: test_helpers += tests/programs/x, and its _SOURCES.
