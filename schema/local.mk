# A file carried in the program (base/embed.h says how to use it) is one
# generated source and its origin:
#
#   nodist_libschema_a_SOURCES += schema/0001_tables_sql.c
#   EXTRA_DIST += schema/0001_tables.sql
libschema_a_SOURCES += \
	schema/read/profile.h \
	schema/store/store.h

# The profile: the tables, writing, reading, queries.
libschema_a_SOURCES += \
	schema/store/intern.c schema/store/intern.h \
	schema/migration.c schema/migration.h \
	schema/read/profile.c \
	schema/profile_file.c schema/profile_file.h \
	schema/read/query.c \
	schema/read/query_functions.c schema/read/query_functions.h \
	schema/read/query_guard.c schema/read/query_guard.h \
	schema/read/query_overlay.c schema/read/query_overlay.h \
	schema/read/query_print.c schema/read/query_print.h \
	schema/store/retention.c \
	schema/rollup.c schema/rollup.h \
	schema/store/rollup_builder.c schema/store/rollup_builder.h \
	schema/sql.c schema/sql.h \
	schema/store/store_care.c schema/store/store_care.h \
	schema/store/store_check.c schema/store/store_check.h \
	schema/store/store_callsites.c \
	schema/store/store_commit.c \
	schema/store/store_continue.c \
	schema/store/store_corrupt.c schema/store/store_corrupt.h \
	schema/store/store_era.c \
	schema/store/store_file.c \
	schema/store/store_forget.c \
	schema/store/store_intern.c \
	schema/store/store_join.c \
	schema/store/store_labels.c \
	schema/store/store_lock.c schema/store/store_lock.h \
	schema/store/store_log.c \
	schema/store/store_merge.c schema/store/store_merge.h \
	schema/store/store_open.c \
	schema/store/store_parts.h \
	schema/store/store_recovery.c \
	schema/store/store_rollup.c \
	schema/store/store_samples.c \
	schema/store/store_session.c \
	schema/store/store_space.c \
	schema/store/store_state.h \
	schema/store/store_statements.c schema/store/store_statements.h \
	schema/store/store_sweep.c \
	schema/store/store_sweep_threads.c \
	schema/store/store_transaction.c \
	schema/store/store_tree.c \
	schema/store/store_upkeep.c \
	schema/store/store_wal.c \
	schema/store/store_write.c
nodist_libschema_a_SOURCES += schema/0001_tables_sql.c \
	schema/0002_views_sql.c schema/0003_store_sql.c \
	schema/0004_views_sql.c schema/0005_merged_sql.c \
	schema/0006_losses_sql.c
EXTRA_DIST += schema/0001_tables.sql schema/0002_views.sql \
	schema/0003_store.sql schema/0004_views.sql \
	schema/0005_merged.sql schema/0006_losses.sql schema/README.md

# Looking at it: the tree of calls, and its forms.
libschema_a_SOURCES += \
	schema/read/call_ids.c schema/read/call_ids.h \
	schema/read/call_threads.c schema/read/call_threads.h \
	schema/read/call_tree.c schema/read/call_tree.h \
	schema/read/call_tree_functions.c \
	schema/read/call_tree_group.c schema/read/call_tree_group.h \
	schema/read/call_tree_lines.c \
	schema/read/call_tree_load.c \
	schema/read/call_tree_prune.c \
	schema/read/call_tree_rows.c schema/read/call_tree_rows.h \
	schema/read/call_tree_adopt.c schema/read/call_tree_adopt.h \
	schema/read/call_tree_view.c schema/read/call_tree_view.h \
	schema/show/diff.c schema/show/diff.h \
	schema/show/diff_json.c \
	schema/show/diff_print.c \
	schema/show/diff_test.c schema/show/diff_test.h \
	schema/show/diff_text.c \
	schema/read/excerpt.c schema/read/excerpt.h \
	schema/show/csv.c schema/show/csv.h \
	schema/show/export.c schema/show/export.h \
	schema/show/export_csv.c \
	schema/show/export_folded.c \
	schema/show/export_gecko.c \
	schema/show/export_pprof.c \
	schema/show/export_speedscope.c \
	schema/show/export_stacks.c schema/show/export_stacks.h \
	schema/show/export_svg.c \
	schema/show/export_threads.c schema/show/export_threads.h \
	schema/show/gecko_samples.c schema/show/gecko_samples.h \
	schema/show/gzip.c schema/show/gzip.h \
	schema/show/protobuf.c schema/show/protobuf.h \
	schema/read/groups.c schema/read/groups.h \
	schema/read/guide.c schema/read/guide.h \
	schema/read/id_map.c schema/read/id_map.h \
	schema/read/id_set.c schema/read/id_set.h \
	schema/show/flame_json.c schema/show/flame_json.h \
	schema/show/flame_page.c \
	schema/show/json.c schema/show/json.h \
	schema/show/report.c schema/show/report.h \
	schema/show/report_head.c \
	schema/show/report_json.c \
	schema/show/report_page.c schema/show/report_page.h \
	schema/show/report_print.c \
	schema/show/report_text.c \
	schema/read/same_rows.c schema/read/same_rows.h \
	schema/read/schema_comment.c schema/read/schema_comment.h \
	schema/read/selection.c schema/read/selection.h \
	schema/read/selection_read.c \
	schema/read/selection_threads.c schema/read/selection_threads.h \
	schema/read/pattern.c schema/read/pattern.h \
	schema/read/stack_filter.c schema/read/stack_filter.h \
	schema/read/stack_filter_rows.c \
	schema/show/status.h schema/show/status_print.c \
	schema/show/status_problems.c schema/show/status_read.c \
	schema/show/summary.c schema/show/summary.h \
	schema/show/summary_json.c \
	schema/read/busiest.c schema/read/busiest.h \
	schema/read/tally.c schema/read/tally.h \
	schema/read/thread_sums.c schema/read/thread_sums.h \
	schema/read/time_range.c schema/read/time_range.h \
	schema/read/timeline.c schema/read/timeline.h \
	schema/show/timeline_print.c
nodist_libschema_a_SOURCES += web/dist/page_html.c \
	schema/read/query_overlay_sql.c schema/read/query_sums_sql.c schema/README_md.c
EXTRA_DIST += schema/read/query_overlay.sql schema/read/query_sums.sql
