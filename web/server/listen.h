/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server can be reached: sockets that listen. */
#ifndef BRINDLE_WEB_SERVER_LISTEN_H
#define BRINDLE_WEB_SERVER_LISTEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Listens at @address, a number such as "127.0.0.1" or "::1", and *@port; 0
 * there is any, and says then which it is. ERROR_USAGE for what is no address,
 * or one that others can reach unless @anywhere.
 */
struct error *listen_at(const char *address, uint16_t *port, bool anywhere,
			int *ret);

/** Listens at a local socket, which takes the place of one left behind; others
 *  may connect, and are asked who they are. ERROR_BUSY: somebody listens. */
struct error *listen_locally(const char *path, int *ret);

/** The sockets that systemd listens at for us (sd_listen_fds(3)), up to @most:
 *  their count. *@port: of those of TCP, else unchanged. */
size_t listen_inherited(int *fds, size_t most, uint16_t *port);

#endif
