/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do about a request that may be answered. An answer is made at once,
 * by a worker or by a query's process: whoever has it resumes the visit.
 */
#ifndef BRINDLE_WEB_SERVER_RESPOND_H
#define BRINDLE_WEB_SERVER_RESPOND_H

#include "base/error.h"

#include <stdbool.h>

struct server;
struct visit;

/** True: visit->reply is the answer; false: it takes a job, or a stream. */
bool respond_begin(struct server *server, struct visit *visit);
/** Fills visit->reply by what was made meanwhile; false: not there yet. */
bool respond_finish(struct visit *visit);
/** Whether it can be answered at the door; then visit->reply is that. */
bool respond_at_once(struct server *server, struct visit *visit);

/* SQL, in respond_query.c. */
struct error *respond_begin_query(struct server *server, struct visit *visit);
/** As respond_finish(). */
bool respond_finish_query(struct visit *visit);

#endif
