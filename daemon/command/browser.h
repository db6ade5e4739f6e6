/* SPDX-License-Identifier: Apache-2.0 */
/* Shows an address in the browser of whoever sits here. */
#ifndef BRINDLE_DAEMON_COMMAND_BROWSER_H
#define BRINDLE_DAEMON_COMMAND_BROWSER_H

#include <stdbool.h>

/**
 * Starts $BROWSER or xdg-open and does not wait for it. False, having said so
 * on standard error, when there is no display or no browser. What is secret in
 * @address is in no command line, which everybody can read: the browser is
 * given the name of a file that sends it on, and that is its owner's alone.
 */
bool browser_open(const char *address);

#endif
