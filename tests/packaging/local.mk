# What `make install` puts where, and that it works from there.
if !SANITIZING
TESTS += tests/packaging/install.sh
endif
dist_check_SCRIPTS += tests/packaging/install.sh
