# The server: heads, access, addresses, SQL that is asked for; then all of it,
# over sockets, by tests/end_to_end/web.sh.
check_PROGRAMS += tests/web/server/test_request tests/web/server/test_access \
	tests/web/server/test_question tests/web/server/test_answer_cache
tests_web_server_test_request_SOURCES = tests/web/server/test_request.c
tests_web_server_test_access_SOURCES = tests/web/server/test_access.c
tests_web_server_test_question_SOURCES = tests/web/server/test_question.c
tests_web_server_test_answer_cache_SOURCES = tests/web/server/test_answer_cache.c
EXTRA_DIST += tests/web/server_client.py tests/web/server_abuse.py \
	tests/web/server_crowd.py tests/web/server_daemon.py
