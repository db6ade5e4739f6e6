// SPDX-License-Identifier: Apache-2.0
/* Any bytes for a question: refused, or one that is written the same again. */
#include "web/sql/query_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query_message message, again;
	struct error *error;
	uint8_t *bytes;
	size_t count;

	if (!query_message_decode(data, size, &message))
		return 0;
	error = query_message_encode(&message.question, &bytes, &count);
	if (error) {
		error_destroy(error);
		return 0;
	}
	if (!query_message_decode(bytes, count, &again) ||
	    strcmp(again.question.sql, message.question.sql) != 0 ||
	    again.question.param_count != message.question.param_count)
		abort();
	free(bytes);
	return 0;
}
