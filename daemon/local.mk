brindle_SOURCES += \
	daemon/command/command_doctor.c \
	daemon/command/main.c \
	daemon/command/command.h \
	daemon/command/command_io.c daemon/command/command_io.h \
	daemon/command/command_check.c \
	daemon/command/command_daemon.c \
	daemon/command/command_dump.c \
	daemon/command/command_record.c \
	daemon/command/command_prune.c \
	daemon/command/command_replay.c \
	daemon/command/command_status.c \
	daemon/command/command_report.c \
	daemon/command/command_diff.c \
	daemon/command/command_flame.c \
	daemon/command/command_query.c \
	daemon/command/command_export.c

libdaemon_a_SOURCES += \
	daemon/capture/alerts.c daemon/capture/alerts.h \
	daemon/capture/capture.c daemon/capture/capture.h daemon/capture/capture_loop.h \
	daemon/capture/capture_queue.c daemon/capture/capture_queue.h \
	daemon/capture/capture_thread.c \
	daemon/capture/capture_watch.c daemon/capture/capture_watch.h \
	daemon/process/child.c daemon/process/child.h \
	daemon/process/cgroup_name.c daemon/process/cgroup_name.h \
	daemon/process/command_line.c daemon/process/command_line.h \
	daemon/process/user_table.c daemon/process/user_table.h \
	daemon/command/dump_print.c daemon/command/dump_print.h \
	daemon/capture/hanging_ranges.c daemon/capture/hanging_ranges.h \
	daemon/capture/keeper.c daemon/capture/keeper.h \
	daemon/capture/lifeline.c daemon/capture/lifeline.h \
	daemon/pipeline/accounting.c daemon/pipeline/accounting.h \
	daemon/pipeline/blocked.c daemon/pipeline/blocked.h \
	daemon/pipeline/blocked_gap.c daemon/pipeline/blocked_state.h \
	daemon/pipeline/waker.c daemon/pipeline/waker.h \
	daemon/pipeline/exclusion.c daemon/pipeline/exclusion.h \
	daemon/pipeline/sample_cause.c daemon/pipeline/sample_cause.h \
	daemon/pipeline/merge.c daemon/pipeline/merge.h \
	daemon/pipeline/spill_thread.c daemon/pipeline/spill_thread.h \
	daemon/pipeline/pipeline.c daemon/pipeline/pipeline.h \
	daemon/process/process.c daemon/process/process.h \
	daemon/process/process_apply.c \
	daemon/process/process_state.h \
	daemon/process/process_thread.c \
	daemon/process/run_state.c daemon/process/run_state.h \
	daemon/process/process_image.c daemon/process/process_image.h \
	daemon/process/process_labels.c daemon/process/process_labels.h \
	daemon/process/process_lookup.c \
	daemon/process/process_scan.c \
	daemon/process/process_sweep.c \
	daemon/pipeline/identity.c daemon/pipeline/identity.h \
	daemon/command/progress.c daemon/command/progress.h \
	daemon/capture/proof.c daemon/capture/proof.h \
	daemon/capture/python_files.c daemon/capture/python_files.h \
	daemon/capture/deep_rest.c daemon/capture/deep_rest.h \
	daemon/capture/signal_entry.c daemon/capture/signal_entry.h \
	daemon/capture/python_finder.c daemon/capture/python_finder.h \
	daemon/pipeline/recorder.c daemon/pipeline/recorder.h daemon/pipeline/recorder_state.h \
	daemon/pipeline/recorder_cpus.c daemon/pipeline/recorder_cpus.h \
	daemon/pipeline/recorder_host.c daemon/pipeline/recorder_host.h \
	daemon/pipeline/recorder_stuck.c daemon/pipeline/recorder_stuck.h \
	daemon/pipeline/recorder_events.c daemon/pipeline/recorder_events.h \
	daemon/pipeline/host_switches.c daemon/pipeline/host_switches.h \
	daemon/pipeline/recorder_switches.c daemon/pipeline/recorder_switches.h \
	daemon/pipeline/switch_duty.c daemon/pipeline/switch_duty.h \
	daemon/pipeline/recorder_health.c daemon/pipeline/recorder_health.h \
	daemon/pipeline/resolve.c daemon/pipeline/resolve.h \
	daemon/replay/kept_sample.h \
	daemon/replay/sample_block.c daemon/replay/sample_block.h \
	daemon/replay/sample_file.c daemon/replay/sample_file.h daemon/replay/sample_format.h \
	daemon/pipeline/sample_codes.c daemon/pipeline/sample_codes.h \
	daemon/pipeline/sample_gil.c daemon/pipeline/sample_gil.h \
	daemon/pipeline/sample_judge.c daemon/pipeline/sample_judge.h \
	daemon/pipeline/sample_walk.c daemon/pipeline/sample_walk.h \
	daemon/replay/replay.c daemon/replay/replay.h \
	daemon/replay/replay_print.c daemon/replay/replay_print.h \
	daemon/replay/replay_profile.c daemon/replay/replay_profile.h \
	daemon/replay/sample_array.c daemon/replay/sample_array.h \
	daemon/replay/sample_reader.c daemon/replay/sample_reader.h \
	daemon/replay/sample_reader_modules.c daemon/replay/sample_reader_processes.c \
	daemon/replay/sample_reader_sample.c daemon/replay/sample_reader_state.h \
	daemon/replay/sample_writer.c daemon/replay/sample_writer.h \
	daemon/replay/sample_writer_modules.c daemon/replay/sample_writer_sample.c \
	daemon/replay/sample_writer_state.h \
	daemon/pipeline/settle.c daemon/pipeline/settle.h \
	daemon/pipeline/settle_codes.c daemon/pipeline/settle_codes.h \
	daemon/pipeline/waiting_sample.c daemon/pipeline/waiting_sample.h \
	daemon/pipeline/sleeping.c daemon/pipeline/sleeping.h \
	daemon/capture/target_ban.c daemon/capture/target_ban.h \
	daemon/capture/target_table.c daemon/capture/target_table.h \
	daemon/capture/thread_alias.c daemon/capture/thread_alias.h \
	daemon/process/task_list.c daemon/process/task_list.h \
	daemon/command/doctor.c daemon/command/doctor.h \
	daemon/command/doctor_gather.c \
	daemon/process/opener.c daemon/process/opener.h \
	daemon/process/opener_direct.c \
	daemon/perf/perf_attr.c daemon/perf/perf_attr.h \
	daemon/perf/perf_choice.c daemon/perf/perf_choice.h \
	daemon/perf/cpu_absence.c daemon/perf/cpu_absence.h \
	daemon/perf/cpu_list.c daemon/perf/cpu_list.h \
	daemon/perf/perf_control.c \
	daemon/perf/perf_hotplug.c \
	daemon/perf/perf_event.c daemon/perf/perf_event.h \
	daemon/perf/perf_features.c daemon/perf/perf_frequency.c \
	daemon/perf/perf_record.c daemon/perf/perf_record.h \
	daemon/perf/perf_ring.c daemon/perf/perf_ring.h \
	daemon/perf/perf_switches.c daemon/perf/perf_switches.h \
	daemon/perf/late_close.c daemon/perf/late_close.h \
	daemon/perf/ring_spill.c daemon/perf/ring_spill.h \
	daemon/process/proc_maps.c daemon/process/proc_maps.h \
	daemon/perf/tracepoint.c daemon/perf/tracepoint.h

include daemon/broker/local.mk
include daemon/service/local.mk
include daemon/top/local.mk
