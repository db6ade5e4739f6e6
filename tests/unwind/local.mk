include tests/unwind/native/local.mk
include tests/unwind/python/local.mk
include tests/unwind/symbols/local.mk
