EXTRA_DIST += tests/cmocka.h tests/thread_sanitizer.supp

include tests/base/local.mk
include tests/unwind/local.mk
include tests/schema/local.mk
include tests/daemon/local.mk
include tests/replay/local.mk
include tests/fuzz/local.mk
include tests/style/local.mk
include tests/truth/local.mk
include tests/end_to_end/local.mk
include tests/bench/local.mk
include tests/programs/local.mk
include tests/packaging/local.mk
include tests/soak/local.mk
include tests/web/local.mk
