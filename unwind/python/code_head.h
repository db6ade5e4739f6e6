/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a code object: what precedes its bytecode. Answers "is this a
 * code object, which one, and where are its names?" from the bytes alone.
 *
 * The fingerprint covers what CPython sets when it makes a code object and
 * then leaves alone: the type; the span from ob_size to co_flags (ob_size,
 * co_consts, co_names, co_exceptiontable, co_flags); the span from co_argcount
 * to co_linetable (all counts, co_firstlineno, co_version in 3.12+, and the
 * pointers to names and tables); _co_firsttraceable.
 *
 * Left out, for it changes at run time: ob_refcnt; 3.11's co_warmup and
 * _co_linearray_entry_size, which lie between the two spans; co_weakreflist;
 * _co_code (3.11) and _co_cached (3.12+); _co_linearray; co_executors (3.13);
 * _co_instrumentation_version and _co_monitoring; co_extra; the bytecode, which
 * specialises itself. Authority: CPython 3.11, 3.12 and 3.13
 * Include/cpython/code.h and Objects/codeobject.c. One field of the spans can
 * change, co_filename, when an import finds its .pyc moved (Python/import.c,
 * update_code_filenames), and then it shall be read again.
 *
 * How exact is it? co_version is drawn from a counter that only grows, so an
 * object of 3.12+ with co_version != 0 is told from every other one of its
 * interpreter. Where it is 0 (3.11, which has none, and after 2^32 versions)
 * an object that was freed and replaced, at the same address, by one with equal
 * counts and with all its strings and tables at the same addresses again has
 * the same fingerprint. python_code_verify() therefore compares there the
 * content of names and line table as well, and so does python_code_take_names()
 * for names that were captured with the head. Only where these were not (too
 * long, too many at once) a twin that takes the place between the capture of
 * the head and the first reading of its names remains undetected.
 */
#ifndef BRINDLE_UNWIND_PYTHON_CODE_HEAD_H
#define BRINDLE_UNWIND_PYTHON_CODE_HEAD_H

#include "unwind/python/layout.h"
#include "unwind/python/python_stack.h"

struct code_head {
	uint64_t fingerprint;
	bool exact; /* the fingerprint holds a co_version */
	struct python_code_facts facts;
	uint32_t first_line;
	enum python_lines lines;
	/* Addresses of the str objects and of the bytes object. */
	uint64_t name, qualified_name, file_name, line_table;
};

/**
 * Reads layout->code.size bytes at @bytes. @code_type is the address of
 * PyCode_Type, 0 if unknown. False: these bytes are no code object.
 */
bool code_head_read(const struct python_layout *layout, uint64_t code_type,
		    const uint8_t *bytes, struct code_head *ret);

/** The fingerprint alone, of any bytes. */
uint64_t code_head_fingerprint(const struct python_layout *layout,
			       const uint8_t *bytes);

#endif
