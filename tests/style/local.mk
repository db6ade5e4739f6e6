# Scripts that check the source tree and its objects.
style_tests = \
	tests/style/layers.sh \
	tests/style/calls.sh \
	tests/style/headers.sh \
	tests/style/sources.sh \
	tests/style/globals.sh \
	tests/style/documents.sh \
	tests/style/imports.sh \
	tests/style/frozen.sh \
	tests/style/retries.sh

# They look at the sources and at plain objects: once is enough.
if !SANITIZING
TESTS += $(style_tests)
endif
dist_check_SCRIPTS += $(style_tests)
EXTRA_DIST += tests/style/calls.py tests/style/frozen.py tests/style/frozen_symbols.txt
# Tests ask for more memory than there is, and look at the NULL.
AM_TESTS_ENVIRONMENT = ASAN_OPTIONS=allocator_may_return_null=1; \
	export ASAN_OPTIONS; \
	TSAN_OPTIONS=suppressions=$(abs_srcdir)/tests/thread_sanitizer.supp; \
	export TSAN_OPTIONS; \
	CC='$(CC)'; export CC; \
	top_builddir='$(abs_builddir)'; export top_builddir; \
	top_srcdir='$(abs_srcdir)'; export top_srcdir;
