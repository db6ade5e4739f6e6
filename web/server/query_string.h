/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the '?' of an address: "from=-15m&process=my+app". */
#ifndef BRINDLE_WEB_SERVER_QUERY_STRING_H
#define BRINDLE_WEB_SERVER_QUERY_STRING_H

#include "base/error.h"
#include "web/api/api.h"
#include "web/server/request.h"

enum { QUERY_STRING_PARAMS_MAX = 48 };

/** Owns its text. */
struct query_string {
	struct api_param params[QUERY_STRING_PARAMS_MAX];
	size_t count;
	char *text; /* owned; what the parameters point into */
};

/**
 * Decodes @query, in which only the names of @known may stand, each once; it
 * ends with NULL. @known NULL: any. ERROR_USAGE says what was wrong.
 */
struct error *query_string_parse(struct span query, const char *const *known,
				 struct query_string *ret);
void query_string_deinit(struct query_string *query);

#endif
