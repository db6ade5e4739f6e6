check_PROGRAMS += tests/daemon/top/test_top_model \
	tests/daemon/top/test_top_page \
	tests/daemon/top/test_top_reader \
	tests/daemon/top/test_top_state
tests_daemon_top_test_top_model_SOURCES = tests/daemon/top/test_top_model.c
tests_daemon_top_test_top_page_SOURCES = tests/daemon/top/test_top_page.c
tests_daemon_top_test_top_reader_SOURCES = \
	tests/daemon/top/test_top_reader.c \
	tests/schema/fixture.c tests/schema/fixture.h
tests_daemon_top_test_top_state_SOURCES = tests/daemon/top/test_top_state.c
