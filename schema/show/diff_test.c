// SPDX-License-Identifier: Apache-2.0
#include "schema/show/diff_test.h"

#include <math.h>

void share_add_block(struct share *share, uint64_t part, uint64_t whole)
{
	double x = (double)part, n = (double)whole;

	if (!whole)
		return;
	share->part_part += x * x;
	share->part_whole += x * n;
	share->whole_whole += n * n;
	share->blocks++;
}

static double ratio(const struct share *share)
{
	return share->whole ? (double)share->part / (double)share->whole : 0;
}

// The variance of a ratio estimate from clusters (Cochran, Sampling Techniques,
// 6.3); 0 where there are too few.
static double block_variance(const struct share *share)
{
	double p = ratio(share), n = (double)share->whole;
	double k = share->blocks, squares;

	if (share->blocks < 3)
		return 0;
	squares = share->part_part - 2 * p * share->part_whole +
		  p * p * share->whole_whole;
	return squares > 0 ? k / (k - 1) * squares / (n * n) : 0;
}

// A t value with @freedom degrees as the z value of equal probability, nearly
// (Abramowitz and Stegun 26.7.8).
static double normal_of_t(double t, double freedom)
{
	return t * (1 - 1 / (4 * freedom)) /
	       sqrt(1 + t * t / (2 * freedom));
}

double share_difference_p(const struct share *a, const struct share *b)
{
	double na = (double)a->whole, nb = (double)b->whole;
	double p, both, pooled, blocks, distance, z;

	if (!a->whole || !b->whole)
		return 1;
	both = 1 / na + 1 / nb;
	p = (double)(a->part + b->part) / (na + nb);
	pooled = p * (1 - p) * both;
	blocks = block_variance(a) + block_variance(b);
	// Yates: counts are whole, the normal distribution is not.
	distance = fabs(ratio(a) - ratio(b)) - both / 2;
	if (distance <= 0 || pooled <= 0)
		return 1;
	if (blocks > pooled)
		z = normal_of_t(distance / sqrt(blocks),
				a->blocks + b->blocks - 2);
	else
		z = distance / sqrt(pooled);
	return erfc(z / sqrt(2));
}

void holm_correct(double *p, size_t count)
{
	double least = 0;

	for (size_t i = 0; i < count; i++) {
		double corrected = p[i] * (double)(count - i);

		if (corrected > 1)
			corrected = 1;
		least = corrected > least ? corrected : least;
		p[i] = least;
	}
}
