/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a CPython version keeps what we read: one row of byte offsets per
 * minor version. A new version is a new row; code never asks for a version
 * number, only for what the row says.
 *
 * Authority: offsetof() on the headers of the versions named in each row,
 * cross-checked at attach time with _Py_DebugOffsets where the file has them
 * (3.13 and newer). An unknown version has no row and is not guessed at.
 */
#ifndef BRINDLE_UNWIND_PYTHON_LAYOUT_H
#define BRINDLE_UNWIND_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/** How the frame chain is tied to the native stack. */
enum python_chain {
	PYTHON_CHAIN_IS_ENTRY, /* 3.11: a cframe per activation; its frames end
				  at the one with is_entry set */
	PYTHON_CHAIN_CFRAME,   /* 3.12: a cframe per activation; its frames end
				  at an entry frame on the C stack */
	PYTHON_CHAIN_TSTATE,   /* 3.13: the thread state has the top frame; an
				  activation's frames end at its entry frame */
};

/** An offset that this version does not have. */
#define PYTHON_NO_OFFSET UINT32_MAX

struct python_layout {
	const char *name; /* "3.12" */
	uint8_t major, minor;
	enum python_chain chain;
	bool instruction_is_previous; /* frame.instruction is prev_instr: one
					 code unit before the next (<= 3.12) */
	uint8_t owner_entry;	 /* frame.owner of an entry frame */
	uint8_t owner_generator; /* of a generator's frame */
	struct {
		uint32_t interpreters_head;
	} runtime;
	struct {
		uint32_t next, threads_head;
	} interpreter;
	struct {
		uint32_t size; /* of the whole structure: the root cframe is
				  its last member in 3.11 and 3.12 */
		uint32_t previous, next, interpreter;
		uint32_t cframe;	/* <= 3.12 */
		uint32_t current_frame; /* >= 3.13 */
		uint32_t native_thread_id;
		uint32_t thread_id; /* pthread_self() */
		uint32_t chunk, chunk_top;
		uint32_t status;      /* a word of bits; 3.12+ */
		uint32_t status_mask; /* that of them which is set while the
					 thread has the lock */
	} thread;
	struct {
		uint32_t size, current_frame, previous;
	} cframe;
	struct {
		uint32_t size; /* up to locals */
		uint32_t code, previous, instruction, is_entry, owner;
	} frame;
	struct {
		uint32_t size; /* up to and without the bytecode */
		uint32_t type, unit_count;
		uint32_t argument_count, flags, stack_size, first_line;
		uint32_t local_count; /* co_nlocalsplus */
		uint32_t frame_words; /* co_framesize; 3.12+ */
		uint32_t version;     /* co_version; 3.12+ */
		uint32_t file_name, name, qualified_name, line_table;
		uint32_t first_traceable;
		uint32_t bytecode;
	} code;
	struct {
		uint32_t length, state, ascii_data, compact_data;
	} text;
	struct {
		uint32_t size, data;
	} bytes;
	struct {
		uint32_t previous, size, top, data;
	} chunk;
	/* The interpreter's lock: in the runtime, or an interpreter's own. */
	struct {
		uint32_t runtime;     /* it stands in the runtime; 3.11 */
		uint32_t interpreter; /* a pointer to it stands there; 3.12+ */
		uint32_t size;	      /* as far as we need it */
		uint32_t last_holder, locked;
		uint32_t current; /* the thread that runs: 3.11 has that behind
				     the lock, and no status bit */
	} gil;
};

/** By PY_VERSION_HEX; NULL for a version without a row and for pre-releases. */
const struct python_layout *python_layout_find(uint32_t version_hex);

/** All rows, for tests; NULL past the end. */
const struct python_layout *python_layout_at(unsigned int index);

#endif
