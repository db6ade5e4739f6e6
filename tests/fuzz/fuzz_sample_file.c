// SPDX-License-Identifier: Apache-2.0
// A recording from anywhere: reading it, and walking what is in it.
#include "daemon/replay/replay.h"
#include "daemon/replay/replay_print.h"

#include <stdlib.h>

// A walk may go through a thousand frames; a file of thousands of samples that
// all do so tells nothing new.
enum { SAMPLES_MAX = 64 };

static void walk_all(struct sample_reader *reader, struct replay *replay,
		     FILE *nowhere)
{
	for (size_t i = 0; i < sample_reader_count(reader) && i < SAMPLES_MAX;
	     i++) {
		struct kept_sample sample;
		struct walk_result walk;
		struct replay_stack stack = { reader, i, &sample, &walk };
		struct error *error = sample_reader_get(reader, i, &sample);

		if (error) {
			error_destroy(error);
			continue;
		}
		replay_walk(replay, &sample, &walk);
		replay_print_stack(&stack, "", nowhere);
		error_destroy(replay_trim(replay, &sample));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample_reader *reader = NULL;
	struct replay *replay = NULL;
	FILE *in = size ? fmemopen((void *)data, size, "r") : NULL;
	FILE *nowhere;
	struct error *error;

	if (!in)
		return 0;
	error = sample_reader_from(in, &reader);
	if (error) {
		error_destroy(error);
		return 0;
	}
	nowhere = fopen("/dev/null", "we");
	error = replay_create(sample_reader_arch(reader), &replay);
	if (!error && nowhere)
		walk_all(reader, replay, nowhere);
	error_destroy(error);
	if (nowhere)
		fclose(nowhere);
	replay_destroy(replay);
	sample_reader_destroy(reader);
	return 0;
}
