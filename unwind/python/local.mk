libunwind_a_SOURCES += \
	unwind/python/binary.h \
	unwind/python/code.h \
	unwind/python/freeze.h \
	unwind/python/layout.h \
	unwind/python/line_table.h \
	unwind/python/python_stack.h \
	unwind/python/snapshot.h \
	unwind/python/target.h \
	unwind/python/text.h
