libunwind_a_SOURCES += \
	unwind/arch.c \
	unwind/arch_aarch64.c \
	unwind/arch_x86_64.c \
	unwind/memory.c \
	unwind/native/cfi_table.h \
	unwind/native/elf_image.c \
	unwind/native/elf_image.h \
	unwind/native/elf_parts.h \
	unwind/native/elf_section.c \
	unwind/native/elf_symbols.c \
	unwind/native/native_step.h
