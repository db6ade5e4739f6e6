/* SPDX-License-Identifier: Apache-2.0 */
/* How the broker's child becomes the profiler: gives up everything, and goes
 * behind its walls, before it reads the first foreign byte. */
#ifndef BRINDLE_DAEMON_BROKER_PROFILER_H
#define BRINDLE_DAEMON_BROKER_PROFILER_H

#include "daemon/broker/broker.h"
#include "daemon/broker/client.h"

struct profiler_start {
	const struct broker_options *options; /* borrowed */
	broker_profiler_fn function;
	void *context;
	struct broker_life life;
	bool inherit_realtime; /* this thread is real-time, to pass it on */
};

/** In the child, with the profiler's ends of the channels: its exit status. */
int profiler_main(const struct profiler_start *start,
		  const int channels[BROKER_CHANNELS]);

#endif
