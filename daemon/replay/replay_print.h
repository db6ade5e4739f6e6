/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows stacks of kept samples, leaf first, to people or as JSON. Names come
 * from the recording alone.
 */
#ifndef BRINDLE_DAEMON_REPLAY_REPLAY_PRINT_H
#define BRINDLE_DAEMON_REPLAY_REPLAY_PRINT_H

#include "daemon/replay/sample_reader.h"
#include "schema/show/json.h"

/** One sample of @reader and frames that were made of it. */
struct replay_stack {
	const struct sample_reader *reader;
	size_t number;
	const struct kept_sample *sample;
	const struct walk_result *walk;
};

/** "sample 17: thread ..." and a line per frame. @word: "recorded", or "". */
void replay_print_stack(const struct replay_stack *stack, const char *word,
			FILE *out);

void replay_json_stack(const struct replay_stack *stack, const char *key,
		       struct json *json);

#endif
