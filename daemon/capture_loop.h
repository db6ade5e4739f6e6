/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a capture thread runs. Set-up and tear-down, which may allocate and
 * print, stay in capture_thread.c; this side is held to a list of symbols.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_LOOP_H
#define BRINDLE_DAEMON_CAPTURE_LOOP_H

#include "daemon/capture.h"

/** Scans records once; @switches_before: own context switches at wake-up. */
void capture_scan(struct capture_thread *capture, uint64_t switches_before);

/** Until capture->stop is set. */
void capture_loop(struct capture_thread *capture);

#endif
