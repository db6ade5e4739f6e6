/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles in the formats of other tools. Each format is a row of one table,
 * which the command line, the dashboard's API and --help share.
 *
 * Names come from foreign programs: each format writes them so that they stay
 * names. What is selected is exported whole, samples without frames too (in
 * folded stacks they are none), so sums equal those of the report.
 */
#ifndef BRINDLE_SCHEMA_SHOW_EXPORT_H
#define BRINDLE_SCHEMA_SHOW_EXPORT_H

#include "schema/read/profile.h"

#include <stdio.h>

typedef struct error *(*export_write_fn)(struct profile *profile, FILE *out);

struct export_format {
	const char *name;   /* "pprof" */
	const char *suffix; /* of a file's name: ".pb.gz" */
	const char *mime;
	const char *about; /* who reads it; a few words */
	export_write_fn write;
};

/** Ends with a row whose name is NULL; the first is what is usual. */
extern const struct export_format export_formats[];

/** NULL: there is none of that name. */
const struct export_format *export_find(const char *name);

/** "folded, pprof, ...": all names. Owned by the caller; NULL: no memory. */
char *export_names(void);

struct error *export_write_pprof(struct profile *profile, FILE *out);
struct error *export_write_speedscope(struct profile *profile, FILE *out);
struct error *export_write_gecko(struct profile *profile, FILE *out);
struct error *export_write_svg(struct profile *profile, FILE *out);
struct error *export_write_csv(struct profile *profile, FILE *out);

#endif
