# Helper programs: test_helpers += tests/truth/x, and its _SOURCES.
