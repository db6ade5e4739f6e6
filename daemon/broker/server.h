/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's side of one channel: answers requests until the profiler has
 * closed its end. Several channels are served by a thread each, since an open
 * may hang where a file system or a process does.
 */
#ifndef BRINDLE_DAEMON_BROKER_SERVER_H
#define BRINDLE_DAEMON_BROKER_SERVER_H

/** What all channels answer from; read only. */
struct broker_server {
	int tracefs; /* see tracepoint_root(); -1: none */
	/* Serves one more channel: the profiler's end, or a negative errno. */
	int (*add_channel)(void *context);
	void *context;
};

void broker_serve(const struct broker_server *server, int channel);

#endif
