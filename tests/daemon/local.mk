# Tests of daemon/: check_PROGRAMS += tests/daemon/test_x, and its _SOURCES.
check_PROGRAMS += tests/daemon/command/test_doctor
tests_daemon_command_test_doctor_SOURCES = tests/daemon/command/test_doctor.c

check_PROGRAMS += \
	tests/daemon/perf/test_cpu_list \
	tests/daemon/perf/test_perf_event \
	tests/daemon/perf/test_perf_switches \
	tests/daemon/perf/test_perf_record \
	tests/daemon/perf/test_perf_ring \
	tests/daemon/perf/test_ring_spill
tests_daemon_perf_test_cpu_list_SOURCES = tests/daemon/perf/test_cpu_list.c
tests_daemon_perf_test_perf_event_SOURCES = tests/daemon/perf/test_perf_event.c \
	tests/daemon/perf/perf_child.c tests/daemon/perf/perf_child.h \
	tests/daemon/perf/perf_tally.c tests/daemon/perf/perf_tally.h \
	tests/daemon/perf/perf_watch.c tests/daemon/perf/perf_watch.h
tests_daemon_perf_test_perf_switches_SOURCES = \
	tests/daemon/perf/test_perf_switches.c \
	tests/daemon/perf/perf_child.c tests/daemon/perf/perf_child.h \
	tests/daemon/perf/perf_tally.c tests/daemon/perf/perf_tally.h \
	tests/daemon/perf/perf_watch.c tests/daemon/perf/perf_watch.h
tests_daemon_perf_test_perf_record_SOURCES = tests/daemon/perf/test_perf_record.c \
	tests/daemon/perf/record_draft.h
tests_daemon_perf_test_perf_ring_SOURCES = tests/daemon/perf/test_perf_ring.c
tests_daemon_perf_test_ring_spill_SOURCES = tests/daemon/perf/test_ring_spill.c

check_PROGRAMS += tests/daemon/process/test_opener tests/daemon/process/test_proc_maps
tests_daemon_process_test_opener_SOURCES = tests/daemon/process/test_opener.c
tests_daemon_process_test_proc_maps_SOURCES = tests/daemon/process/test_proc_maps.c
check_PROGRAMS += tests/daemon/process/test_process_image
tests_daemon_process_test_process_image_SOURCES = tests/daemon/process/test_process_image.c

fake_cpu = tests/daemon/pipeline/fake_cpu.c tests/daemon/pipeline/fake_cpu.h \
	tests/daemon/perf/record_draft.h
check_PROGRAMS += tests/daemon/capture/test_capture_queue tests/daemon/process/test_child \
	tests/daemon/pipeline/test_merge tests/daemon/process/test_process \
	tests/daemon/capture/test_proof tests/daemon/capture/test_proof_moves \
	tests/daemon/capture/test_target_table \
	tests/daemon/capture/test_deep_rest tests/daemon/capture/test_signal_entry \
	tests/daemon/process/test_task_list
tests_daemon_capture_test_capture_queue_SOURCES = tests/daemon/capture/test_capture_queue.c
tests_daemon_process_test_child_SOURCES = tests/daemon/process/test_child.c
check_PROGRAMS += tests/daemon/pipeline/test_spill_thread
tests_daemon_pipeline_test_spill_thread_SOURCES = $(fake_cpu) \
	tests/daemon/pipeline/test_spill_thread.c
tests_daemon_pipeline_test_merge_SOURCES = $(fake_cpu) tests/daemon/pipeline/test_merge.c
tests_daemon_process_test_process_SOURCES = tests/daemon/process/test_process.c
proof_trial = tests/daemon/capture/proof_trial.c \
	tests/daemon/capture/proof_trial.h
tests_daemon_capture_test_proof_SOURCES = tests/daemon/capture/test_proof.c \
	$(proof_trial)
tests_daemon_capture_test_proof_moves_SOURCES = \
	tests/daemon/capture/test_proof_moves.c $(proof_trial)
tests_daemon_capture_test_deep_rest_SOURCES = tests/daemon/capture/test_deep_rest.c
tests_daemon_capture_test_signal_entry_SOURCES = \
	tests/daemon/capture/test_signal_entry.c
tests_daemon_capture_test_target_table_SOURCES = tests/daemon/capture/test_target_table.c
tests_daemon_process_test_task_list_SOURCES = tests/daemon/process/test_task_list.c

check_PROGRAMS += tests/daemon/pipeline/test_blocked tests/daemon/pipeline/test_switch_duty \
	tests/daemon/pipeline/test_host_switches
tests_daemon_pipeline_test_blocked_SOURCES = tests/daemon/pipeline/test_blocked.c \
	tests/schema/fixture.c tests/schema/fixture.h
tests_daemon_pipeline_test_host_switches_SOURCES = \
	tests/daemon/pipeline/test_host_switches.c
tests_daemon_pipeline_test_switch_duty_SOURCES = tests/daemon/pipeline/test_switch_duty.c

check_PROGRAMS += tests/daemon/pipeline/test_sample_judge
tests_daemon_pipeline_test_sample_judge_SOURCES = tests/daemon/pipeline/test_sample_judge.c

check_PROGRAMS += tests/daemon/pipeline/test_settle_codes
tests_daemon_pipeline_test_settle_codes_SOURCES = tests/daemon/pipeline/test_settle_codes.c

check_PROGRAMS += tests/daemon/pipeline/test_pipeline
tests_daemon_pipeline_test_pipeline_SOURCES = $(fake_cpu) \
	tests/daemon/pipeline/test_pipeline.c \
	tests/schema/fixture.c tests/schema/fixture.h

include tests/daemon/broker/local.mk
include tests/daemon/service/local.mk

check_PROGRAMS += tests/daemon/process/test_cgroup_name \
	tests/daemon/process/test_command_line tests/daemon/process/test_user_table
tests_daemon_process_test_cgroup_name_SOURCES = tests/daemon/process/test_cgroup_name.c
tests_daemon_process_test_command_line_SOURCES = tests/daemon/process/test_command_line.c
tests_daemon_process_test_user_table_SOURCES = tests/daemon/process/test_user_table.c

check_PROGRAMS += tests/daemon/capture/test_capture_stuck \
	tests/daemon/capture/test_hanging_ranges \
	tests/daemon/capture/test_lifeline \
	tests/daemon/capture/test_python_files \
	tests/daemon/capture/test_thread_alias
tests_daemon_capture_test_python_files_SOURCES = \
	tests/daemon/capture/test_python_files.c
tests_daemon_capture_test_thread_alias_SOURCES = \
	tests/daemon/capture/test_thread_alias.c
tests_daemon_capture_test_lifeline_SOURCES = \
	tests/daemon/capture/test_lifeline.c
tests_daemon_capture_test_hanging_ranges_SOURCES = \
	tests/daemon/capture/test_hanging_ranges.c
tests_daemon_capture_test_capture_stuck_SOURCES = \
	tests/daemon/capture/test_capture_stuck.c $(fake_cpu)

include tests/daemon/top/local.mk

check_PROGRAMS += tests/daemon/pipeline/test_identity
tests_daemon_pipeline_test_identity_SOURCES = tests/daemon/pipeline/test_identity.c
