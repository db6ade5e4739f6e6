/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target is what a capture thread must know of a process to read its
 * interpreter while one of its threads is frozen: a memory reader, the layout,
 * where the thread lists start, which thread states and code objects have been
 * met. Made by slow code, published whole, then read and updated by any number
 * of capture threads without locks: all shared words are atomics, and whatever
 * they say is checked against the process before it is believed.
 */
#ifndef BRINDLE_UNWIND_PYTHON_TARGET_H
#define BRINDLE_UNWIND_PYTHON_TARGET_H

#include "unwind/guarded_memory.h"
#include "unwind/live_memory.h"
#include "unwind/python/layout.h"

enum {
	PYTHON_THREAD_SLOTS = 1024, /* power of two */
	PYTHON_ALIAS_SLOTS = 4096,  /* power of two */
	PYTHON_CODE_SLOTS = 16384,  /* power of two */
	PYTHON_RUN_SLOTS = 256,	    /* power of two */
	PYTHON_BLOCK_SLOTS = 1024,  /* power of two */
	PYTHON_BLOCK_PAGES = 32,    /* of a block of the heap */
};

/** Where a thread's state was found. A hint: checked at each use. */
struct python_thread_slot {
	uint32_t tid;
	uint64_t state;	   /* address of the PyThreadState */
	uint64_t found_ns; /* when it was found by walking the list */
	uint64_t self;	   /* see python_target_learn_self() */
	uint64_t began;	   /* see python_target_learn_search() */
};

struct python_target {
	struct live_memory memory;
	const struct python_layout *layout;
	uint64_t runtime;     /* address of _PyRuntime in the process */
	uint64_t code_type;   /* address of PyCode_Type, or 0 */
	uint64_t main_stack;  /* where the first thread's stack begins; 0:
				 not known. Set before publishing. */
	struct guarded_ranges hanging; /* not to be read; set likewise */
	uint64_t first_ns;    /* of the first capture; 0: none yet */
	uint64_t entry, entry_end; /* of the eval loop, once they are known */
	uint64_t interpreters_ns; /* when interpreters were last counted */
	bool several; /* and whether there was more than one */
	uint64_t only; /* the one that there was else; 0: not known */
	uint64_t gil; /* of the main interpreter; 0: not known yet */
	uint32_t uid; /* whose process; UINT32_MAX: not known. Set before
			 publishing. */
	bool namespaced; /* the process counts its threads in a PID namespace
			    of its own. Set before publishing. */
	uint64_t alias[PYTHON_ALIAS_SLOTS]; /* see python_target_set_alias() */
	struct python_thread_slot thread[PYTHON_THREAD_SLOTS];
	/* Code objects and how often their head was captured; see target.c. */
	uint64_t code[PYTHON_CODE_SLOTS];
	/* Which head that was, and whether its names were captured, too. */
	uint32_t head[PYTHON_CODE_SLOTS];
	/*
	 * How many bytes of data-stack chunks follow each other from an address
	 * on, as they lay the last time: so much is read in one go. The
	 * address of a page, and in its low bits the number of pages.
	 */
	uint64_t run[PYTHON_RUN_SLOTS];
	/*
	 * In which pages of a block a thread's frame objects lay the last
	 * time. The number of the block, and a bit for each page.
	 */
	uint64_t block[PYTHON_BLOCK_SLOTS];
};

/** Zeroed slots. @memory's context outlives the target. NULL without memory. */
struct python_target *python_target_create(struct live_memory memory,
					   const struct python_layout *layout,
					   uint64_t runtime,
					   uint64_t code_type);
void python_target_destroy(struct python_target *target);

enum python_code_need {
	PYTHON_CODE_NEW,    /* never met at this address */
	PYTHON_CODE_AGAIN,  /* met, but it may be short-lived */
	PYTHON_CODE_ENOUGH, /* its head needs no reading */
};

/** Safe on any thread, as all of these. */
enum python_code_need
python_target_code_need(const struct python_target *target, uint64_t code);
/**
 * The head of @code was read once more; after a few times it is enough. A full
 * table drops somebody, who is then read again. Another head than the last time
 * means another object: from then on the address is read many times more.
 */
void python_target_learn_code(struct python_target *target, uint64_t code,
			      uint64_t fingerprint);
/** Another object was found at @code, or what was read of it got lost. */
void python_target_forget_code(struct python_target *target, uint64_t code);

/**
 * Whether it is not long ago that captures began. While a program starts many
 * code objects come and go.
 */
bool python_target_is_young(struct python_target *target, uint64_t now_ns);

/** Where the eval loop is entered; see struct python_binary. */
void python_target_set_entry(struct python_target *target, uint64_t start,
			     uint64_t end);
bool python_target_is_entry(const struct python_target *target, uint64_t pc);

/** Whether the names of the object with that head have been captured. */
bool python_target_has_names(const struct python_target *target, uint64_t code,
			     uint64_t fingerprint);
void python_target_learn_names(struct python_target *target, uint64_t code,
			       uint64_t fingerprint);

/**
 * Thread @tid calls itself @inside, in its PID namespace. An interpreter knows
 * threads by that, and so do the three functions beneath. A full table drops
 * somebody.
 */
void python_target_set_alias(struct python_target *target, uint32_t tid,
			     uint32_t inside);
/** What thread @tid calls itself; 0: not known. Without a namespace, @tid. */
uint32_t python_target_inside(const struct python_target *target, uint32_t tid);
/** The way back; for slow threads. */
uint32_t python_target_outside(const struct python_target *target,
			       uint32_t inside);

bool python_target_find_thread(const struct python_target *target,
			       uint32_t tid, struct python_thread_slot *ret);
void python_target_learn_thread(struct python_target *target, uint32_t tid,
				uint64_t state, uint64_t now_ns);
/**
 * The same of a thread that was looked for in vain. @began: the head of the list
 * of states when the search did; 0: that is of no use.
 */
void python_target_learn_search(struct python_target *target, uint32_t tid,
				uint64_t hint, uint64_t began,
				uint64_t now_ns);
/** Whether @slot is of a search for @tid that began with that head. */
bool python_thread_searched(const struct python_thread_slot *slot, uint32_t tid,
			    uint64_t head);
/**
 * The process says that @self is pthread_self() of thread @tid, which is so for
 * as long as the thread lives. Kept with what else is known of that.
 */
void python_target_learn_self(struct python_target *target, uint32_t tid,
			      uint64_t self);
/** Whether @slot of thread @tid is known to be of the one that is @self. */
bool python_thread_is_self(const struct python_thread_slot *slot, uint32_t tid,
			   uint64_t self);
/** The thread ended; its slot is not used for a later thread of that tid. */
void python_target_forget_thread(struct python_target *target, uint32_t tid);

/** Bytes worth reading at page @vaddr; 0: not known. */
size_t python_target_find_run(const struct python_target *target,
			      uint64_t vaddr);
void python_target_learn_run(struct python_target *target, uint64_t vaddr,
			     size_t size);

/**
 * The pages of the block of page @vaddr in which the thread of state @state had
 * frame objects, the block's first page in the lowest bit.
 */
uint32_t python_target_find_pages(const struct python_target *target,
				  uint64_t state, uint64_t vaddr);
/** It has some in page @vaddr, or none any more. */
void python_target_learn_page(struct python_target *target, uint64_t state,
			      uint64_t vaddr, bool used);

#endif
