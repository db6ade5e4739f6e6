# The dashboard: the web server as a process of the daemon, and by hand.
libdaemon_a_SOURCES += \
	daemon/web/dashboard.c daemon/web/dashboard.h \
	daemon/web/dashboard_link.c daemon/web/dashboard_link.h \
	daemon/web/dashboard_server.c daemon/web/dashboard_server.h
brindle_SOURCES += \
	daemon/command/browser.c daemon/command/browser.h \
	daemon/command/command_open.c \
	daemon/command/command_serve.c
