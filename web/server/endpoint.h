/* SPDX-License-Identifier: Apache-2.0 */
/* What an address means: a file of the dashboard, a question, or one of the few
 * things that the server does itself. */
#ifndef BRINDLE_WEB_SERVER_ENDPOINT_H
#define BRINDLE_WEB_SERVER_ENDPOINT_H

#include "web/api/api.h"
#include "web/server/access.h"
#include "web/server/asset.h"

enum endpoint_kind {
	ENDPOINT_NONE,
	ENDPOINT_ASSET,
	ENDPOINT_ROUTE,
	ENDPOINT_SESSION,
	ENDPOINT_QUERY,
	ENDPOINT_EVENTS,
};

struct endpoint {
	enum endpoint_kind kind;
	unsigned int methods; /* 1u << enum request_method */
	enum access_need need;
	const struct asset *asset;     /* borrowed, as is */
	const struct api_route *route; /* what its kind does not have is NULL */
};

/** Kind ENDPOINT_NONE: there is no such thing. */
struct endpoint endpoint_find(struct span path);

#endif
