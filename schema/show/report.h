/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says, before it is given a form: the summary, the call tree,
 * its functions in two orders and its heaviest stacks. report_text.c prints it
 * for people, report_json.c for programs; report_print.c chooses.
 */
#ifndef BRINDLE_SCHEMA_SHOW_REPORT_H
#define BRINDLE_SCHEMA_SHOW_REPORT_H

#include "schema/read/excerpt.h"
#include "schema/show/summary.h"

struct report {
	struct summary summary;
	struct excerpt excerpt;
	struct call_sum *sums;	      /* owned; of each function */
	uint32_t *by_self, *by_total; /* owned; functions, heaviest first */
	size_t function_count;
	uint32_t *stacks; /* owned; nodes with samples, heaviest first */
	size_t stack_count;
};

struct error *report_load(struct report *report, struct profile *profile);
void report_deinit(struct report *report);

struct report_frame {
	uint32_t node;
	uint32_t line; /* 0: not known */
};

/**
 * The frames of @node's stack from the root on, without "all". Of the lines it
 * was seen with, those that were seen together most. How many there are; the
 * array is owned by the caller, NULL without memory.
 */
struct report_frame *report_stack(const struct report *report, uint32_t node,
				  size_t *ret_count);

struct error *report_print_text(const struct report *report,
				const struct report_options *options,
				FILE *out);
struct error *report_print_json(const struct report *report,
				const struct report_options *options,
				FILE *out);

#endif
