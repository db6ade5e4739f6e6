/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the source tree carried inside the program: SQL, HTML. The rule in
 * Makefile.am turns web/dist/page.html into an object that defines
 *
 *     const struct embedded_file embedded_page_html;
 *
 * A folder's local.mk names the generated source, a file that uses it declares
 * the object with EMBEDDED_FILE(page_html). Leading digits are fine:
 * schema/0001_tables.sql is embedded_0001_tables_sql.
 */
#ifndef BRINDLE_BASE_EMBED_H
#define BRINDLE_BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *text; /* NUL-terminated; the NUL is not counted in size */
	size_t size;
};

#define EMBEDDED_FILE(name) extern const struct embedded_file embedded_##name

#endif
