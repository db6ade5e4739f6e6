// SPDX-License-Identifier: Apache-2.0
#include "daemon/sample_file.h"

struct error *sample_file_create(const char *path, const struct arch *arch,
				 struct sample_file **ret)
{
	(void)arch;
	(void)ret;
	return error_create(ERROR_UNSUPPORTED, "keep samples in '%s'", path);
}

void sample_file_add(struct sample_file *file, struct process *process,
		     const struct perf_record *record,
		     const struct capture *capture,
		     const struct walk_result *walk)
{
	(void)file;
	(void)process;
	(void)record;
	(void)capture;
	(void)walk;
}

struct error *sample_file_close(struct sample_file *file)
{
	(void)file;
	return NULL;
}
