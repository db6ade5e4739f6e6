libbase_a_SOURCES += \
	base/array.c base/array.h \
	base/cleanup.h \
	base/clock.h \
	base/embed.h \
	base/error.c base/error.h \
	base/priority.c base/priority.h \
	base/reader.c base/reader.h \
	base/text.c base/text.h \
	base/version.h

if THREAD_SANITIZING
libbase_a_SOURCES += base/clock_join.c
endif
