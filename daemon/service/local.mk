# The daemon as a service: what it is told, what it costs, what it says.
libdaemon_a_SOURCES += \
	daemon/service/config.c daemon/service/config.h \
	daemon/service/config_keys.c daemon/service/config_parse.c \
	daemon/service/config_value.c daemon/service/config_value.h \
	daemon/service/governor.c daemon/service/governor.h \
	daemon/service/host_clock.c daemon/service/host_clock.h \
	daemon/service/log.c daemon/service/log.h \
	daemon/service/notify.c daemon/service/notify.h

libdaemon_a_SOURCES += \
	daemon/service/own_usage.c daemon/service/own_usage.h \
	daemon/service/service.c daemon/service/service.h \
	daemon/service/service_reload.c daemon/service/service_state.h \
	daemon/service/service_vitals.c

libdaemon_a_SOURCES += \
	daemon/service/daemon_db.c daemon/service/daemon_db.h

include daemon/web/local.mk
