/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door: looks at the head of a request before the library sees a byte of
 * it, and answers there what is refused, or takes no work.
 */
#ifndef BRINDLE_WEB_SERVER_DOOR_H
#define BRINDLE_WEB_SERVER_DOOR_H

#include <stdbool.h>

struct server;
struct visit;

/** Takes those who wait at a listener; @local: it is no TCP socket. */
void door_accept(struct server *server, int listener, bool local);
/** Bytes have come, or, when it @ended, the last of them. */
void door_look(struct server *server, struct visit *visit, bool ended);

#endif
