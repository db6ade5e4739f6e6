/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile file, read: opened read-only, checked to be ours and of a schema
 * version that this program knows, with the views in place. Everything that
 * shows a profile (report, flame, export, query) stands on this.
 */
#ifndef BRINDLE_SCHEMA_READ_PROFILE_H
#define BRINDLE_SCHEMA_READ_PROFILE_H

#include "base/error.h"
#include "schema/read/groups.h"
#include "schema/read/selection.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

struct profile;

struct error *profile_open(const char *path, struct profile **ret);
void profile_close(struct profile *profile);

/** The read-only connection. Borrowed. */
sqlite3 *profile_database(struct profile *profile);

/**
 * From now on answers are of these samples only, at the time it is now. Without
 * this they are of a whole recording, or of the last day of a store that goes
 * on. The strings are borrowed as long as @profile is open.
 */
void profile_select(struct profile *profile,
		    const struct selection_options *options);

/**
 * And of these stacks, where stacks are looked at. NULL: all. Owned by @profile
 * from now on.
 */
void profile_filter(struct profile *profile, struct stack_filter *filter);

/** And where graphs and stacks are shown, by these labels. */
void profile_group(struct profile *profile, const struct grouping *grouping);
const struct grouping *profile_grouping(const struct profile *profile);

/** And by function and line, not by function. */
void profile_split_lines(struct profile *profile, bool split);

/** What it selects, in the terms of the file; for selection_deinit(). */
struct error *profile_selection(struct profile *profile,
				struct selection *ret);
/** When it was asked, by the wall clock. */
int64_t profile_now(const struct profile *profile);
/** What was asked for. Borrowed. */
const struct selection_options *
profile_selected(const struct profile *profile);

enum query_format { QUERY_TABLE, QUERY_JSON, QUERY_CSV };

/** Runs one SELECT and prints its rows. Anything that writes is refused. */
struct error *profile_query(struct profile *profile, const char *sql,
			    enum query_format format, FILE *out);

struct report_options {
	unsigned int function_count; /* rows of each table */
	unsigned int stack_count;
	bool color;
	bool json;
	unsigned int width; /* of the terminal; 0: do not cut */
};

/** Header, functions by self and by total, top stacks. */
struct error *profile_report(struct profile *profile,
			     const struct report_options *options, FILE *out);

/** "root;...;leaf count", one stack a line: flamegraph.pl, speedscope. */
struct error *profile_export_folded(struct profile *profile, FILE *out);

/** One self-contained HTML page. */
struct error *profile_flame(struct profile *profile, const char *title,
			    FILE *out);

#endif
