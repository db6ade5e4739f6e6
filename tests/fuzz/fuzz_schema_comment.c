// SPDX-License-Identifier: Apache-2.0
/* Any text for the definition of a table: its first line names a column. */
#include "schema/read/schema_comment.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/read/guide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *sql = strndup((const char *)data, size);
	char *column = sql ? strndup(sql, strcspn(sql, "\n")) : NULL;

	if (column) {
		free(schema_comment_of_table(sql));
		free(schema_comment_of_column(sql, column));
		guide_column(column, sql);
		guide_column("v_sample", column);
	}
	free(column);
	free(sql);
	return 0;
}
