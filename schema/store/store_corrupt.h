/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where does a damaged store go? Beside its place, under a name that says what
 * it is and since when, for whoever wants to save what can be. The three latest
 * are kept.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_CORRUPT_H
#define BRINDLE_SCHEMA_STORE_STORE_CORRUPT_H

#include "base/error.h"

/** Renames @path and its log. @ret_name: to what, owned by the caller;
 *  @ret_dropped: how many older ones were deleted. */
struct error *store_set_aside(const char *path, char **ret_name,
			      unsigned int *ret_dropped);

#endif
