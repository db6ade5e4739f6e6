/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query about a part of a profile: the connection gets tables and views of
 * its own that stand before those of the file, so that v_function, v_callsite,
 * v_line, v_folded, v_sample and the rest mean that part.
 */
#ifndef BRINDLE_SCHEMA_READ_QUERY_OVERLAY_H
#define BRINDLE_SCHEMA_READ_QUERY_OVERLAY_H

#include "schema/read/profile.h"

/** Made once for a connection, of what is selected then. Where nothing is, a
 *  query sees the file as any other program does. The file is not written. */
struct error *query_overlay(struct profile *profile);

/** The same for @sql. Where nothing is selected in a store, and it asks for sums
 *  of stacks, those are of the last day, and all else is as in the file. */
struct error *query_overlay_for(struct profile *profile, const char *sql);
/** That was so. */
bool query_overlay_is_last_day(struct profile *profile);

#endif
