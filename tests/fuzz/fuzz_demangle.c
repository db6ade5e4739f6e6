// SPDX-License-Identifier: Apache-2.0
/* Names that nobody mangled: what comes out is bounded, and comes out soon. */
#include "unwind/symbols/demangle.h"

#include "base/cleanup.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *name = strndup((const char *)data, size);
	_cleanup_free_ char *readable = name ? demangle(name) : NULL;

	if (readable && strlen(readable) >= DEMANGLE_OUTPUT_MAX &&
	    strlen(readable) > strlen(name))
		abort();
	return 0;
}
