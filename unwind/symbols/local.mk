libunwind_a_SOURCES += \
	unwind/symbols/demangle.h \
	unwind/symbols/kallsyms.h \
	unwind/symbols/symbol_table.h
