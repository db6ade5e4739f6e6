include tests/unwind/native/local.mk
include tests/unwind/python/local.mk
include tests/unwind/symbols/local.mk

check_PROGRAMS += tests/unwind/test_module tests/unwind/test_module_cache \
	tests/unwind/test_space tests/unwind/test_page_cache
tests_unwind_test_module_SOURCES = tests/unwind/test_module.c
tests_unwind_test_module_cache_SOURCES = tests/unwind/test_module_cache.c
tests_unwind_test_space_SOURCES = tests/unwind/test_space.c
tests_unwind_test_page_cache_SOURCES = tests/unwind/test_page_cache.c

check_PROGRAMS += tests/unwind/test_walk tests/unwind/test_walk_self \
	tests/unwind/test_stack_search
walk_scene = tests/unwind/walk_scene.c tests/unwind/walk_scene.h
tests_unwind_test_walk_SOURCES = tests/unwind/test_walk.c $(walk_scene)
tests_unwind_test_stack_search_SOURCES = tests/unwind/test_stack_search.c \
	tests/unwind/python/fake_stack.c tests/unwind/python/fake_stack.h \
	tests/unwind/python/fake_memory.h $(walk_scene)
tests_unwind_test_walk_self_SOURCES = tests/unwind/test_walk_self.c
