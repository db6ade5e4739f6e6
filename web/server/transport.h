/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libmicrohttpd does for us: bodies in, answers and streams out. It runs
 * in our loop and has connections only that the door has let in.
 */
#ifndef BRINDLE_WEB_SERVER_TRANSPORT_H
#define BRINDLE_WEB_SERVER_TRANSPORT_H

#include "base/error.h"

struct server;
struct visit;

struct error *transport_start(struct server *server);
void transport_stop(struct server *server);
/** Hands the connection to the library. */
void transport_take(struct server *server, struct visit *visit);
/** Lets the library work: milliseconds until it wants to again, -1: never. */
int transport_run(struct server *server);

#endif
