# brindle top: a profile as it grows, in the terminal.
libdaemon_a_SOURCES += \
	daemon/top/top_model.c daemon/top/top_model.h \
	daemon/top/top_sandwich.c \
	daemon/top/top_stack.c daemon/top/top_stack.h \
	daemon/top/top_table.c daemon/top/top_table.h
