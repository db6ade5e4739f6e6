# brindle top: a profile as it grows, in the terminal.
libdaemon_a_SOURCES += \
	daemon/top/top_draw.c daemon/top/top_draw.h \
	daemon/top/top_header.c daemon/top/top_help.c \
	daemon/top/top_keys.c daemon/top/top_keys.h \
	daemon/top/top_live.c daemon/top/top_live.h \
	daemon/top/top_model.c daemon/top/top_model.h \
	daemon/top/top_names.c daemon/top/top_names.h \
	daemon/top/top_page.c daemon/top/top_page.h \
	daemon/top/top_print.c daemon/top/top_print.h \
	daemon/top/top_reader.c daemon/top/top_reader.h \
	daemon/top/top_sandwich.c \
	daemon/top/top_screen.c daemon/top/top_screen.h \
	daemon/top/top_stack.c daemon/top/top_stack.h \
	daemon/top/top_state.c daemon/top/top_state.h \
	daemon/top/top_table.c daemon/top/top_table.h

brindle_SOURCES += daemon/command/command_top.c
