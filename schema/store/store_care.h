/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking after a store by hand, when nobody writes it: giving up what is old
 * or too much, and giving the space back. A store that is written to does it by
 * itself, second by second; both refuse it with ERROR_BUSY and the writer's
 * pid.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_CARE_H
#define BRINDLE_SCHEMA_STORE_STORE_CARE_H

#include "schema/store/store.h"

struct store_care {
	int64_t samples, rollups;  /* rows given up */
	int64_t before_bytes, after_bytes; /* of the file */
};

/**
 * Prunes the store at @path to @limits; a limit of 0 is none. What is not
 * rolled up yet stays.
 */
struct error *store_care_prune(const char *path,
			       const struct store_limits *limits,
			       struct store_care *ret);

/** Writes the file anew, without holes. Needs as much space beside it. */
struct error *store_care_vacuum(const char *path, struct store_care *ret);

#endif
