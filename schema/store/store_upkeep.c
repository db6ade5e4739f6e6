// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "schema/store/store_parts.h"

/*
 * What keeps a store small and its answers quick, after each commit and in
 * steps, each a transaction: nobody waits long, and a tick that has much to do
 * does some of it.
 */

// Of each kind; a step that has begun ends.
#define KIND_NS (8 * NS_PER_MS)
// An era that ought to be over may become full, and then stacks are cut.
#define ERA_DUE_NS (100 * NS_PER_MS)

typedef struct error *step_fn(struct store *store, bool *more);

static step_fn *const steps[] = {
	store_roll_10s, store_roll_10min, store_write_weights,
	store_change_era, store_prune,	  store_sweep,
	store_sweep_threads, store_vacuum,
};

static struct error *run_steps(struct store *store, step_fn *step)
{
	bool urgent = store->era_due && step == store_write_weights;
	uint64_t most_ns = urgent ? ERA_DUE_NS : KIND_NS;
	uint64_t start_ns = monotonic_ns();
	struct error *error = NULL;
	bool more = true;

	while (!error && more && monotonic_ns() - start_ns < most_ns) {
		more = false;
		error = step(store, &more);
	}
	return error;
}

struct error *store_maintain(struct store *store)
{
	struct error *error = NULL;

	// Each step makes the log longer, which cannot be emptied just now.
	if (store->reader_incident)
		return store_empty_log(store), NULL;
	for (size_t i = 0; !error && i < sizeof(steps) / sizeof(*steps); i++)
		error = run_steps(store, steps[i]);
	store_empty_log(store);
	if (error && error->code == ERROR_BAD_DATA)
		return error;
	// The samples are in the file, and steps come again.
	error_destroy(error);
	return NULL;
}
