# SQL of people, each attack that is known of.
check_PROGRAMS += tests/web/sql/test_query_box
tests_web_sql_test_query_box_SOURCES = tests/web/sql/test_query_box.c \
	$(schema_fixture) $(store_fixture)
TESTS += tests/web/sql/attacks.sh
dist_check_SCRIPTS += tests/web/sql/attacks.sh
EXTRA_DIST += tests/web/sql/attacks.py
