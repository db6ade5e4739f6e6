# Tests of schema/: check_PROGRAMS += tests/schema/test_x, and its _SOURCES.
check_PROGRAMS += \
	tests/schema/test_cookbook \
	tests/schema/test_intern \
	tests/schema/test_migration \
	tests/schema/test_profile \
	tests/schema/test_query \
	tests/schema/test_store \
	tests/schema/test_store_crash \
	tests/schema/test_store_open \
	tests/schema/test_store_speed

schema_fixture = tests/schema/fixture.c tests/schema/fixture.h

tests_schema_test_cookbook_SOURCES = tests/schema/test_cookbook.c \
	$(schema_fixture)
tests_schema_test_cookbook_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSCHEMA_README='"$(abs_top_srcdir)/schema/README.md"'
tests_schema_test_intern_SOURCES = tests/schema/test_intern.c
tests_schema_test_migration_SOURCES = tests/schema/test_migration.c \
	$(schema_fixture)
tests_schema_test_profile_SOURCES = tests/schema/test_profile.c \
	$(schema_fixture)
tests_schema_test_query_SOURCES = tests/schema/test_query.c $(schema_fixture)
tests_schema_test_store_SOURCES = tests/schema/test_store.c $(schema_fixture)
tests_schema_test_store_crash_SOURCES = tests/schema/test_store_crash.c \
	$(schema_fixture)
tests_schema_test_store_open_SOURCES = tests/schema/test_store_open.c \
	$(schema_fixture)
tests_schema_test_store_speed_SOURCES = tests/schema/test_store_speed.c \
	$(schema_fixture)
