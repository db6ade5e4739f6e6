// SPDX-License-Identifier: Apache-2.0
#include "web/server/access.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const own_names[] = { "localhost", "127.0.0.1", "[::1]",
					 NULL };

// "name", "name:port"; a name in brackets has colons of its own.
static struct span port_of(struct span host)
{
	struct span port = { NULL, 0 };

	for (size_t i = host.size; i > 0; i--) {
		if (host.at[i - 1] == ']')
			return port;
		if (host.at[i - 1] == ':')
			return (struct span){ host.at + i, host.size - i };
	}
	return port;
}

static struct span name_of(struct span host)
{
	struct span port = port_of(host);

	if (port.at)
		host.size -= port.size + 1;
	return host;
}

static bool is_same_name(struct span a, struct span b)
{
	return a.size == b.size && !strncasecmp(a.at, b.at, a.size);
}

// Whoever left the port out means that of http.
static bool is_port(struct span port, unsigned int number)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", number);
	return port.at ? span_is(port, text) : number == 80;
}

// None, or 1 to 65535 as one writes it.
static bool is_some_port(struct span port)
{
	unsigned int number = 0;

	if (!port.at)
		return true;
	if (!port.size || port.size > 5 || *port.at == '0')
		return false;
	for (size_t i = 0; i < port.size; i++) {
		if (port.at[i] < '0' || port.at[i] > '9')
			return false;
		number = 10 * number + (unsigned int)(port.at[i] - '0');
	}
	return number <= UINT16_MAX;
}

static bool matches(const struct access_rules *rules, const char *pattern,
		    bool configured, struct span host)
{
	struct span whole = { pattern, strlen(pattern) };
	struct span port = port_of(whole);

	if (!is_same_name(name_of(whole), name_of(host)))
		return false;
	if (span_is(port, "*") || (!configured && rules->loopback))
		return is_some_port(port_of(host));
	if (port.at)
		return port_of(host).at &&
		       is_same_name(port, port_of(host));
	if (configured && !port_of(host).at)
		return true;
	return is_port(port_of(host), rules->port);
}

bool access_is_our_host(const struct access_rules *rules, struct span host)
{
	const char *const *name;

	for (name = own_names; *name; name++)
		if (matches(rules, *name, false, host))
			return true;
	for (name = rules->hosts; name && *name; name++)
		if (matches(rules, *name, true, host))
			return true;
	return false;
}

static bool is_unsafe(const struct request *request)
{
	return request->method == REQUEST_POST ||
	       request->method == REQUEST_DELETE;
}

// "http://127.0.0.1:7077": the page's own host, as it was asked for. https when
// somebody put a proxy before us.
static bool is_own_origin(struct span origin, struct span host)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(schemes[i]);
		struct span rest = { origin.at + size, origin.size - size };

		if (origin.size > size &&
		    !strncasecmp(origin.at, schemes[i], size))
			return is_same_name(rest, host);
	}
	return false;
}

// A link to the page itself may stand anywhere.
static bool is_followed_link(const struct request *request, bool page)
{
	return page && !is_unsafe(request) &&
	       span_is(request_header(request, "Sec-Fetch-Mode"), "navigate") &&
	       span_is(request_header(request, "Sec-Fetch-Dest"), "document");
}

static bool is_foreign_site(const struct request *request, bool page)
{
	struct span site = request_header(request, "Sec-Fetch-Site");

	if (!site.at || span_is(site, "same-origin"))
		return false;
	if (span_is(site, "none"))
		return is_unsafe(request);
	return !is_followed_link(request, page);
}

bool access_refuses_stranger(const struct request *request, bool page,
			     struct request_fault *ret_fault)
{
	struct span origin = request_header(request, "Origin");
	struct span type = request_header(request, "Content-Type");
	struct span media = type;
	const char *semicolon;

	if (origin.at && !is_own_origin(origin, request->host)) {
		*ret_fault = (struct request_fault){
			403, "a page of another origin asks" };
		return true;
	}
	if (is_foreign_site(request, page)) {
		*ret_fault = (struct request_fault){
			403, "a page of another site asks" };
		return true;
	}
	if (request->method != REQUEST_POST)
		return false;
	semicolon = type.at ? memchr(type.at, ';', type.size) : NULL;
	if (semicolon)
		media.size = (size_t)(semicolon - type.at);
	while (media.size && media.at[media.size - 1] == ' ')
		media.size--;
	if (span_is_nocase(media, "application/json"))
		return false;
	*ret_fault = (struct request_fault){
		415, "a body has to be application/json" };
	return true;
}

// "a=b; name=value; c=d"
static struct span cookie(struct span header, const char *name)
{
	size_t name_size = strlen(name);
	const char *at = header.at, *end = at ? at + header.size : NULL;

	while (at && at < end) {
		const char *stop = memchr(at, ';', (size_t)(end - at));
		size_t size = (size_t)((stop ? stop : end) - at);

		if (size > name_size && at[name_size] == '=' &&
		    !memcmp(at, name, name_size))
			return (struct span){ at + name_size + 1,
					      size - name_size - 1 };
		at = stop ? stop + 1 : end;
		while (at < end && *at == ' ')
			at++;
	}
	return (struct span){ NULL, 0 };
}

struct session *access_session(const struct access_rules *rules,
			       struct session_table *table,
			       const struct request *request)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct request_header *header = &request->headers[i];
		struct session *session;

		if (!span_is_nocase(header->name, "Cookie"))
			continue;
		session = session_find(table, cookie(header->value,
						     rules->cookie_name));
		if (session)
			return session;
	}
	return NULL;
}

static struct span token_in_address(struct span query)
{
	static const char name[] = "token=";
	const char *at = query.at, *end = at ? at + query.size : NULL;

	while (at && at < end) {
		const char *stop = memchr(at, '&', (size_t)(end - at));
		size_t size = (size_t)((stop ? stop : end) - at);

		if (size >= sizeof(name) - 1 &&
		    !memcmp(at, name, sizeof(name) - 1))
			return (struct span){ at + sizeof(name) - 1,
					      size - sizeof(name) + 1 };
		at = stop ? stop + 1 : end;
	}
	return (struct span){ NULL, 0 };
}

struct span access_shown_token(const struct request *request,
			       enum access_need need)
{
	static const char scheme[] = "Bearer ";
	size_t size = sizeof(scheme) - 1;
	struct span header = request_header(request, "Authorization");

	if (header.at && header.size > size &&
	    !strncasecmp(header.at, scheme, size))
		return (struct span){ header.at + size, header.size - size };
	if (need == ACCESS_TOKEN_IN_ADDRESS)
		return token_in_address(request->query);
	return (struct span){ NULL, 0 };
}
