/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From frames to rows: names the frames of a walked stack and interns them in
 * the store, root first, as a node of the call-site trie. Functions are looked
 * up once per address; frames without a symbol are told apart by their FDE and
 * keep its address, so that they can be named later.
 *
 * Used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RESOLVE_H
#define BRINDLE_DAEMON_PIPELINE_RESOLVE_H

#include "daemon/process/opener.h"
#include "schema/store/store.h"
#include "unwind/python/code.h"
#include "unwind/symbols/kallsyms.h"
#include "unwind/walk.h"

enum { RESOLVE_CACHE_SLOTS = 16384 }; // power of two

struct resolve_entry {
	uint64_t key_module; /* row id of the module; 0: kernel */
	uint64_t key_vaddr;
	int64_t frame_id; /* with status exact */
	int64_t guessed_id;
};

struct resolver {
	struct store *store;	    /* borrowed */
	const struct opener *opener; /* borrowed; NULL: no kallsyms */
	struct kallsyms *kallsyms;  /* owned; NULL: none */
	bool kallsyms_tried;
	/* Names kernel code instead of kallsyms; NULL: kallsyms. */
	const char *(*kernel_name)(void *context, uint64_t address);
	void *kernel_context;
	struct resolve_entry *cache; /* owned */
	uint32_t era;		     /* of the store, of all ids kept here */
	int64_t unread_frame;	    /* the marker of an unread activation */
	uint64_t symbol_misses;
};

struct error *resolver_init(struct resolver *resolver, struct store *store);
void resolver_deinit(struct resolver *resolver);

/** One frame of a stack, with the code object it was resolved to. */
struct resolved_frame {
	struct frame frame;
	struct python_code *code; /* borrowed from its cache; NULL: unknown */
};

/**
 * The kernel's frames of a sample, leaf first, of PERF_SAMPLE_CALLCHAIN, which
 * also has markers (PERF_CONTEXT_*), and from PERF_CONTEXT_USER on only what is
 * unwound better. @frames has room for @chain_count. How many there are.
 */
size_t resolved_kernel_frames(const uint64_t *chain, uint64_t chain_count,
			      struct resolved_frame *frames);

/** The node of a stack of event @event_id (0: the main one) given leaf first; 0
 *  without frames or memory. */
int64_t resolve_stack(struct resolver *resolver, int64_t event_id,
		      const struct resolved_frame *frames, size_t count);

#endif
