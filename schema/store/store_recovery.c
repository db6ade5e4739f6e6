// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * A commit of a store that goes on for months. What fails is tried again at
 * the next tick, while samples wait in memory, bounded:
 *
 *   full disk                                the same, when there is room
 *   read-only disk, foreign lock             the same connection, later a new
 *                                            one
 *   a file that was removed or replaced      a new file, or the one that is
 *                                            there now; what waited is lost,
 *                                            for the names were in the old one
 *   a damaged file                           is set aside, and a new one begun
 *   a reader that keeps the log from         seldom commits, then none
 *   being emptied
 *
 * What had to be given up is an incident 'gap', with the reason.
 */

enum { FAILURES_BEFORE_CONNECT = 3 };

#define START_OVER_NS (2 * NS_PER_SEC)

static uint64_t monotonic_of(const struct store *store, int64_t id)
{
	return (uint64_t)(id - store->start_id + store->start_ns);
}

static void note_failure(struct store *store, const struct error *error)
{
	if (store->failures++)
		return;
	store->failing_id = store->now_id;
	free(store->failure);
	store->failure = strdup(error->message);
}

static void note_gap(struct store *store)
{
	struct store_gap *gap = &store->gap;
	_cleanup_free_ char *detail = NULL;

	if (asprintf(&detail, "%llu samples given up: %s",
		     (unsigned long long)gap->samples,
		     store->failure ? store->failure : "too many waited") < 0) {
		detail = NULL;
		return;
	}
	store_incident(store, "gap", monotonic_of(store, gap->from_id),
		       monotonic_of(store, gap->until_id), detail);
	*gap = (struct store_gap){ 0 };
}

// True when there is something new to be written.
static bool note_recovery(struct store *store)
{
	bool noted = store->gap.samples || store->failures > 1 ||
		     store->off_id;

	if (store->failures > 1)
		store_incident(store, "storage",
			       monotonic_of(store, store->failing_id),
			       monotonic_of(store, store->now_id),
			       store->failure ? store->failure : "");
	if (store->gap.samples)
		note_gap(store);
	if (store->off_id)
		store_incident(store, "off",
			       monotonic_of(store, store->off_id),
			       (uint64_t)store->start_ns, "not recording");
	store->off_id = 0;
	store->failures = 0;
	free(store->failure);
	store->failure = NULL;
	return noted;
}

static int64_t at_least_0(int64_t id)
{
	return id > 0 ? id : 0;
}

// Store time is another one in another file.
static void move_log(struct store *store, int64_t by)
{
	for (size_t i = 0; i < store->incident_count; i++) {
		struct store_incident *incident = &store->incidents[i];

		incident->start_id = at_least_0(incident->start_id + by);
		if (incident->end_id != INT64_MAX)
			incident->end_id = at_least_0(incident->end_id + by);
		incident->dirty |= incident->end_id == INT64_MAX;
	}
	store->gap.from_id = at_least_0(store->gap.from_id + by);
	store->gap.until_id = at_least_0(store->gap.until_id + by);
	store->failing_id = at_least_0(store->failing_id + by);
	store->clock_count = 0;
	store->vitals_count = 0;
}

static void give_up_pending(struct store *store)
{
	struct store_gap *gap = &store->gap;

	if (!store->sample_count)
		return;
	if (!gap->samples)
		gap->from_id = store->samples[0].offset_ns;
	gap->until_id = store->now_id;
	gap->samples += store->sample_count;
	store->dropped_samples += store->sample_count;
}

// Nothing that is remembered of rows holds in another file: a new era.
static void forget_all(struct store *store)
{
	give_up_pending(store);
	store_forget(store);
	store_forget_rolls(store);
	store->outcome_count = 0;
	store->weights_at = 0;
	store->era++;
}

/*
 * Goes on in the file that is at the path now, or in a new one; the session
 * begins again there, at the latest instant heard of. @damage: what is wrong
 * with the one that is there; owned by this call.
 */
static struct error *start_over(struct store *store, struct error *damage)
{
	_cleanup_free_ char *note = NULL;
	uint64_t now = monotonic_of(store, store->now_id);
	int64_t before = store->now_id;
	struct error *error;

	store->start_over_ns = monotonic_ns();
	forget_all(store);
	store->session.start_monotonic_ns = now;
	store->session.start_wall_ns = now + store->wall_ahead_ns;
	store->start_ns = (int64_t)now;
	store->start_id = before;
	error = store_continue_file(store, damage, &note);
	if (error)
		return error;
	move_log(store, store->start_id - before);
	store->now_id = store->start_id;
	store->off_id = 0;
	for (size_t i = 0; i < store->counter_count; i++)
		store->counters[i].dirty = true;
	return NULL;
}

static struct error *connect_again(struct store *store)
{
	struct error *error;

	store_disconnect(store);
	error = store_connect(store);
	if (!error)
		error = store_prepare_statements(store);
	if (error)
		store_disconnect(store);
	return error;
}

// The file and a connection to it; another one when it was lost.
static struct error *find_file(struct store *store)
{
	_cleanup_error_ struct error *lost = store_check_file(store);

	if (lost) {
		note_failure(store, lost);
		if (store->database)
			store_disconnect_lost(store);
		else if (monotonic_ns() - store->start_over_ns < START_OVER_NS)
			return take_ptr(lost);
		return start_over(store, NULL);
	}
	if (!store->database || store->failures >= FAILURES_BEFORE_CONNECT)
		return connect_again(store);
	return NULL;
}

static struct error *write_once(struct store *store, bool *skipped)
{
	struct error *error = find_file(store);

	if (!error)
		error = store_log_ready(store, skipped);
	if (error || *skipped)
		return error;
	error = store_write_pending(store);
	if (!error && note_recovery(store))
		error = store_write_pending(store);
	return error;
}

static struct error *try_once(struct store *store, bool *skipped)
{
	uint64_t start_ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID);
	struct error *error = write_once(store, skipped);

	store_note_try(store, clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns);
	return error;
}

static bool is_damage(const struct error *error)
{
	return error && error->code == ERROR_BAD_DATA;
}

struct error *store_commit_continued(struct store *store)
{
	bool skipped = false;
	struct error *error;

	if (store_awaits_space(store)) {
		store->failures++;
		return error_create(ERROR_SYSTEM, "%s",
				    store->failure ? store->failure : "");
	}
	error = try_once(store, &skipped);
	if (!error && !skipped)
		error = store_maintain(store);
	if (is_damage(error)) {
		note_failure(store, error);
		error = start_over(store, error);
	}
	if (!error)
		return NULL;
	note_failure(store, error);
	// What the log holds may go where there is room already.
	if (store->database)
		store_empty_log(store);
	return error;
}
