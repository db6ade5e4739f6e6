/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query about a part of a profile: the connection gets tables and views of
 * its own that stand before those of the file, so that v_function, v_callsite,
 * v_line, v_folded, v_sample and the rest mean that part.
 */
#ifndef BRINDLE_SCHEMA_READ_QUERY_OVERLAY_H
#define BRINDLE_SCHEMA_READ_QUERY_OVERLAY_H

#include "schema/read/profile.h"

/** Made once for a connection, of what is selected then. The file is not
 *  written. */
struct error *query_overlay(struct profile *profile);

#endif
