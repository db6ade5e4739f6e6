check_PROGRAMS += tests/daemon/service/test_config \
	tests/daemon/service/test_governor \
	tests/daemon/service/test_host_clock \
	tests/daemon/service/test_log \
	tests/daemon/service/test_notify
tests_daemon_service_test_config_SOURCES = tests/daemon/service/test_config.c
tests_daemon_service_test_governor_SOURCES = tests/daemon/service/test_governor.c
tests_daemon_service_test_host_clock_SOURCES = \
	tests/daemon/service/test_host_clock.c
tests_daemon_service_test_log_SOURCES = tests/daemon/service/test_log.c
tests_daemon_service_test_notify_SOURCES = tests/daemon/service/test_notify.c

check_PROGRAMS += tests/daemon/pipeline/test_exclusion
tests_daemon_pipeline_test_exclusion_SOURCES = tests/daemon/pipeline/test_exclusion.c
