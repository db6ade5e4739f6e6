# Tests of schema/: check_PROGRAMS += tests/schema/test_x, and its _SOURCES.
check_PROGRAMS += \
	tests/schema/test_cookbook \
	tests/schema/store/test_intern \
	tests/schema/test_migration \
	tests/schema/read/test_profile \
	tests/schema/read/test_query \
	tests/schema/store/test_retention \
	tests/schema/store/test_store \
	tests/schema/store/test_store_continue \
	tests/schema/store/test_store_crash \
	tests/schema/store/test_store_events \
	tests/schema/store/test_store_kill \
	tests/schema/store/test_store_merge \
	tests/schema/store/test_store_open \
	tests/schema/store/test_store_rollup \
	tests/schema/store/test_store_speed \
	tests/schema/store/test_store_trouble

schema_fixture = tests/schema/fixture.c tests/schema/fixture.h
store_fixture = tests/schema/store_fixture.c tests/schema/store_fixture.h

# A file of each version of the schema.
EXTRA_DIST += tests/schema/data/version_1.db tests/schema/data/version_2.db \
	tests/schema/data/version_4.db
schema_data = $(AM_CPPFLAGS) \
	-DSCHEMA_DATA='"$(abs_top_srcdir)/tests/schema/data"'

tests_schema_test_cookbook_SOURCES = tests/schema/test_cookbook.c \
	$(schema_fixture) $(store_fixture)
tests_schema_test_cookbook_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSCHEMA_README='"$(abs_top_srcdir)/schema/README.md"'
tests_schema_store_test_intern_SOURCES = tests/schema/store/test_intern.c
tests_schema_test_migration_SOURCES = tests/schema/test_migration.c \
	$(schema_fixture)
tests_schema_read_test_profile_SOURCES = tests/schema/read/test_profile.c \
	$(schema_fixture)
tests_schema_read_test_profile_CPPFLAGS = $(schema_data)
tests_schema_read_test_query_SOURCES = tests/schema/read/test_query.c $(schema_fixture)
tests_schema_store_test_store_SOURCES = tests/schema/store/test_store.c $(schema_fixture)
schema_long_store = $(schema_fixture) tests/schema/long_store.c \
	tests/schema/long_store.h
tests_schema_store_test_store_continue_SOURCES = \
	tests/schema/store/test_store_continue.c $(schema_long_store)
tests_schema_store_test_store_continue_CPPFLAGS = $(schema_data)
tests_schema_store_test_store_crash_SOURCES = tests/schema/store/test_store_crash.c \
	$(schema_fixture)
tests_schema_store_test_store_merge_SOURCES = tests/schema/store/test_store_merge.c \
	$(schema_long_store)
tests_schema_store_test_store_open_SOURCES = tests/schema/store/test_store_open.c \
	$(schema_fixture)
tests_schema_store_test_retention_SOURCES = tests/schema/store/test_retention.c \
	$(schema_long_store)
tests_schema_store_test_store_events_SOURCES = \
	tests/schema/store/test_store_events.c $(schema_long_store)
tests_schema_store_test_store_kill_SOURCES = tests/schema/store/test_store_kill.c \
	$(schema_long_store)
tests_schema_store_test_store_trouble_SOURCES = tests/schema/store/test_store_trouble.c \
	$(schema_long_store)
tests_schema_store_test_store_rollup_SOURCES = tests/schema/store/test_store_rollup.c \
	$(schema_long_store)
tests_schema_store_test_store_speed_SOURCES = tests/schema/store/test_store_speed.c \
	$(schema_fixture)

# Looking at a profile.
check_PROGRAMS += \
	tests/schema/read/test_call_tree \
	tests/schema/show/test_diff \
	tests/schema/read/test_excerpt \
	tests/schema/show/test_export_folded \
	tests/schema/show/test_flame_json \
	tests/schema/show/test_flame_page \
	tests/schema/read/test_guide \
	tests/schema/read/test_busiest \
	tests/schema/read/test_id_map \
	tests/schema/read/test_id_set \
	tests/schema/read/test_same_rows \
	tests/schema/read/test_thread_sums \
	tests/schema/show/test_json \
	tests/schema/show/test_report \
	tests/schema/read/test_selection \
	tests/schema/read/test_time_range

tests_schema_read_test_call_tree_SOURCES = tests/schema/read/test_call_tree.c \
	$(schema_fixture)
tests_schema_show_test_diff_SOURCES = tests/schema/show/test_diff.c $(schema_fixture)
tests_schema_read_test_excerpt_SOURCES = tests/schema/read/test_excerpt.c \
	$(schema_fixture) $(store_fixture)
tests_schema_show_test_export_folded_SOURCES = tests/schema/show/test_export_folded.c \
	$(schema_fixture)
tests_schema_show_test_flame_json_SOURCES = \
	tests/schema/show/test_flame_json.c $(schema_fixture)
tests_schema_show_test_flame_page_SOURCES = \
	tests/schema/show/test_flame_page.c $(schema_fixture)
tests_schema_show_test_json_SOURCES = tests/schema/show/test_json.c
tests_schema_read_test_guide_SOURCES = tests/schema/read/test_guide.c
tests_schema_read_test_busiest_SOURCES = tests/schema/read/test_busiest.c
tests_schema_read_test_id_map_SOURCES = tests/schema/read/test_id_map.c
tests_schema_read_test_id_set_SOURCES = tests/schema/read/test_id_set.c
tests_schema_show_test_report_SOURCES = tests/schema/show/test_report.c $(schema_fixture)
tests_schema_read_test_selection_SOURCES = tests/schema/read/test_selection.c \
	$(schema_fixture)
tests_schema_read_test_same_rows_SOURCES = \
	tests/schema/read/test_same_rows.c $(schema_fixture)
tests_schema_read_test_thread_sums_SOURCES = \
	tests/schema/read/test_thread_sums.c $(schema_fixture) $(store_fixture)
tests_schema_read_test_time_range_SOURCES = tests/schema/read/test_time_range.c \
	$(schema_fixture)

# The page in a browser; a sanitizer has nothing to look at there.
test_helpers += tests/schema/make_pages
tests_schema_make_pages_SOURCES = tests/schema/make_pages.c
if !SANITIZING
TESTS += tests/schema/flame_browser.sh
endif
dist_check_SCRIPTS += tests/schema/flame_browser.sh
EXTRA_DIST += tests/schema/browser.py tests/schema/flame_browser.py

check_PROGRAMS += tests/schema/store/test_store_care
tests_schema_store_test_store_care_SOURCES = tests/schema/store/test_store_care.c \
	$(schema_long_store)

check_PROGRAMS += tests/schema/show/test_status
tests_schema_show_test_status_SOURCES = tests/schema/show/test_status.c

check_PROGRAMS += tests/schema/show/test_losses
tests_schema_show_test_losses_SOURCES = tests/schema/show/test_losses.c \
	$(schema_long_store)

# Exports, read by those who read them.
test_helpers += tests/schema/show/make_hostile
tests_schema_show_make_hostile_SOURCES = tests/schema/show/make_hostile.c
TESTS += tests/schema/show/exports.sh
dist_check_SCRIPTS += tests/schema/show/exports.sh
EXTRA_DIST += tests/schema/show/exports.py

check_PROGRAMS += \
	tests/schema/read/test_call_tree_group \
	tests/schema/read/test_call_tree_view \
	tests/schema/read/test_stack_filter
tests_schema_read_test_call_tree_group_SOURCES = \
	tests/schema/read/test_call_tree_group.c \
	$(schema_fixture) $(store_fixture)
tests_schema_read_test_call_tree_view_SOURCES = \
	tests/schema/read/test_call_tree_view.c
tests_schema_read_test_stack_filter_SOURCES = \
	tests/schema/read/test_stack_filter.c $(schema_fixture)
