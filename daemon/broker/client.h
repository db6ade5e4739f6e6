/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiler's side: the door that has the broker behind it.
 *
 * There are a few channels, each with one request at a time. When an answer
 * does not come, because the broker hangs in a file system of the target's, the
 * request fails and its channel is left alone until the answer has come after
 * all. The others go on.
 */
#ifndef BRINDLE_DAEMON_BROKER_CLIENT_H
#define BRINDLE_DAEMON_BROKER_CLIENT_H

#include "daemon/process/opener.h"

#include <pthread.h>

enum { BROKER_CHANNELS = 4, BROKER_PATIENCE_MS = 2000 };

struct broker_channel {
	int fd; /* owned */
	pthread_mutex_t lock;
	uint32_t sequence; /* of the last request */
	bool late;	   /* its answer is still to come */
};

struct nursery;

struct broker_client {
	struct broker_channel channels[BROKER_CHANNELS];
	struct nursery *nursery; /* borrowed; NULL: threads are just made */
	struct opener opener;
};

/** Takes over @fds. */
void broker_client_init(struct broker_client *client,
			const int fds[BROKER_CHANNELS]);
void broker_client_deinit(struct broker_client *client);

#endif
