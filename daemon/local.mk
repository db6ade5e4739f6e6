brindle_SOURCES += \
	daemon/command_doctor.c \
	daemon/main.c \
	daemon/command.h \
	daemon/command_io.c daemon/command_io.h \
	daemon/command_report.c \
	daemon/command_flame.c \
	daemon/command_query.c \
	daemon/command_export.c

libdaemon_a_SOURCES += \
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

# While folders are still being filled, the program links with what there is.
noinst_LIBRARIES += libabsent.a
libabsent_a_SOURCES = daemon/absent.c
brindle_LDADD += libabsent.a
