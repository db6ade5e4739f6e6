/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code objects: from an address to a name, a file, and the line of an
 * instruction. A code cache belongs to one process and answers for addresses.
 *
 * Identity is the hard part: a freed code object's address is soon another's.
 * A head captured while the thread was frozen identifies the object at that
 * instant, and names captured with it are its names. A cached object is
 * believed for a later sample only when a read after that sample still finds
 * the same fingerprint (co_version, unique in 3.12+, and every immutable field
 * of the head). See python_code_verify().
 */
#ifndef BRINDLE_UNWIND_PYTHON_CODE_H
#define BRINDLE_UNWIND_PYTHON_CODE_H

#include "unwind/live_memory.h"
#include "unwind/python/layout.h"
#include "unwind/python/python_stack.h"

enum { PYTHON_CODE_HEAD_MAX = 256, PYTHON_NAME_MAX = 4096,
       PYTHON_LINE_TABLE_MAX = 1 << 20 };

enum python_code_state {
	PYTHON_CODE_HEAD_ONLY, /* identified; names not read yet */
	PYTHON_CODE_NAMED,
	PYTHON_CODE_GONE,      /* replaced or unreadable before it was named */
};

struct python_code {
	uint64_t address;
	uint64_t fingerprint;
	enum python_code_state state;
	struct python_code_facts facts;
	uint32_t first_line;
	enum python_lines lines; /* format of line_table */
	char *name;	       /* owned; UTF-8, "" until named */
	char *qualified_name;  /* owned */
	char *file_name;       /* owned */
	uint8_t *line_table;   /* owned */
	size_t line_table_size;
	bool truncated;	       /* a name or table was cut at its limit */
	bool exact; /* has a version: nothing else has its fingerprint */
	const char *problem;   /* constant; why it could not be named */
	uint64_t met_ns;       /* the first read of it */
	uint64_t confirmed_ns; /* the latest read that found it unchanged */
	uint64_t seen_ns; /* the latest that found its head there, if later */
	unsigned int confirmations;
	uint64_t id;	       /* for whoever interns it; 0: not interned */
	uint32_t id_era;       /* of whoever does, in which that is valid */
};

struct python_code_cache;

/**
 * What the objects of all processes that share it may take. A process gets half
 * of what is left at most, so that however many take all they can, there is
 * something for the next one. Zeroed: nothing is taken yet.
 */
struct python_code_budget {
	size_t used; /* bytes */
};

enum { PYTHON_CODE_BUDGET = 128 << 20 };

/** With a budget of its own. */
struct python_code_cache *python_code_cache_create(
	const struct python_layout *layout, uint64_t code_type);
void python_code_cache_destroy(struct python_code_cache *cache);

/** From now on with @budget, which outlives it. */
void python_code_cache_share(struct python_code_cache *cache,
			     struct python_code_budget *budget);

/** The current object at @address, or NULL. Borrowed from the cache. */
struct python_code *python_code_find(struct python_code_cache *cache,
				     uint64_t address);

/**
 * Takes a head captured at @now_ns: finds the same object, or replaces what
 * was known at that address by a new one. NULL when the head is no code object
 * (wrong type, absurd sizes), without memory, or beyond the budget; names
 * beyond the budget are not kept either. Replaced objects stay valid until
 * python_code_cache_collect(). An equal head confirms an object that has
 * a version; of one that has none only its names tell.
 */
struct python_code *python_code_learn(struct python_code_cache *cache,
				      uint64_t address, const void *head,
				      size_t head_size, uint64_t now_ns);

/**
 * Names @code from @memory, which holds what was there at the instant @now_ns
 * that its head was captured at, and perhaps not all of it (snapshot_text()).
 * When an object without a version has got other names, it is another one: that
 * is returned. NULL: no memory.
 */
struct python_code *python_code_take_names(struct python_code_cache *cache,
					   struct python_code *code,
					   const struct live_memory *memory,
					   uint64_t now_ns);

/**
 * Reads names and line table from the living process, and the head again
 * afterwards: the names are kept only when it is still the same object. A
 * replaced one is GONE; what could not be read may be tried again.
 */
void python_code_read_names(struct python_code_cache *cache,
			    struct python_code *code,
			    const struct live_memory *memory,
			    uint64_t now_ns);

enum python_code_check {
	PYTHON_CODE_SAME,
	PYTHON_CODE_CHANGED,
	PYTHON_CODE_UNREADABLE, /* the process is gone, or the page */
};

/**
 * Is the same object still there? One read; for a named object without a
 * co_version (3.11) its names and line table are read again too. A changed
 * object is no longer found at its address, so that the next head captured
 * there makes a new one, and never the same again. Updates confirmed_ns.
 */
enum python_code_check python_code_verify(struct python_code_cache *cache,
					  struct python_code *code,
					  const struct live_memory *memory,
					  uint64_t now_ns);

/**
 * Is the same head still there? Costs less than python_code_verify() where an
 * object has no version, and confirms nothing, for of such a one only its names
 * tell. Updates seen_ns.
 */
enum python_code_check python_code_glance(struct python_code_cache *cache,
					  struct python_code *code,
					  const struct live_memory *memory,
					  uint64_t now_ns);

/** Drops replaced objects, and where many are known those that have not been
 *  met lately. Pointers to them become invalid. */
void python_code_cache_collect(struct python_code_cache *cache);

/** Line of the instruction at byte @offset; 0: none. See line_table.h. */
uint32_t python_code_line(const struct python_code *code, int32_t offset);

#endif
