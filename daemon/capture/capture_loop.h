/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a capture thread runs. Set-up and tear-down, which may allocate and
 * print, stay in capture_thread.c; this side is held to a list of symbols.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_CAPTURE_LOOP_H
#define BRINDLE_DAEMON_CAPTURE_CAPTURE_LOOP_H

#include "daemon/capture/capture.h"

/* In capture->reading: no sample has this time. */
#define CAPTURE_GIVEN_UP UINT64_MAX

/** Scans the records that have come since the last time. False: the thread was
 *  given up meanwhile, and the ring is somebody else's. */
bool capture_scan(struct capture_thread *capture);

/** Until capture->stop is set, or it is given up. */
void capture_loop(struct capture_thread *capture);

#endif
