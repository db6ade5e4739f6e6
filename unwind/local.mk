libunwind_a_SOURCES += \
	unwind/arch.h \
	unwind/guarded_memory.c unwind/guarded_memory.h \
	unwind/live_memory.h \
	unwind/memory.h \
	unwind/module.c unwind/module.h \
	unwind/module_cache.c unwind/module_cache.h \
	unwind/page_cache.c unwind/page_cache.h \
	unwind/regular_file.c unwind/regular_file.h \
	unwind/space.c unwind/space.h \
	unwind/stack_search.c unwind/stack_search.h \
	unwind/walk.c unwind/walk_names.c unwind/walk.h \
	unwind/walk_place.c unwind/walk_place.h

include unwind/native/local.mk
include unwind/python/local.mk
include unwind/symbols/local.mk
