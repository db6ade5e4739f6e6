/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the server share. All of it belongs to the thread of the
 * loop.
 */
#ifndef BRINDLE_WEB_SERVER_SERVER_STATE_H
#define BRINDLE_WEB_SERVER_SERVER_STATE_H

#include "web/server/request.h"
#include "web/server/server.h"
#include "web/server/visit.h"

enum {
	SERVER_FDS_MAX = 1024,
	SERVER_ASSETS_MAX = 16, // that are kept expanded
	// Of answers that clients are slow in reading.
	SERVER_WAITING_BYTES_MAX = 128 << 20,
};

struct server {
	const struct server_options *options;
	struct access_rules rules;
	struct api_host host;
	struct visit *visits[SERVER_FDS_MAX]; /* owned; by fd */
	size_t visit_count, stream_count;
	size_t waiting_bytes; /* of answers that are not cached or sent */
	uint32_t visit_number; /* the last */
	int epoll;	       /* owned */
	struct MHD_Daemon *http;
	struct job_pool *jobs;
	struct answer_cache *cache;
	struct query_box *queries;
	struct ticker *ticker;
	struct body *expanded[SERVER_ASSETS_MAX]; /* of assets, once asked for */
	char cookie_name[32];
	char scratch[REQUEST_HEAD_MAX];
	uint64_t swept_ns; /* when time was looked at */
	bool stopping, keeper_gone;
};

#endif
