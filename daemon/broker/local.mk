libdaemon_a_SOURCES += \
	daemon/broker/broker.c daemon/broker/broker.h \
	daemon/broker/client.c daemon/broker/client.h \
	daemon/broker/companion.c daemon/broker/companion.h \
	daemon/broker/descriptors.c daemon/broker/descriptors.h \
	daemon/broker/haste.c daemon/broker/haste.h \
	daemon/broker/nursery.c daemon/broker/nursery.h \
	daemon/broker/privilege.c daemon/broker/privilege.h \
	daemon/broker/profiler.c daemon/broker/profiler.h \
	daemon/broker/remains.c daemon/broker/remains.h \
	daemon/broker/request.c daemon/broker/request.h \
	daemon/broker/sandbox.c daemon/broker/sandbox.h \
	daemon/broker/sandbox_calls.c daemon/broker/sandbox_calls.h \
	daemon/broker/sandbox_folders.c \
	daemon/broker/server.c daemon/broker/server.h
