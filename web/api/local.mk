libweb_a_SOURCES += \
	web/api/answers.h \
	web/api/api.c web/api/api.h \
	web/api/chart.c \
	web/api/cookbook.c \
	web/api/diff.c \
	web/api/export.c \
	web/api/flame.c \
	web/api/gil.c \
	web/api/heatmap.c \
	web/api/label_sums.c web/api/label_sums.h \
	web/api/labels.c \
	web/api/lines.c \
	web/api/metrics.c \
	web/api/offcpu.c \
	web/api/pprof.c \
	web/api/processes.c \
	web/api/routes.c \
	web/api/sandwich.c \
	web/api/schema.c \
	web/api/select.c \
	web/api/source.c web/api/source.h \
	web/api/status.c \
	web/api/timeline.c \
	web/api/top.c \
	web/api/who.c web/api/who.h \
	web/api/who_facts.c
EXTRA_DIST += web/openapi.yaml
