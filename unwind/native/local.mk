libunwind_a_SOURCES += \
	unwind/native/cfi_table.h \
	unwind/native/elf_image.h \
	unwind/native/native_step.h
