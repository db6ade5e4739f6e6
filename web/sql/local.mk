# SQL of people, in children that can be killed.
libweb_a_SOURCES += \
	web/sql/query_box.c web/sql/query_box.h \
	web/sql/query_child.c web/sql/query_child.h \
	web/sql/query_keeper.c web/sql/query_keeper.h \
	web/sql/query_message.c web/sql/query_message.h \
	web/sql/query_result.c web/sql/query_result.h \
	web/sql/query_walls.c web/sql/query_walls.h
