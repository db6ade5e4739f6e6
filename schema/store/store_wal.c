// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"

/*
 * The write-ahead log of a store that goes on. Nobody but its writer empties
 * it (a checkpoint), after a commit and when it has grown some: then little is
 * to be done at a time. A reader in a long transaction keeps it from becoming
 * empty: it grows, commits become seldom, and at last wait.
 */

enum {
	EMPTY_FRAMES = 256,    // emptied from this size on: 1 MiB
	WAIT_FRAMES = 4096,    // and readers waited for from this one on
	LOG_FRAMES_MAX = 32768 // no more than this: 128 MiB
};

#define SELDOM_NS (10 * NS_PER_SEC)
#define READER_NS (10 * NS_PER_SEC)

static void end_reader(struct store *store)
{
	if (store->reader_incident)
		store_end_incident(store, store->reader_incident,
				   (uint64_t)(store->now_id - store->start_id +
					      store->start_ns));
	store->reader_incident = 0;
	store->reader_since_ns = 0;
}

static void note_reader(struct store *store)
{
	uint64_t now = monotonic_ns();

	if (!store->reader_since_ns)
		store->reader_since_ns = now;
	if (store->reader_incident || now - store->reader_since_ns < READER_NS)
		return;
	store->reader_incident = store_incident(
		store, "reader",
		(uint64_t)(store->now_id - store->start_id + store->start_ns),
		0, "a reader keeps its transaction open: the log grows");
}

void store_empty_log(struct store *store)
{
	int frames = store->log_frames, moved = 0, result;
	bool wait = frames >= WAIT_FRAMES;

	if (frames < EMPTY_FRAMES && !store->reader_since_ns)
		return;
	result = sqlite3_wal_checkpoint_v2(
		store->database, NULL,
		wait ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
		&frames, &moved);
	if ((result & 0xff) != SQLITE_OK && (result & 0xff) != SQLITE_BUSY)
		return;
	if (result == SQLITE_OK && moved == frames) {
		store->log_frames = 0;
		end_reader(store);
	} else {
		note_reader(store);
	}
}

struct error *store_log_ready(struct store *store, bool *ret_skip)
{
	int max = store->log_frames_max ? store->log_frames_max :
					  LOG_FRAMES_MAX;
	uint64_t now = monotonic_ns();

	*ret_skip = false;
	if (store->reader_since_ns && store->log_frames >= max / 8)
		store_empty_log(store);
	if (store->log_frames >= max)
		return error_create(ERROR_BUSY,
				    "a reader has kept its transaction open "
				    "for %llu s, and the log is full",
				    (unsigned long long)(
					    (now - store->reader_since_ns) /
					    NS_PER_SEC));
	*ret_skip = store->reader_incident && !store->ending &&
		    store->log_frames >= max / 8 &&
		    now - store->last_commit_ns < SELDOM_NS;
	if (!*ret_skip)
		store->last_commit_ns = now;
	return NULL;
}
