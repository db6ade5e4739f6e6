// SPDX-License-Identifier: Apache-2.0
// A comparison from two profiles to the reader, in the form that was asked for.
#include "schema/show/diff.h"

#include <errno.h>

struct error *profile_diff(const struct diff_source *a,
			   const struct diff_source *b,
			   const struct diff_options *options, FILE *out)
{
	struct diff diff;
	struct error *error = diff_load(&diff, a, b, options->by_total);

	if (error)
		return error_wrap(error, "compare");
	error = options->json ? diff_print_json(&diff, out) :
				diff_print_text(&diff, options, out);
	diff_deinit(&diff);
	if (!error && ferror(out))
		error = error_from_errno(errno, "write the comparison");
	return error;
}
