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
	schema/query_overlay.c schema/query_overlay.h \
	schema/query_print.c schema/query_print.h \
	schema/retention.c \
	schema/rollup.c schema/rollup.h \
	schema/rollup_builder.c schema/rollup_builder.h \
	schema/sql.c schema/sql.h \
	schema/store_care.c schema/store_care.h \
	schema/store_check.c schema/store_check.h \
	schema/store_callsites.c \
	schema/store_commit.c \
	schema/store_continue.c \
	schema/store_era.c \
	schema/store_file.c \
	schema/store_forget.c \
	schema/store_intern.c \
	schema/store_join.c \
	schema/store_labels.c \
	schema/store_lock.c schema/store_lock.h \
	schema/store_log.c \
	schema/store_open.c \
	schema/store_parts.h \
	schema/store_recovery.c \
	schema/store_rollup.c \
	schema/store_samples.c \
	schema/store_session.c \
	schema/store_state.h \
	schema/store_statements.c schema/store_statements.h \
	schema/store_sweep.c \
	schema/store_transaction.c \
	schema/store_tree.c \
	schema/store_upkeep.c \
	schema/store_wal.c
nodist_libschema_a_SOURCES += schema/0001_tables_sql.c \
	schema/0002_views_sql.c schema/0003_store_sql.c \
	schema/0004_views_sql.c
EXTRA_DIST += schema/0001_tables.sql schema/0002_views.sql \
	schema/0003_store.sql schema/0004_views.sql schema/README.md

# Looking at it: the tree of calls, and its forms.
libschema_a_SOURCES += \
	schema/call_threads.c schema/call_threads.h \
	schema/call_tree.c schema/call_tree.h \
	schema/call_tree_functions.c \
	schema/call_tree_load.c \
	schema/call_tree_prune.c \
	schema/call_tree_rows.c schema/call_tree_rows.h \
	schema/diff.c schema/diff.h \
	schema/diff_json.c \
	schema/diff_test.c schema/diff_test.h \
	schema/diff_text.c \
	schema/excerpt.c schema/excerpt.h \
	schema/export_folded.c \
	schema/flame.c \
	schema/id_set.c schema/id_set.h \
	schema/json.c schema/json.h \
	schema/report.c schema/report.h \
	schema/report_head.c \
	schema/report_json.c \
	schema/report_page.c schema/report_page.h \
	schema/report_text.c \
	schema/selection.c schema/selection.h \
	schema/selection_read.c \
	schema/summary.c schema/summary.h \
	schema/tally.c schema/tally.h \
	schema/time_range.c schema/time_range.h \
	schema/timeline.c schema/timeline.h \
	schema/timeline_print.c
nodist_libschema_a_SOURCES += schema/flame_page_html.c \
	schema/query_overlay_sql.c
EXTRA_DIST += schema/query_overlay.sql

# The page is one file made of these.
flame_parts = \
	schema/flame/page.html \
	schema/flame/style.css \
	schema/flame/profile.js \
	schema/flame/tree.js \
	schema/flame/search.js \
	schema/flame/palette.js \
	schema/flame/format.js \
	schema/flame/chart.js \
	schema/flame/header.js \
	schema/flame/details.js \
	schema/flame/table.js \
	schema/flame/menu.js \
	schema/flame/app.js \
	schema/flame/input.js \
	schema/flame/start.js
EXTRA_DIST += $(flame_parts) schema/flame/join.sh
CLEANFILES += schema/flame_page.html

schema/flame_page.html: $(flame_parts) schema/flame/join.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SHELL) \
		$(top_srcdir)/schema/flame/join.sh $(top_srcdir)/schema/flame $@
