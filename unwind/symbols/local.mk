libunwind_a_SOURCES += \
	unwind/symbols/debug_file.c unwind/symbols/debug_file.h \
	unwind/symbols/demangle.c unwind/symbols/demangle.h \
	unwind/symbols/kallsyms.c unwind/symbols/kallsyms.h \
	unwind/symbols/symbol_list.c unwind/symbols/symbol_list.h \
	unwind/symbols/symbol_table.c unwind/symbols/symbol_table.h
