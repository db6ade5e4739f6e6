/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose were the samples, by label? Control group, then process, say: the
 * threads of a selection as a tree of the values that they have. A group is a
 * node of it; a parent comes before its children, and 0 is the root, where
 * those are of whom nothing is known.
 *
 * The busiest are apart; what the others did is in one group, "N more".
 */
#ifndef BRINDLE_SCHEMA_READ_GROUPS_H
#define BRINDLE_SCHEMA_READ_GROUPS_H

#include "base/error.h"
#include "schema/read/call_ids.h"
#include "schema/read/selection.h"

enum {
	GROUPING_LABELS_MAX = 4,
	GROUPS_APART = 500, /* at most, of those that have no groups in them */
};

/* Which labels, the outermost first. */
struct grouping {
	uint8_t labels[GROUPING_LABELS_MAX];
	size_t count; /* 0: not by label */
};

/**
 * "cgroup,process". NULL and "" are none. ERROR_USAGE names those there are.
 */
struct error *grouping_parse(const char *text, struct grouping *ret);

/** The name of label @index of what was asked for. */
const char *grouping_label(const struct grouping *grouping, size_t index);

/* Which of the labels asked for a value is of, or none of them. */
enum { GROUP_NO_LABEL = 255 };

struct group_value {
	char *text; /* owned; UTF-8 */
	uint8_t label; /* index; GROUP_NO_LABEL: it says that there is none */
};

struct group {
	uint32_t parent;
	uint32_t value; /* in values */
	uint64_t samples; /* of threads that are in it and in no child of it */
	bool apart;
};

struct groups {
	struct group *groups; /* owned */
	size_t count, capacity;
	struct group_value *values; /* owned; each is there once for a label */
	size_t value_count, value_capacity;
	struct call_ids threads;
	uint32_t *of_thread; /* owned; of each of threads, its group */
	size_t thread_capacity;
	uint32_t others; /* the group of all that are not apart; 0: none */
};

struct error *groups_load(struct groups *groups, sqlite3 *database,
			  const struct selection *selection,
			  const struct grouping *grouping);
void groups_deinit(struct groups *groups);

/** Of a thread by its row: the group whose samples its are. */
uint32_t groups_find(const struct groups *groups, int64_t thread_id);

#endif
