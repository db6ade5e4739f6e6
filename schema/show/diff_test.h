/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the difference of two shares more than chance? The statistics of diff.h.
 */
#ifndef BRINDLE_SCHEMA_SHOW_DIFF_TEST_H
#define BRINDLE_SCHEMA_SHOW_DIFF_TEST_H

#include <stddef.h>
#include <stdint.h>

/* A share, and how it varied over the parts of its time. */
struct share {
	uint64_t part, whole; /* samples */
	/* Sums over the blocks of part * part, part * whole, whole * whole. */
	double part_part, part_whole, whole_whole;
	unsigned int blocks; /* less than 2: nothing is known of it */
};

void share_add_block(struct share *share, uint64_t part, uint64_t whole);

/** The probability that equal shares differ as much as these; two-sided. */
double share_difference_p(const struct share *a, const struct share *b);

/**
 * Holm's step-down correction: the @p of @count tests, ascending, become
 * those of the family.
 */
void holm_correct(double *p, size_t count);

#endif
