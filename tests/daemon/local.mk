# Tests of daemon/: check_PROGRAMS += tests/daemon/test_x, and its _SOURCES.
