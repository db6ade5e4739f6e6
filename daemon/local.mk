brindle_SOURCES += \
	daemon/command_doctor.c \
	daemon/main.c \
	daemon/command.h \
	daemon/command_io.c daemon/command_io.h \
	daemon/command_dump.c \
	daemon/command_record.c \
	daemon/command_replay.c \
	daemon/command_report.c \
	daemon/command_flame.c \
	daemon/command_query.c \
	daemon/command_export.c

libdaemon_a_SOURCES += \
	daemon/capture.c daemon/capture.h daemon/capture_loop.h \
	daemon/capture_queue.c daemon/capture_queue.h \
	daemon/capture_thread.c \
	daemon/child.c daemon/child.h \
	daemon/dump_print.c daemon/dump_print.h \
	daemon/keeper.c daemon/keeper.h \
	daemon/merge.c daemon/merge.h \
	daemon/pipeline.c daemon/pipeline.h \
	daemon/process.c daemon/process.h \
	daemon/process_apply.c \
	daemon/process_state.h \
	daemon/process_thread.c \
	daemon/process_scan.c daemon/process_scan.h \
	daemon/progress.c daemon/progress.h \
	daemon/proof.c daemon/proof.h \
	daemon/python_files.c daemon/python_files.h \
	daemon/recorder.c daemon/recorder.h daemon/recorder_state.h \
	daemon/recorder_health.c daemon/recorder_health.h \
	daemon/resolve.c daemon/resolve.h \
	daemon/kept_sample.h \
	daemon/sample_block.c daemon/sample_block.h \
	daemon/sample_file.c daemon/sample_file.h daemon/sample_format.h \
	daemon/sample_walk.c daemon/sample_walk.h \
	daemon/replay.c daemon/replay.h \
	daemon/replay_print.c daemon/replay_print.h \
	daemon/replay_profile.c daemon/replay_profile.h \
	daemon/sample_reader.c daemon/sample_reader.h \
	daemon/sample_reader_modules.c daemon/sample_reader_processes.c \
	daemon/sample_reader_sample.c daemon/sample_reader_state.h \
	daemon/sample_writer.c daemon/sample_writer.h \
	daemon/sample_writer_modules.c daemon/sample_writer_sample.c \
	daemon/sample_writer_state.h \
	daemon/settle.c daemon/settle.h daemon/waiting_sample.h \
	daemon/sleeping.c daemon/sleeping.h \
	daemon/target_table.c daemon/target_table.h \
	daemon/task_list.c daemon/task_list.h \
	daemon/doctor.c daemon/doctor.h \
	daemon/doctor_gather.c \
	daemon/opener.c daemon/opener.h \
	daemon/perf_attr.c daemon/perf_attr.h \
	daemon/perf_choice.c \
	daemon/perf_event.c daemon/perf_event.h \
	daemon/perf_features.c \
	daemon/perf_record.c daemon/perf_record.h \
	daemon/perf_ring.c daemon/perf_ring.h \
	daemon/proc_maps.c daemon/proc_maps.h \
	daemon/tracepoint.c daemon/tracepoint.h
