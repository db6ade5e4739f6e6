check_PROGRAMS += tests/daemon/broker/test_broker tests/daemon/broker/test_client \
	tests/daemon/broker/test_haste tests/daemon/broker/test_request \
	tests/daemon/broker/test_sandbox
tests_daemon_broker_test_broker_SOURCES = tests/daemon/broker/test_broker.c
tests_daemon_broker_test_haste_SOURCES = tests/daemon/broker/test_haste.c
tests_daemon_broker_test_request_SOURCES = tests/daemon/broker/test_request.c
tests_daemon_broker_test_sandbox_SOURCES = tests/daemon/broker/test_sandbox.c
tests_daemon_broker_test_client_SOURCES = tests/daemon/broker/test_client.c
