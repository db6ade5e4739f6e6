# Tests of daemon/: check_PROGRAMS += tests/daemon/test_x, and its _SOURCES.
check_PROGRAMS += tests/daemon/test_doctor
tests_daemon_test_doctor_SOURCES = tests/daemon/test_doctor.c
