/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks once a second whether the database has anything new, while anybody
 * follows, and writes what it sees as events: `tick` {to_us, samples}, `lost`
 * {count}, `status` as GET /api/v1/status. A thread of its own, since a look
 * may have to wait for the disk.
 */
#ifndef BRINDLE_WEB_SERVER_TICKER_H
#define BRINDLE_WEB_SERVER_TICKER_H

#include "web/api/api.h"

struct ticker;

struct error *ticker_create(const struct api_host *host, struct ticker **ret);
void ticker_destroy(struct ticker *ticker);

/** So many follow now. */
void ticker_follow(struct ticker *ticker, size_t count);

/** For poll(): readable when there is something to say. */
int ticker_fd(const struct ticker *ticker);
/** What there is to say, owned by the caller; NULL: nothing. */
char *ticker_take(struct ticker *ticker, size_t *ret_size);

#endif
