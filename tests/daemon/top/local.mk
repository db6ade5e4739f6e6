check_PROGRAMS += tests/daemon/top/test_top_model
tests_daemon_top_test_top_model_SOURCES = tests/daemon/top/test_top_model.c
