/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiler's side: the door that has the broker behind it.
 *
 * There are a few channels, each with one request at a time. When an answer
 * does not come, because the broker hangs in something that the target arranged,
 * the request fails, its channel is left alone until the answer has come after
 * all, another is made in its place, up to a limit, and no more is asked about
 * that process for a while. Of a user whose files hang the broker again no file
 * is asked for.
 */
#ifndef BRINDLE_DAEMON_BROKER_CLIENT_H
#define BRINDLE_DAEMON_BROKER_CLIENT_H

#include "daemon/capture/target_ban.h"
#include "daemon/process/opener.h"

#include <pthread.h>

enum {
	BROKER_CHANNELS = 4,
	BROKER_CHANNELS_MAX = 64,
	BROKER_PATIENCE_MS = 1000,
	BROKER_SHUNNED_MAX = 64,
	BROKER_SHUNNED_SECONDS = 60,
};

struct broker_channel {
	int fd; /* owned */
	pthread_mutex_t lock;
	uint32_t sequence; /* of the last request */
	bool late;	   /* its answer is still to come */
};

/** A process that made the broker hang. */
struct broker_shunned {
	pid_t pid;
	uint64_t until_ns;
};

struct nursery;

struct broker_client {
	struct broker_channel channels[BROKER_CHANNELS_MAX];
	unsigned int channel_count; /* atomic; grows only */
	pthread_mutex_t lock;	    /* of growing, and of what is shunned */
	struct broker_shunned shunned[BROKER_SHUNNED_MAX];
	unsigned int shunned_count; /* atomic; ever, the latest are kept */
	struct target_users users; /* whose files made the broker hang */
	struct nursery *nursery; /* borrowed; NULL: threads are just made */
	struct opener opener;
};

/** Takes over @fds. */
void broker_client_init(struct broker_client *client,
			const int fds[BROKER_CHANNELS]);
void broker_client_deinit(struct broker_client *client);

#endif
