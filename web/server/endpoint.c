// SPDX-License-Identifier: Apache-2.0
#include "web/server/endpoint.h"

enum {
	READ = 1u << REQUEST_GET | 1u << REQUEST_HEAD,
	WRITE = 1u << REQUEST_POST,
	REMOVE = 1u << REQUEST_DELETE,
};

static const struct {
	const char *path;
	struct endpoint endpoint;
} own[] = {
	{ "/api/v1/session",
	  { .kind = ENDPOINT_SESSION,
	    .methods = WRITE | REMOVE,
	    .need = ACCESS_ANYONE } },
	{ "/api/v1/query",
	  { .kind = ENDPOINT_QUERY, .methods = WRITE, .need = ACCESS_TOKEN } },
	{ "/api/v1/query.json",
	  { .kind = ENDPOINT_QUERY, .methods = READ, .need = ACCESS_TOKEN } },
	{ "/api/v1/query.csv",
	  { .kind = ENDPOINT_QUERY, .methods = READ, .need = ACCESS_TOKEN } },
	{ "/api/v1/events",
	  { .kind = ENDPOINT_EVENTS, .methods = READ, .need = ACCESS_TOKEN } },
};

static bool begins_with(struct span path, const char *prefix)
{
	for (size_t i = 0; prefix[i]; i++)
		if (i == path.size || path.at[i] != prefix[i])
			return false;
	return true;
}

static enum access_need need_of(const struct api_route *route,
				struct span path)
{
	if (route->anyone)
		return ACCESS_ANYONE;
	// `go tool pprof` can show a token in no other way.
	return begins_with(path, "/debug/pprof/") ? ACCESS_TOKEN_IN_ADDRESS :
						    ACCESS_TOKEN;
}

struct endpoint endpoint_find(struct span path)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (span_is(path, own[i].path))
			return own[i].endpoint;
	for (const struct asset *asset = assets; asset->path; asset++)
		if (span_is(path, asset->path))
			return (struct endpoint){ .kind = ENDPOINT_ASSET,
						  .methods = READ,
						  .need = ACCESS_ANYONE,
						  .asset = asset };
	for (const struct api_route *route = api_routes; route->path; route++)
		if (span_is(path, route->path))
			return (struct endpoint){ .kind = ENDPOINT_ROUTE,
						  .methods = READ,
						  .need = need_of(route, path),
						  .route = route };
	return (struct endpoint){ .kind = ENDPOINT_NONE };
}
