# Scripts that check the source tree and its objects.
style_tests = \
	tests/style/layers.sh \
	tests/style/headers.sh \
	tests/style/sources.sh \
	tests/style/globals.sh \
	tests/style/frozen.sh

TESTS += $(style_tests)
dist_check_SCRIPTS += $(style_tests)
EXTRA_DIST += tests/style/frozen.py tests/style/frozen_symbols.txt
AM_TESTS_ENVIRONMENT = CC='$(CC)'; export CC; \
	top_builddir='$(abs_builddir)'; export top_builddir; \
	top_srcdir='$(abs_srcdir)'; export top_srcdir;
