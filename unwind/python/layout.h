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
	PYTHON_CHAIN_OBJECTS,  /* <= 3.10: a frame object per activation, which
				  holds its address in a register */
	PYTHON_CHAIN_IS_ENTRY, /* 3.11: a cframe per activation; its frames end
				  at the one with is_entry set */
	PYTHON_CHAIN_CFRAME,   /* 3.12: a cframe per activation; its frames end
				  at an entry frame on the C stack */
	PYTHON_CHAIN_TSTATE,   /* 3.13 on: the thread state has the top frame; an
				  activation's frames end at its entry frame */
};

/** What says which line a place in the bytecode is of; see line_table.h. */
enum python_lines {
	PYTHON_LINES_LOCATIONS, /* 3.11 */
	PYTHON_LINES_PAIRS,	/* 3.10 */
	PYTHON_LINES_LNOTAB,	/* <= 3.9 */
};

/** An offset that this version does not have. */
#define PYTHON_NO_OFFSET UINT32_MAX

struct python_layout {
	const char *name; /* "3.12" */
	uint8_t major, minor;
	bool free_threaded; /* Py_GIL_DISABLED: larger object heads */
	enum python_chain chain;
	enum python_lines lines;
	bool instruction_is_previous; /* frame.instruction is prev_instr: one
					 code unit before the next (<= 3.12) */
	uint8_t owner_entry;	 /* frame.owner of an entry frame */
	uint8_t owner_generator; /* of a generator's frame */
	struct {
		uint32_t interpreters_head;
	} runtime;
	struct {
		uint32_t next, threads_head;
		uint32_t threads_made; /* states so far: next_unique_id */
	} interpreter;
	struct {
		uint32_t size; /* as far as we need it. Of 3.11 and 3.12 all:
				  the root cframe is its last member */
		uint32_t previous, next, interpreter;
		uint32_t cframe;	/* <= 3.12 */
		uint32_t current_frame; /* >= 3.13 */
		uint32_t base_frame;	/* 3.15: a frame in which all chains
					   end; in others they end with NULL */
		uint32_t native_thread_id; /* >= 3.11 */
		uint32_t thread_id; /* pthread_self() */
		uint32_t pthread_tid; /* the id from there on; <= 3.10 */
		uint32_t chunk, chunk_top;
		uint32_t status;      /* a word of bits; 3.12+ */
		uint32_t status_mask; /* that of them which is set while the
					 state is the one that its thread runs
					 (3.12, free-threaded), or while it has
					 the lock besides */
		bool status_is_lock;  /* of the only interpreter's states no
					 other has it for as long */
	} thread;
	struct {
		uint32_t size, current_frame, previous;
	} cframe;
	struct {
		uint32_t size; /* up to locals */
		/* instruction: an address; <= 3.10 an int, f_lasti */
		uint32_t code, previous, instruction, is_entry, owner;
		uint32_t code_tags; /* bits of the pointer that are no part of
				       the address: _PyStackRef, 3.14 */
	} frame;
	struct {
		uint32_t size; /* up to and without the bytecode */
		uint32_t type, unit_count;
		uint32_t argument_count, flags, stack_size, first_line;
		uint32_t local_count; /* co_nlocalsplus */
		uint32_t frame_words; /* co_framesize; 3.12+ */
		uint32_t version;     /* co_version; 3.12+ */
		uint32_t file_name, name, qualified_name, line_table;
		uint32_t first_traceable; /* >= 3.11, as local_count, unit_count */
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
	/* The interpreter's lock: in the runtime, or an interpreter's own. Up
	   to 3.10 nothing but `current`. */
	struct {
		uint32_t runtime;     /* it stands in the runtime; 3.11 */
		uint32_t interpreter; /* a pointer to it stands there; 3.12+ */
		uint32_t size;	      /* as far as we need it */
		uint32_t last_holder, locked;
		uint32_t current; /* the state that runs: up to 3.11, which
				     have no status bit */
	} gil;
	/* Where groups of _Py_DebugOffsets begin; 0: the version has none. */
	struct {
		uint32_t runtime, interpreter, interpreter_gil;
		uint32_t thread, thread_id, thread_chunk;
		uint32_t frame, code, code_bytecode, bytes, text;
	} debug;
};

/** By PY_VERSION_HEX; NULL for a version without a row and for pre-releases. */
const struct python_layout *python_layout_find(uint32_t version_hex,
					       bool free_threaded);

/** Whether one can tell which of a thread's states runs. */
bool python_layout_knows_running(const struct python_layout *layout);

/** A number that names a row in files, and its row; NULL: there is none. */
uint32_t python_layout_id(const struct python_layout *layout);
const struct python_layout *python_layout_by_id(uint32_t id);

enum { PYTHON_LAYOUT_OBJECTS = 5 };

/** The rows with PYTHON_CHAIN_OBJECTS, oldest first. */
extern const struct python_layout python_layout_objects[PYTHON_LAYOUT_OBJECTS];

/** All rows, for tests; NULL past the end. */
const struct python_layout *python_layout_at(unsigned int index);

#endif
