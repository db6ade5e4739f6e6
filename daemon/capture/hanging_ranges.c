// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/hanging_ranges.h"

#include "daemon/process/proc_maps.h"

#include <string.h>

struct device {
	bool known;
	uint32_t major, minor;
};

// The kernel's own mounts of tmpfs, which has no device either.
static bool is_memory(const char *path)
{
	static const char *const prefixes[] = { "/memfd:", "/SYSV", "/dev/zero",
						"/dev/shm/", "/anon_hugepage",
						"/i915", "/drm mm object" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(path, prefixes[i], strlen(prefixes[i])))
			return true;
	return path[0] != '/';
}

static bool may_hang(const struct proc_mapping *mapping,
		     const struct device *own)
{
	if (!mapping->inode || mapping->dev_major || is_memory(mapping->path))
		return false;
	return !own->known || own->major != mapping->dev_major ||
	       own->minor != mapping->dev_minor;
}

static struct device device_at(const char *maps, size_t size, uint64_t vaddr)
{
	struct proc_mapping line;
	struct reader reader;
	enum proc_maps_result result;

	reader_init(&reader, maps, size);
	while ((result = proc_maps_next(&reader, &line)) != PROC_MAPS_END)
		if (result == PROC_MAPS_MAPPING && line.inode &&
		    vaddr >= line.start && vaddr < line.end)
			return (struct device){ true, line.dev_major,
						line.dev_minor };
	return (struct device){ .known = false };
}

void hanging_ranges_find(const char *maps, size_t size, uint64_t runtime,
			 struct guarded_ranges *ret)
{
	struct device own = device_at(maps, size, runtime);
	struct proc_mapping line;
	struct reader reader;
	enum proc_maps_result result;

	reader_init(&reader, maps, size);
	while ((result = proc_maps_next(&reader, &line)) != PROC_MAPS_END)
		if (result == PROC_MAPS_MAPPING && may_hang(&line, &own))
			guarded_ranges_add(ret, line.start, line.end);
}
