# A file carried in the program (base/embed.h says how to use it) is one
# generated source and its origin:
#
#   nodist_libschema_a_SOURCES += schema/001_profile_sql.c schema/flame_html.c
#   EXTRA_DIST += schema/001_profile.sql schema/flame.html
libschema_a_SOURCES += \
	schema/profile.h \
	schema/store.h

# The profile: the tables, writing, reading, queries.
libschema_a_SOURCES += \
	schema/intern.c schema/intern.h \
	schema/migration.c schema/migration.h \
	schema/profile.c \
	schema/profile_file.c schema/profile_file.h \
	schema/query.c \
	schema/query_print.c schema/query_print.h \
	schema/sql.c schema/sql.h \
	schema/store_commit.c \
	schema/store_intern.c \
	schema/store_open.c \
	schema/store_samples.c \
	schema/store_state.h \
	schema/store_statements.c \
	schema/store_tree.c
# Looking at it.
libschema_a_SOURCES += \
	schema/call_tree.c schema/call_tree.h \
	schema/call_tree_load.c \
	schema/export_folded.c \
	schema/json.c schema/json.h \
	schema/report.c schema/report.h \
	schema/report_json.c \
	schema/report_text.c \
	schema/summary.c schema/summary.h
nodist_libschema_a_SOURCES += schema/0001_tables_sql.c schema/0002_views_sql.c
EXTRA_DIST += schema/0001_tables.sql schema/0002_views.sql schema/README.md
