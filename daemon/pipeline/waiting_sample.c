// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/waiting_sample.h"

#include "unwind/module.h"

#include <stdlib.h>

void waiting_sample_free(struct waiting_sample *sample)
{
	for (size_t i = 0; i < sample->frame_count; i++)
		if (sample->frames[i].frame.module)
			module_unkeep(sample->frames[i].frame.module);
	free(sample);
}
