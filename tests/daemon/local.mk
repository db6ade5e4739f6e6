# Tests of daemon/: check_PROGRAMS += tests/daemon/test_x, and its _SOURCES.
check_PROGRAMS += tests/daemon/test_doctor
tests_daemon_test_doctor_SOURCES = tests/daemon/test_doctor.c

check_PROGRAMS += \
	tests/daemon/test_perf_event \
	tests/daemon/test_perf_record \
	tests/daemon/test_perf_ring
tests_daemon_test_perf_event_SOURCES = tests/daemon/test_perf_event.c \
	tests/daemon/perf_child.c tests/daemon/perf_child.h \
	tests/daemon/perf_tally.c tests/daemon/perf_tally.h \
	tests/daemon/perf_watch.c tests/daemon/perf_watch.h
tests_daemon_test_perf_record_SOURCES = tests/daemon/test_perf_record.c
tests_daemon_test_perf_ring_SOURCES = tests/daemon/test_perf_ring.c

check_PROGRAMS += tests/daemon/test_opener tests/daemon/test_proc_maps
tests_daemon_test_opener_SOURCES = tests/daemon/test_opener.c
tests_daemon_test_proc_maps_SOURCES = tests/daemon/test_proc_maps.c

fake_cpu = tests/daemon/fake_cpu.c tests/daemon/fake_cpu.h
check_PROGRAMS += tests/daemon/test_capture_queue tests/daemon/test_child \
	tests/daemon/test_merge tests/daemon/test_process \
	tests/daemon/test_proof tests/daemon/test_target_table \
	tests/daemon/test_task_list
tests_daemon_test_capture_queue_SOURCES = tests/daemon/test_capture_queue.c
tests_daemon_test_child_SOURCES = tests/daemon/test_child.c
tests_daemon_test_merge_SOURCES = $(fake_cpu) tests/daemon/test_merge.c
tests_daemon_test_process_SOURCES = tests/daemon/test_process.c
tests_daemon_test_proof_SOURCES = tests/daemon/test_proof.c
tests_daemon_test_target_table_SOURCES = tests/daemon/test_target_table.c
tests_daemon_test_task_list_SOURCES = tests/daemon/test_task_list.c

check_PROGRAMS += tests/daemon/test_pipeline
tests_daemon_test_pipeline_SOURCES = $(fake_cpu) \
	tests/daemon/test_pipeline.c \
	tests/schema/fixture.c tests/schema/fixture.h
