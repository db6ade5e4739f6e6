/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's profiler: a recorder for the whole host, writing a store that
 * goes on, kept within its budget, told to stop or to read its configuration
 * again by signals. It runs below the broker and exits when told to.
 */
#ifndef BRINDLE_DAEMON_SERVICE_SERVICE_H
#define BRINDLE_DAEMON_SERVICE_SERVICE_H

#include "daemon/broker/broker.h"
#include "daemon/service/config.h"

struct service_options {
	struct config config;	  /* in force at the start */
	const char *config_path;  /* read again on SIGHUP; NULL: never */
	const char *db;		  /* of the command line: goes before the */
	const char *frequency_hz; /* file's, at each reload; NULL: not given */
	int notify_fd;		  /* see notify.h */
	uint64_t watchdog_ns;	  /* 0: nobody waits for signs of life */
};

/** The configuration at options.config_path, or the defaults when there is no
 *  such file and @may_lack, with the command line's wishes over it. */
struct error *service_read_config(const struct service_options *options,
				  bool may_lack, struct config *ret);

/** A broker_profiler_fn; @context is a struct service_options. */
int service_run(void *context, const struct broker_life *life);

#endif
