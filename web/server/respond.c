// SPDX-License-Identifier: Apache-2.0
#include "web/server/respond.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "web/server/server_state.h"
#include "web/server/stream.h"

// RFC 9110 12.5.3, as browsers and curl say it.
static bool takes_gzip(const struct request *request)
{
	struct span header = request_header(request, "Accept-Encoding");

	return header.at && memmem(header.at, header.size, "gzip", 4) &&
	       !memmem(header.at, header.size, "gzip;q=0", 8);
}

static bool is_known(const struct request *request, const char *etag)
{
	struct span header = request_header(request, "If-None-Match");

	return header.at && memmem(header.at, header.size, etag, strlen(etag));
}

// NULL: no memory.
static struct body *expand(const struct asset *asset)
{
	struct body *body = body_create_constant(
		asset->gzip, (size_t)(asset->gzip_end - asset->gzip), true);
	struct body *expanded = NULL;

	if (body)
		error_destroy(body_expand(body, asset->size, &expanded));
	body_unref(body);
	return expanded;
}

// Many may ask for it as it is, and read it slowly: there is one of each.
static struct body *find_expanded(struct server *server,
				  const struct asset *asset)
{
	size_t index = (size_t)(asset - assets);

	if (index >= SERVER_ASSETS_MAX)
		return expand(asset);
	if (!server->expanded[index])
		server->expanded[index] = expand(asset);
	return server->expanded[index] ? body_ref(server->expanded[index]) :
					 NULL;
}

static void say_asset(struct server *server, struct visit *visit)
{
	const struct asset *asset = visit->endpoint.asset;
	size_t size = (size_t)(asset->gzip_end - asset->gzip);
	struct body *body =
		takes_gzip(&visit->request) ?
			body_create_constant(asset->gzip, size, true) :
			find_expanded(server, asset);

	if (!body) {
		reply_problem(&visit->reply, 503, "out of memory");
		return;
	}
	visit->reply = (struct reply){ .status = 200,
				       .body = body,
				       .content_type = asset->content_type,
				       .caching = REPLY_ASK_AGAIN };
	snprintf(visit->reply.etag, REPLY_ETAG_MAX, "%s", asset->etag);
}

static void say_known_asset(struct visit *visit)
{
	visit->reply = (struct reply){ .status = 304,
				       .caching = REPLY_ASK_AGAIN };
	snprintf(visit->reply.etag, REPLY_ETAG_MAX, "%s",
		 visit->endpoint.asset->etag);
}

static void say_cookie(struct server *server, struct visit *visit,
		       const char *value, const char *rest)
{
	visit->reply = (struct reply){ .status = 204 };
	snprintf(visit->reply.cookie, REPLY_COOKIE_MAX,
		 "%s=%s; Path=/; HttpOnly; SameSite=Strict%s",
		 server->cookie_name, value, rest);
}

static void end_session(struct server *server, struct visit *visit)
{
	struct session_table *sessions = server->options->sessions;
	struct session *session = sessions ?
		access_session(&server->rules, sessions, &visit->request) :
		NULL;

	if (session)
		session_end(session);
	say_cookie(server, visit, "", "; Max-Age=0");
}

// Nothing is read or made for a query that would be refused.
static void refuse_query(struct visit *visit)
{
	reply_problem(&visit->reply, 429, "other queries are running and "
		      "waiting: try again in a moment");
	visit->reply.retry_s = 1;
}

bool respond_at_once(struct server *server, struct visit *visit)
{
	struct endpoint *endpoint = &visit->endpoint;

	if (endpoint->kind == ENDPOINT_SESSION &&
	    visit->request.method == REQUEST_DELETE) {
		end_session(server, visit);
		return true;
	}
	if (endpoint->kind == ENDPOINT_ASSET &&
	    is_known(&visit->request, endpoint->asset->etag)) {
		say_known_asset(visit);
		return true;
	}
	if (endpoint->kind == ENDPOINT_QUERY && server->queries &&
	    query_box_is_full(server->queries)) {
		refuse_query(visit);
		return true;
	}
	return false;
}

// {"token":"0123456789abcdef"}, and spaces where JSON lets one put them.
static struct span token_of(const char *text)
{
	char token[SESSION_SECRET_CHARS + 1] = "";
	int end = 0;

	if (!text || sscanf(text, " { \"token\" : \"%40[0-9a-f]\" } %n", token,
			    &end) != 1 || !end || text[end])
		return (struct span){ NULL, 0 };
	text = strstr(text, token);
	return (struct span){ text, strlen(token) };
}

static void begin_session(struct server *server, struct visit *visit)
{
	struct session_table *sessions = server->options->sessions;
	struct span token = token_of(visit->upload);
	struct session_secret id;
	struct error *error;

	if (!sessions) {
		visit->reply = (struct reply){ .status = 204 };
		return;
	}
	if (visit->upload_size != visit->request.body_bytes ||
	    !session_is_token(sessions, token)) {
		bool many = session_count_wrong(sessions, monotonic_ns());

		reply_problem(&visit->reply, many ? 429 : 401,
			      "this is not the token: `brindle open` opens a "
			      "browser that has it");
		visit->reply.retry_s = many ? 10 : 0;
		return;
	}
	error = session_begin(sessions, monotonic_ns(), &id);
	if (error)
		reply_error(&visit->reply, error);
	else
		say_cookie(server, visit, id.text, "");
}

// The token is not the answer's business.
static void forget_token(struct query_string *query)
{
	for (size_t i = 0; i < query->count; i++)
		if (!strcmp(query->params[i].name, "token"))
			query->params[i] = query->params[--query->count];
}

// With "token" where it may stand in the address.
static struct error *parse_query(const struct visit *visit,
				 struct query_string *ret)
{
	const char *const *params = visit->endpoint.route->params;
	const char *known[QUERY_STRING_PARAMS_MAX + 2] = { "token" };
	size_t count = 1;
	struct error *error;

	if (visit->endpoint.need != ACCESS_TOKEN_IN_ADDRESS)
		return query_string_parse(visit->request.query, params, ret);
	while (*params && count <= QUERY_STRING_PARAMS_MAX)
		known[count++] = *params++;
	error = query_string_parse(visit->request.query, known, ret);
	if (!error)
		forget_token(ret);
	return error;
}

static struct error *ask(struct server *server, struct visit *visit)
{
	const struct api_route *route = visit->endpoint.route;
	struct span known = request_header(&visit->request, "If-None-Match");
	struct query_string query;
	struct answer *answer;
	struct error *error = parse_query(visit, &query);

	if (error)
		return error;
	answer = answer_create(&server->host, route, server->cache, &query);
	if (!answer)
		return &error_nomem;
	answer->gzip = takes_gzip(&visit->request);
	answer->known_etags = known.at ? strndup(known.at, known.size) : NULL;
	answer->context = visit;
	if (!job_submit(server->jobs, &answer->job)) {
		answer_destroy(answer);
		return error_create(ERROR_BUSY, "too many questions at one "
				    "time: ask again in a moment");
	}
	visit->answer = answer;
	return NULL;
}

static struct error *follow(struct server *server, struct visit *visit)
{
	struct error *error = stream_open(server, visit);

	if (!error)
		visit->reply = (struct reply){
			.status = 200, .content_type = "text/event-stream" };
	return error;
}

static struct error *begin(struct server *server, struct visit *visit)
{
	switch (visit->endpoint.kind) {
	case ENDPOINT_NONE:
		reply_problem(&visit->reply, 404, "there is no such page");
		return NULL;
	case ENDPOINT_ASSET:
		say_asset(server, visit);
		return NULL;
	case ENDPOINT_SESSION:
		begin_session(server, visit);
		return NULL;
	case ENDPOINT_EVENTS:
		return follow(server, visit);
	case ENDPOINT_QUERY:
		return respond_begin_query(server, visit);
	case ENDPOINT_ROUTE:
		return ask(server, visit);
	}
	return NULL;
}

bool respond_begin(struct server *server, struct visit *visit)
{
	struct error *error = begin(server, visit);

	if (error)
		reply_error(&visit->reply, error);
	return visit->reply.status != 0;
}

bool respond_finish(struct visit *visit)
{
	if (visit->query)
		return respond_finish_query(visit);
	return visit->reply.status != 0;
}
