// SPDX-License-Identifier: Apache-2.0
#include "schema/store.h"

#include <unistd.h>

#include "schema/migration.h"
#include "schema/sql.h"
#include "schema/store_state.h"

static void store_destroyp(struct store **store)
{
	store_destroy(*store);
}

struct error *store_continue(const char *path,
			     const struct store_session *session,
			     const struct store_limits *limits,
			     struct store **ret, char **ret_note)
{
	_cleanup_(store_destroyp) struct store *store = store_create(session);
	struct error *error = NULL;

	if (!store)
		return &error_nomem;
	store->continued = true;
	store_set_limits(store, limits);
	store->path = store_resolve(path);
	if (!store->path)
		return &error_nomem;
	error = store_make_file(store, session);
	if (!error)
		error = store_connect(store);
	if (error)
		return error_wrap(error, "open store '%s'", store->path);
	*ret_note = NULL;
	*ret = take_ptr(store);
	return NULL;
}

void store_set_limits(struct store *store, const struct store_limits *limits)
{
	(void)store;
	(void)limits;
}

uint32_t store_era(const struct store *store)
{
	return store->era;
}
