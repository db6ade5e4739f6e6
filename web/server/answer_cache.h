/* SPDX-License-Identifier: Apache-2.0 */
/* Answers by their ETag, as long as they are true: the last few, and no more
 * bytes than said here. Any thread. */
#ifndef BRINDLE_WEB_SERVER_ANSWER_CACHE_H
#define BRINDLE_WEB_SERVER_ANSWER_CACHE_H

#include "web/server/reply.h"

enum {
	ANSWER_CACHE_ENTRIES = 64,
	ANSWER_CACHE_BYTES = 12 << 20,
	ANSWER_CACHE_BODY_BYTES = 4 << 20, /* larger ones are not kept */
};
#define ANSWER_CACHE_FOR_EVER UINT64_MAX

struct answer_cache;

struct answer_cache *answer_cache_create(void);
void answer_cache_destroy(struct answer_cache *cache);

/** Fills @reply, whose ETag is given; false: it is not there. */
bool answer_cache_find(struct answer_cache *cache, struct reply *reply);
/** @until_ns, of CLOCK_MONOTONIC: it is not found from then on. */
void answer_cache_add(struct answer_cache *cache, const struct reply *reply,
		      uint64_t until_ns);

#endif
