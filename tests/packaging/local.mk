# What `make install` puts where, and that it works from there; manual and
# completions against the program.
packaging_tests = \
	tests/packaging/install.sh \
	tests/packaging/completions.sh \
	tests/packaging/manual.sh

if !SANITIZING
TESTS += $(packaging_tests)
endif
dist_check_SCRIPTS += $(packaging_tests)
EXTRA_DIST += tests/packaging/commands.sh
