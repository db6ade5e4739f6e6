/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question that the dashboard asks: a route, the parameters it knows, and
 * the function that answers. Who may ask, how it is sent, compressed and
 * cached is web/server's; here is what is said. web/openapi.yaml describes
 * every route, and a test compares it with api_routes.
 *
 * Answers run in a worker thread, each with a connection of its own.
 */
#ifndef BRINDLE_WEB_API_API_H
#define BRINDLE_WEB_API_API_H

#include "base/error.h"
#include "schema/read/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Decoded: UTF-8 without NUL. Borrowed. */
struct api_param {
	const char *name, *value;
};

/* What the server was started for. Borrowed, the same for all calls. */
struct api_host {
	const char *database; /* path */
	bool live;	      /* a daemon writes it */
	bool source_files;    /* may show source files that the profile names */
};

struct api_call {
	const struct api_host *host;
	struct profile *profile; /* read-only; nothing is selected yet */
	const struct api_param *params; /* those of the route; each once */
	size_t param_count;
	int64_t now_ns; /* wall clock, for "-15m" */

	/* The answer; the server sends it once the function returned. */
	FILE *out;
	const char *content_type; /* NULL: application/json */
	char *file_name;	  /* owned by the call; not NULL: a download */
	/* The same question will have the same answer until the database is
	   pruned: its range has ended. */
	bool lasting;
};

/**
 * ERROR_USAGE is 400, ERROR_NOT_FOUND 404, ERROR_BUSY 503, others 500; its text
 * is shown to the person who asked.
 */
typedef struct error *(*api_answer_fn)(struct api_call *call);

struct api_route {
	const char *path;	   /* "/api/v1/top" */
	const char *const *params; /* names it knows; ends with NULL */
	api_answer_fn answer;
	bool anyone; /* not bound to a token: nothing of the profile in it */
};

/* All questions by GET; ends with path NULL. */
extern const struct api_route api_routes[];

/** NULL: not given. */
const char *api_param(const struct api_call *call, const char *name);

/** ERROR_USAGE when it is no number from @least to @most. */
struct error *api_param_number(const struct api_call *call, const char *name,
			       uint64_t standard, uint64_t least, uint64_t most,
			       uint64_t *ret);

/* Parameters that choose samples: from, to, event, process, thread, user,
 * cgroup. What is not said is the last 15 minutes of a live database, all of
 * a recording. */
#define API_SELECTION_PARAMS \
	"from", "to", "event", "process", "thread", "user", "cgroup"

/** Applies them to the call's profile; says whether the answer is lasting. */
struct error *api_select(struct api_call *call);

#endif
