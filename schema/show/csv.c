// SPDX-License-Identifier: Apache-2.0
#include "schema/show/csv.h"

#include <stdbool.h>
#include <string.h>

static bool is_formula(const char *text)
{
	return *text && strchr("=+-@\t\r", *text);
}

// RFC 4180 rules 5 to 7.
void csv_text(const char *text, FILE *out)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		putc('"', out);
	if (is_formula(text))
		putc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	if (quoted)
		putc('"', out);
}
