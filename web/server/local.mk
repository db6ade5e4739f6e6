# The server. Its table of files is made from web/dist, compressed.
libweb_a_SOURCES += \
	web/server/access.c web/server/access.h \
	web/server/answer.c web/server/answer.h \
	web/server/answer_cache.c web/server/answer_cache.h \
	web/server/asset.h \
	web/server/body.c web/server/body.h \
	web/server/door.c web/server/door.h \
	web/server/endpoint.c web/server/endpoint.h \
	web/server/event.h \
	web/server/job.c web/server/job.h \
	web/server/listen.c web/server/listen.h \
	web/server/question.c web/server/question.h \
	web/server/query_string.c web/server/query_string.h \
	web/server/reply.c web/server/reply.h \
	web/server/request.c web/server/request.h \
	web/server/respond.c web/server/respond.h web/server/respond_query.c \
	web/server/server.c web/server/server.h web/server/server_state.h \
	web/server/session.c web/server/session.h \
	web/server/stream.c web/server/stream.h \
	web/server/ticker.c web/server/ticker.h \
	web/server/transport.c web/server/transport.h \
	web/server/visit.c web/server/visit.h
nodist_libweb_a_SOURCES += web/assets.c
EXTRA_DIST += web/embed.sh web/dist

# page.html is the exported page's, and has its scripts inside.
web_files = $(top_srcdir)/web/openapi.yaml \
	$(filter-out %/page.html,$(wildcard $(top_srcdir)/web/dist/*.*))

web/assets.c: $(web_files) $(top_srcdir)/web/embed.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SHELL) $(top_srcdir)/web/embed.sh \
		web/assets $@ $(web_files)

clean-local:
	rm -rf web/assets
