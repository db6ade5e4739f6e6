// SPDX-License-Identifier: Apache-2.0
// What is selected, in the format of another tool, as a download.
#include <stdio.h>

#include "schema/show/export.h"
#include "web/api/answers.h"

static struct error *find_format(const struct api_call *call,
				 const struct export_format **ret)
{
	_cleanup_free_ char *names = NULL;
	const char *name;
	struct error *error = api_param_needed(call, "format", &name);

	if (error)
		return error;
	*ret = export_find(name);
	if (*ret)
		return NULL;
	names = export_names();
	return error_create(ERROR_USAGE, "format: there are %s",
			    names ? names : "others");
}

struct error *answer_export(struct api_call *call)
{
	const struct export_format *format = NULL;
	struct error *error = find_format(call, &format);

	if (!error)
		error = api_select(call);
	if (!error)
		error = api_filter(call);
	if (!error)
		error = api_group(call);
	if (!error)
		error = api_grain(call);
	if (error)
		return error;
	if (asprintf(&call->file_name, "brindle%s", format->suffix) < 0) {
		call->file_name = NULL;
		return &error_nomem;
	}
	call->content_type = format->mime;
	return format->write(call->profile, call->out);
}
