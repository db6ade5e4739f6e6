/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cell of CSV (RFC 4180) that holds text others wrote. Spreadsheets compute
 * what begins with = + - @ or a tab, so such a text gets a ' before it.
 */
#ifndef BRINDLE_SCHEMA_SHOW_CSV_H
#define BRINDLE_SCHEMA_SHOW_CSV_H

#include <stdio.h>

void csv_text(const char *text, FILE *out);

#endif
