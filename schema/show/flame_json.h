/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame document: a tree of calls as JSON, for whatever draws it (the
 * dashboard, the exported page). web/ui/model/document.ts reads it.
 *
 * What there is much of is in columns (schema/show/json.h): nodes breadth
 * first, each with the difference of its parent to the one before (0 or 1,
 * mostly), its function, its own samples. 100,000 nodes are about 500 KiB and
 * are decoded in 10 ms.
 */
#ifndef BRINDLE_SCHEMA_SHOW_FLAME_JSON_H
#define BRINDLE_SCHEMA_SHOW_FLAME_JSON_H

#include "schema/read/call_threads.h"
#include "schema/read/call_tree.h"
#include "schema/show/json.h"
#include "schema/show/summary.h"

/* What is written. Everything is borrowed. */
struct flame_document {
	const struct call_tree *tree;
	const struct summary *summary;	    /* NULL: of the tree alone */
	const struct call_threads *threads; /* NULL: not told */
	const uint64_t *before; /* samples of each node before; NULL: no diff */
	const struct grouping *grouping; /* NULL, or without labels: none */
	const char *title;	/* NULL: none */
	uint64_t least_samples; /* of a node; 0: nothing was left out */
	uint64_t period;	/* see flame_json_is_uniform() */
	bool uniform;
	bool lines;
	bool threads_left_out; /* there are too many samples to tell them */
};

/** Whether each sample weighs @period: then their number says it all. */
bool flame_json_is_uniform(const struct call_tree *tree, uint64_t period);

/** Members of the object that is open. */
void flame_json_write(const struct flame_document *document, struct json *json);

#endif
