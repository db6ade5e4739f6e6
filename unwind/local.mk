libunwind_a_SOURCES += \
	unwind/arch.h \
	unwind/live_memory.h \
	unwind/memory.h \
	unwind/module.h \
	unwind/space.h \
	unwind/walk.h

include unwind/native/local.mk
include unwind/python/local.mk
include unwind/symbols/local.mk
