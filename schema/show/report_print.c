// SPDX-License-Identifier: Apache-2.0
// A report from the profile to the reader, in the form that was asked for.
#include "schema/show/report.h"

#include <errno.h>

struct error *profile_report(struct profile *profile,
			     const struct report_options *options, FILE *out)
{
	struct report report;
	struct error *error;

	error = report_load(&report, profile);
	if (error)
		return error_wrap(error, "report");
	if (options->json)
		error = report_print_json(&report, options, out);
	else
		error = report_print_text(&report, options, out);
	report_deinit(&report);
	if (!error && ferror(out))
		error = error_from_errno(errno, "write the report");
	return error;
}
