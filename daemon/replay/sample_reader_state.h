/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a sample reader, for the files that it is written in. The
 * block functions return false for a block that breaks the format, and when
 * memory is short; both end the reading there.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_READER_STATE_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_READER_STATE_H

#include "base/reader.h"
#include "daemon/replay/sample_array.h"
#include "daemon/replay/sample_format.h"
#include "daemon/replay/sample_reader.h"
#include "unwind/native/cfi_parts.h"
#include "unwind/symbols/symbol_table.h"

/** Symbols as they come, with names of their own. */
struct read_symbols {
	struct symbol *items; /* owned; so are the names */
	size_t count, capacity;
};

struct read_module {
	struct module *module; /* owned: one reference */
	bool unwinding_known;
	bool has_cfi;
	struct cfi_parts parts; /* until the module has its table */
	struct read_symbols symbols;
};

/** Where an expression of the file is among those of its module. */
struct read_expression {
	uint32_t module, index;
};

struct read_process {
	pid_t pid;
	uint64_t start_ns;
	char name[SAMPLE_NAME_BYTES + 1];
	struct space space;
};

struct read_sample {
	uint64_t offset; /* of the payload in the file */
	uint32_t size;
	bool decided; /* there is a verdict */
	uint32_t trust;
	char *reason; /* owned; NULL: none */
};

struct sample_reader {
	FILE *file; /* owned */
	const struct arch *arch;
	struct error *problem;
	struct read_module *modules;
	size_t module_count, module_capacity;
	struct read_expression *expressions;
	size_t expression_count, expression_capacity;
	struct cfi_packed_row **rows; /* owned, as are the elements */
	size_t row_count, row_capacity;
	struct read_symbols kernel;
	struct read_process **processes; /* owned, as are the elements: spaces
					    do not move */
	size_t process_count, process_capacity;
	struct python_code **codes; /* owned, as are the elements */
	size_t code_count, code_capacity;
	struct read_sample *samples;
	size_t sample_count, sample_capacity;
	uint64_t monotonic_ns, wall_ns; /* when the recording began */
	bool ended;
	uint8_t *payload; /* of the block read last */
	size_t payload_capacity;
	/* Of the sample got last. */
	struct snapshot *snapshot;
	const struct python_code **sample_codes;
	struct frame *frames;
	char thread_name[SAMPLE_NAME_BYTES + 1];
};

struct module *reader_module(const struct sample_reader *reader,
			     uint32_t number);

bool read_module(struct sample_reader *reader, struct reader *block);
bool read_unwinding(struct sample_reader *reader, struct reader *block);
bool read_expression(struct sample_reader *reader, struct reader *block);
bool read_row(struct sample_reader *reader, struct reader *block);
bool read_function(struct sample_reader *reader, struct reader *block);
bool read_symbol(struct sample_reader *reader, struct reader *block);

/** Gives the modules their tables. */
struct error *finish_modules(struct sample_reader *reader);
void destroy_modules(struct sample_reader *reader);

bool read_process(struct sample_reader *reader, struct reader *block);
bool read_code(struct sample_reader *reader, struct reader *block);
void destroy_processes(struct sample_reader *reader);

bool read_sample(struct sample_reader *reader, struct reader *block,
		 struct kept_sample *ret);

#endif
