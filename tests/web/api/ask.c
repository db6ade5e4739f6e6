// SPDX-License-Identifier: Apache-2.0
// ask [-l] [-t TIMES] FILE 'PATH?name=value&...': what the dashboard would get,
// without a server between. -l: as of a live database. -t: how long it took,
// so often, in milliseconds, instead of the answer.
#include "web/api/api.h"

#include "base/clock.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

enum { PARAMS_MAX = 32 };

static int hex(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0' :
					       (digit | 0x20) - 'a' + 10;
}

static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			*to++ = (char)(hex(text[1]) << 4 | hex(text[2]));
			text += 2;
		} else {
			*to++ = *text == '+' ? ' ' : *text;
		}
	}
	*to = '\0';
}

static size_t split(char *query, struct api_param *params)
{
	size_t count = 0;
	char *rest = query, *part;

	while (rest && count < PARAMS_MAX && (part = strsep(&rest, "&"))) {
		char *value = strchr(part, '=');

		if (!*part)
			continue;
		if (value)
			*value++ = '\0';
		else
			value = "";
		unescape(part);
		if (*value)
			unescape(value);
		params[count++] = (struct api_param){ part, value };
	}
	return count;
}

static const struct api_route *find(const char *path)
{
	for (const struct api_route *route = api_routes; route->path; route++)
		if (strcmp(route->path, path) == 0)
			return route;
	return NULL;
}

static struct error *ask(const struct api_route *route,
			 struct api_call *call)
{
	struct error *error;

	call->now_ns = (int64_t)clock_now_ns(CLOCK_REALTIME);
	error = profile_open(call->host->database, &call->profile);
	if (error)
		return error;
	error = route->answer(call);
	profile_close(call->profile);
	free(call->file_name);
	return error;
}

static int time_it(const struct api_route *route, struct api_call *call,
		   int times)
{
	for (int i = 0; i < times; i++) {
		_cleanup_fclose_ FILE *null = fopen("/dev/null", "w");
		uint64_t begin = monotonic_ns();
		struct error *error;

		call->out = null;
		error = ask(route, call);
		if (error) {
			fprintf(stderr, "ask: %s\n", error->message);
			return 1;
		}
		printf("%.1f\n", (double)(monotonic_ns() - begin) / 1e6);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct api_param params[PARAMS_MAX];
	struct api_host host = { .source_files = true };
	struct api_call call = { .host = &host, .params = params,
				 .out = stdout };
	const struct api_route *route;
	struct error *error;
	int option, times = 0;
	char *query;

	while ((option = getopt(argc, argv, "lt:")) != -1) {
		host.live |= option == 'l';
		if (option == 't')
			times = atoi(optarg);
	}
	if (argc - optind != 2)
		return 2;
	host.database = argv[optind];
	query = strchr(argv[optind + 1], '?');
	if (query)
		*query++ = '\0';
	call.param_count = split(query, params);
	route = find(argv[optind + 1]);
	if (!route) {
		fprintf(stderr, "ask: no such route\n");
		return 2;
	}
	if (times)
		return time_it(route, &call, times);
	error = ask(route, &call);
	if (error) {
		fprintf(stderr, "ask: %d: %s\n", (int)error->code,
			error->message);
		error_destroy(error);
		return 1;
	}
	return 0;
}
