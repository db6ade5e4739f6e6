libunwind_a_SOURCES += \
	unwind/python/binary.h \
	unwind/python/code.h \
	unwind/python/freeze.h \
	unwind/python/gil.h \
	unwind/python/layout.h \
	unwind/python/line_table.h \
	unwind/python/state_chain.h \
	unwind/python/python_stack.h \
	unwind/python/snapshot.h \
	unwind/python/target.h \
	unwind/python/text.h

libunwind_a_SOURCES += \
	unwind/python/code.c \
	unwind/python/code_head.c \
	unwind/python/code_head.h \
	unwind/python/line_table.c \
	unwind/python/state_chain.c \
	unwind/python/python_stack.c \
	unwind/python/text.c

libunwind_a_SOURCES += \
	unwind/live_memory.c \
	unwind/python/binary.c \
	unwind/python/eval_loop.c \
	unwind/python/freeze.c \
	unwind/python/freeze_chain.c \
	unwind/python/freeze_gil.c \
	unwind/python/freeze_text.c \
	unwind/python/freeze_chunks.c \
	unwind/python/freeze_states.c \
	unwind/python/freeze_thread.c \
	unwind/python/freezer_state.c \
	unwind/python/freezer.c \
	unwind/python/freezer.h \
	unwind/python/freezer_pages.c \
	unwind/python/gil.c \
	unwind/python/instruction.c \
	unwind/python/instruction.h \
	unwind/python/layout_objects.c \
	unwind/python/object_stack.c unwind/python/object_stack.h \
	unwind/python/layout.c \
	unwind/python/snapshot.c \
	unwind/python/target.c
