/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service manager's ear, as in sd_notify(3): one datagram each to the
 * socket that NOTIFY_SOCKET names. Opened before privileges are dropped; where
 * nobody listens, everything here does nothing.
 */
#ifndef BRINDLE_DAEMON_SERVICE_NOTIFY_H
#define BRINDLE_DAEMON_SERVICE_NOTIFY_H

#include <stdint.h>

/** A connected socket, or -1: nobody listens. Takes NOTIFY_SOCKET out of the
 *  environment, for it is not meant for what we start. */
int notify_open(void);

/** "READY=1", "STATUS=...", several lines in one. Never blocks. */
void notify_send(int fd, const char *state);
void notify_format(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Nanoseconds between signs of life that the manager wants, halved as
 *  sd_watchdog_enabled(3) recommends; 0: none. */
uint64_t notify_watchdog_ns(void);

#endif
