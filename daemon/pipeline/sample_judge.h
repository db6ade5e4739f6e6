/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is against a sample before any proof is looked at, and whether there is
 * Python in it at all. A stack without Python is believed when the native walk
 * reached the root and met no eval loop; or, with proof, when the thread had
 * nothing of an interpreter running. What was not looked for is not absent.
 *
 * Used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SAMPLE_JUDGE_H
#define BRINDLE_DAEMON_PIPELINE_SAMPLE_JUDGE_H

#include "daemon/pipeline/pipeline.h"

/** All borrowed. */
struct judged_sample {
	uint64_t time_ns;
	struct process *process;
	const struct capture *capture;	  /* NULL: nothing was read */
	enum proof_reason uncaptured;	  /* and that is why */
	const struct python_layout *layout;
	const struct python_stack *stack; /* NULL, both: no interpreter that
					     was captured is the process's */
	const struct walk_result *walk;
};

enum sample_python {
	SAMPLE_PYTHON_NONE,	/* the stack is all native */
	SAMPLE_PYTHON_EXCLUDED, /* the same, if the thread stood still */
	SAMPLE_PYTHON_THERE,	/* or cannot be excluded */
};

/** PROOF_HOLDS: nothing. */
enum proof_reason sample_judge(struct pipeline *pipeline,
			       const struct judged_sample *sample,
			       enum sample_python *ret);

#endif
