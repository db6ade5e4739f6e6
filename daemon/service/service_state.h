/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the service, shared by the files that make it up. */
#ifndef BRINDLE_DAEMON_SERVICE_SERVICE_STATE_H
#define BRINDLE_DAEMON_SERVICE_SERVICE_STATE_H

#include "daemon/pipeline/recorder.h"
#include "daemon/service/governor.h"
#include "daemon/service/log.h"
#include "daemon/service/own_usage.h"
#include "daemon/service/service.h"
#include "schema/store/store.h"

struct service {
	const struct service_options *options;
	const struct broker_life *life;
	struct config config; /* in force */
	struct log log;
	struct recorder *recorder; /* owned */
	struct store *store;	   /* borrowed from the recorder */
	struct governor governor;
	int64_t rate_incident;	 /* open while the rate is lowered; else 0 */
	int64_t config_incident; /* open while the file is wrong; else 0 */
	int signal_fd;		 /* owned */
	int signal;		 /* that ends it; 0: none yet */
	int status;		 /* of the process, when it has stopped */
	bool reload;		 /* SIGHUP came */
	bool told_unsupported;
	uint64_t failed_ns;	 /* when the store was last refused; else 0 */
	/* At the last row of vitals. */
	uint64_t vitals_ns;
	struct recorder_progress progress;
	struct own_usage usage;
	uint64_t watchdog_ns, status_ns; /* when each was last sent */
	uint64_t give_back_ns;		 /* when free memory last was */
};

/** Ten seconds are over: a row of vitals, and what the governor makes of it. */
void service_vitals(struct service *service, uint64_t now_ns);

/** Where the cost of the first row begins. What it counts of samples began with
 *  the session, so that the rows of a session add up to its v_health. */
void service_vitals_start(struct service *service, uint64_t now_ns);

/** The line of `systemctl status`. */
void service_status(struct service *service);

/** Reads the configuration again and takes over what can change. */
void service_reload(struct service *service);

/** What is kept of whom, as the configuration in force says; its texts stay
 *  borrowed from there. */
void service_apply_privacy(struct service *service);

/** What the store may hold. */
struct store_limits service_limits(const struct config *config);
/** Its patterns are @config's. */
struct command_line_policy service_command_lines(const struct config *config);
struct governor_limits service_governor_limits(const struct config *config);

#endif
