// SPDX-License-Identifier: Apache-2.0
/* Text that is not /proc/PID/maps: every mapping that it yields makes sense. */
#include "daemon/process/proc_maps.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum proc_maps_result result;
	struct proc_mapping mapping;
	struct reader text;

	reader_init(&text, data, size);
	while ((result = proc_maps_next(&text, &mapping)) != PROC_MAPS_END)
		if (result == PROC_MAPS_MAPPING &&
		    (mapping.start >= mapping.end ||
		     strlen(mapping.path) >= PROC_MAPS_PATH_MAX))
			abort();
	return 0;
}
