/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a sample writer, for the files that it is written in: what has
 * been written already (as interned keys, whose number plus 1 is the number in
 * the file), and the block being put together.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_WRITER_STATE_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_WRITER_STATE_H

#include "daemon/replay/sample_block.h"
#include "daemon/replay/sample_writer.h"
#include "unwind/native/cfi_intern.h"

enum { WRITER_SEEN_SLOTS = 4096 }; // power of two

/** An address of one process whose function has been taken care of. */
struct seen_address {
	uint64_t process, vaddr;
};

struct sample_writer {
	FILE *file; /* owned */
	char *path; /* owned */
	const struct arch *arch;
	struct error *error; /* the first one */
	struct sample_block block;
	struct cfi_intern modules, unwinding, functions, expressions, rows, symbols,
		processes, codes;
	struct module **held; /* owned array of references, by number */
	size_t held_count, held_capacity;
	uint64_t *code_stamp; /* by number: the last sample that has it, + 1 */
	size_t code_stamp_capacity;
	uint32_t *code_list;  /* of the sample being written */
	size_t code_list_count, code_list_capacity;
	uint64_t sample_count;
	struct seen_address seen[WRITER_SEEN_SLOTS];
};

/** Takes over @error, keeping the first. */
void writer_fail(struct sample_writer *writer, struct error *error);
void writer_put(struct sample_writer *writer);

/** Interns a key: its number in the file; *ret_new when it was not there. */
uint32_t writer_number(struct sample_writer *writer, struct cfi_intern *intern,
		       const void *key, size_t size, bool *ret_new);

/** The module's number, 0 for NULL; written when new. */
uint32_t writer_module(struct sample_writer *writer, struct module *module);

/** What a walk of @sample may ask of modules: functions, symbols. */
void writer_functions(struct sample_writer *writer, uint32_t process,
		      const struct kept_sample *sample);

#endif
