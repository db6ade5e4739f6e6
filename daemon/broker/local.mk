libdaemon_a_SOURCES += \
	daemon/broker/broker.h
