/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What got slower? Two excerpts, A before and B after, function by function:
 * its share of all samples, its time in each second, and whether the change is
 * more than chance.
 *
 * Chance is judged by a two-proportion z-test on samples. Samples of one phase
 * of a program are alike, so its variance is also taken from how the share
 * varies between the parts of each side (tally.h), and the larger counts. Of
 * many tests some would find something by luck: p is corrected by Holm's method.
 */
#ifndef BRINDLE_SCHEMA_SHOW_DIFF_H
#define BRINDLE_SCHEMA_SHOW_DIFF_H

#include "schema/read/excerpt.h"
#include "schema/read/profile.h"

#define DIFF_SIGNIFICANCE 0.05

enum diff_verdict {
	DIFF_SIGNIFICANT,
	DIFF_NOT_SIGNIFICANT,
	DIFF_TOO_FEW, /* samples, for any test to say something */
};

struct diff_function {
	const struct call_tree *tree; /* borrowed from a side; has function */
	uint32_t function;
	struct call_sum before, after; /* none: new, or gone */
	double share_before, share_after;
	double p; /* corrected; 1 for too few */
	enum diff_verdict verdict;
};

struct diff_side {
	const char *label; /* borrowed; the file, or the range as written */
	struct excerpt excerpt;
	struct call_sum *sums; /* owned; of each function */
	uint64_t samples, weight;
	uint64_t duration_ns; /* of wall time */
};

struct diff {
	struct diff_side a, b;
	bool by_total; /* compared is total, else self */
	struct diff_function *functions; /* owned; greatest change first */
	size_t count, capacity;
	size_t tested;	    /* functions with enough samples for that */
	size_t significant; /* they stand first */
};

/** Profiles may be the same one; the options choose from each. */
struct diff_source {
	struct profile *profile;
	const struct selection_options *options;
	const char *label;
};

struct error *diff_load(struct diff *diff, const struct diff_source *a,
			const struct diff_source *b, bool by_total);
void diff_deinit(struct diff *diff);

/** Of the kind that is compared. */
const struct call_weight *diff_weight(const struct diff *diff,
				      const struct call_sum *sum);

/** "significant", "not significant", "too few samples". */
const char *diff_verdict_name(enum diff_verdict verdict);

struct diff_options {
	unsigned int function_count; /* rows */
	bool by_total, color, json;
	unsigned int width; /* of the terminal; 0: do not cut */
};

struct error *diff_print_text(const struct diff *diff,
			      const struct diff_options *options, FILE *out);
struct error *diff_print_json(const struct diff *diff, FILE *out);

/** Loads and prints. */
struct error *profile_diff(const struct diff_source *a,
			   const struct diff_source *b,
			   const struct diff_options *options, FILE *out);

#endif
