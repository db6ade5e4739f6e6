# A file carried in the program (base/embed.h says how to use it) is one
# generated source and its origin:
#
#   nodist_libschema_a_SOURCES += schema/001_profile_sql.c schema/flame_html.c
#   EXTRA_DIST += schema/001_profile.sql schema/flame.html
libschema_a_SOURCES += \
	schema/profile.h \
	schema/store.h
