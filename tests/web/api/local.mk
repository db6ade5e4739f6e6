# What the dashboard is told, asked without a server.
test_helpers += tests/web/api/ask
tests_web_api_ask_SOURCES = tests/web/api/ask.c

check_PROGRAMS += tests/web/api/test_answers
tests_web_api_test_answers_SOURCES = tests/web/api/test_answers.c \
	$(schema_fixture) $(store_fixture)

TESTS += tests/web/api/api.sh tests/web/api/conform.sh
dist_check_SCRIPTS += tests/web/api/api.sh tests/web/api/conform.sh
EXTRA_DIST += tests/web/api/api.py
