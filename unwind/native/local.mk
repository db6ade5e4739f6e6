libunwind_a_SOURCES += \
	unwind/arch.c \
	unwind/arch_aarch64.c \
	unwind/arch_x86_64.c \
	unwind/memory.c \
	unwind/native/cfi_builder.c \
	unwind/native/cfi_builder.h \
	unwind/native/cfi_entry.c \
	unwind/native/cfi_entry.h \
	unwind/native/cfi_intern.c \
	unwind/native/cfi_intern.h \
	unwind/native/cfi_parts.c \
	unwind/native/cfi_parts.h \
	unwind/native/cfi_program.c \
	unwind/native/cfi_program.h \
	unwind/native/cfi_ranges.c \
	unwind/native/cfi_ranges.h \
	unwind/native/cfi_table.c \
	unwind/native/cfi_table.h \
	unwind/native/dwarf_expression.c \
	unwind/native/dwarf_expression.h \
	unwind/native/elf_image.c \
	unwind/native/elf_image.h \
	unwind/native/elf_parts.h \
	unwind/native/elf_section.c \
	unwind/native/elf_symbols.c \
	unwind/native/native_step.c \
	unwind/native/native_step.h
