// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sample_codes.h"

#include "base/clock.h"

// Who is found unchanged so often is soon not captured any more; see target.c.
enum { CONFIRMED_OFTEN = 32 };
// An object known for so long is there to stay.
#define KNOWN_LONG_NS (2 * NS_PER_SEC)

bool sample_code_facts(void *context, uint64_t address,
		       struct python_code_facts *ret)
{
	struct process_python *python = context;
	const struct python_code *code =
		python_code_find(python->codes, address);

	if (!code)
		return false;
	*ret = code->facts;
	return true;
}

void sample_learn_codes(struct process_python *python,
			const struct capture *capture)
{
	const struct snapshot *snapshot = &capture->snapshot;
	struct live_memory text = snapshot_text(snapshot);
	struct live_memory memory = lifeline_memory_reader(&python->memory);

	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];
		struct python_code *code;

		if (piece->kind != SNAPSHOT_CODE)
			continue;
		code = python_code_learn(python->codes, piece->vaddr,
					 snapshot->bytes + piece->offset,
					 piece->size, capture->sample_ns);
		if (code)
			code = python_code_take_names(python->codes, code,
						      &text,
						      capture->sample_ns);
		if (code && code->state == PYTHON_CODE_HEAD_ONLY)
			python_code_read_names(python->codes, code, &memory,
					       monotonic_ns());
	}
}

bool sample_code_is_old(const struct python_code *code)
{
	return code->state == PYTHON_CODE_NAMED &&
	       code->confirmations >= CONFIRMED_OFTEN &&
	       code->confirmed_ns - code->met_ns >= KNOWN_LONG_NS;
}

bool sample_code_may_go(const struct python_code *code, uint64_t sample_ns)
{
	if (code->state == PYTHON_CODE_HEAD_ONLY)
		return true;
	if (sample_ns - code->met_ns < KNOWN_LONG_NS)
		return code->confirmations >= CONFIRMED_OFTEN / 8;
	// That it was still there after so long counts more than how often.
	return code->confirmed_ns < sample_ns &&
	       code->confirmed_ns - code->met_ns < KNOWN_LONG_NS;
}
