/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loop waits for: each descriptor is watched (epoll_ctl(2)) with a
 * number that says what kind of event it brings, and what it is about.
 */
#ifndef BRINDLE_WEB_SERVER_EVENT_H
#define BRINDLE_WEB_SERVER_EVENT_H

#include <stdint.h>

enum event_kind {
	EVENT_VISIT,	   /* about the visit's number and fd */
	EVENT_VISIT_QUERY, /* the same: its query has an answer */
	EVENT_LISTENER,	   /* about the fd, like all below */
	EVENT_HTTP,
	EVENT_JOBS,
	EVENT_TICKER,
	EVENT_KEEPER, /* of queries: it has gone */
	EVENT_STOP,
};

enum { EVENT_KIND_SHIFT = 56 };

/** @about: less than 2^56. */
static inline uint64_t event_of(enum event_kind kind, uint64_t about)
{
	return (uint64_t)kind << EVENT_KIND_SHIFT | about;
}

static inline enum event_kind event_kind_of(uint64_t event)
{
	return (enum event_kind)(event >> EVENT_KIND_SHIFT);
}

static inline uint64_t event_subject(uint64_t event)
{
	return event & ((UINT64_C(1) << EVENT_KIND_SHIFT) - 1);
}

#endif
