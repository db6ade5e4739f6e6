// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_image.h"

#include "base/clock.h"
#include "daemon/process/proc_maps.h"

#include <string.h>

enum {
	BUILD_ID_BYTES = 20, // of a record
	// Mappings in a tenth of a second, of a process that has none yet: where
	// there are many, each one costs more.
	CROWD_WORK = 1 << 16,
	CROWD_EACH = 64,
	CROWD_SHARE = 8,
	READ_REST = 19, // of the time that reading them took
	DOUBT_STEP = 2, // a power of two: each rest is four times the last
	DOUBT_STEPS_MAX = 5,
};

#define CROWD_NS (100 * NS_PER_MS)
#define DOUBT_NS (100 * NS_PER_MS)

struct noted_mapping {
	struct noted_mapping *next;
	struct perf_mapping_fields fields;
	uint8_t build_id[BUILD_ID_BYTES];
	char path[];
};

struct process_image *process_image_create(uint64_t generation)
{
	struct process_image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	image->references = 1;
	space_init(&image->space);
	image->space.generation = generation;
	image->noted_end = &image->noted;
	return image;
}

struct process_image *process_image_ref(struct process_image *image)
{
	image->references++;
	return image;
}

static void forget_noted(struct process_image *image)
{
	struct noted_mapping *noted;

	while ((noted = image->noted)) {
		image->noted = noted->next;
		free(noted);
	}
	image->noted_end = &image->noted;
	image->noted_count = 0;
}

void process_image_unref(struct process_image *image)
{
	if (!image || --image->references)
		return;
	forget_noted(image);
	space_deinit(&image->space);
	free(image->executable);
	free(image);
}

struct process_image *process_image_copy(const struct process_image *image,
					 uint64_t generation)
{
	struct process_image *copy = process_image_create(generation);
	bool done;

	if (!copy)
		return NULL;
	done = space_copy(&image->space, &copy->space);
	copy->space.generation = generation;
	copy->unread = image->unread;
	copy->unknown = image->unknown;
	copy->doubt = image->doubt;
	copy->executed = image->executed;
	for (const struct noted_mapping *noted = image->noted; noted && done;
	     noted = noted->next)
		done = process_image_note(copy, &noted->fields);
	if (image->executable && done) {
		free(copy->executable);
		copy->executable = strdup(image->executable);
		done = copy->executable;
	}
	if (done)
		return copy;
	process_image_unref(copy);
	return NULL;
}

bool process_image_note(struct process_image *image,
			const struct perf_mapping_fields *mapping)
{
	size_t size = strlen(mapping->path) + 1;
	struct noted_mapping *noted = malloc(sizeof(*noted) + size);

	if (!noted)
		return false;
	noted->next = NULL;
	noted->fields = *mapping;
	memcpy(noted->path, mapping->path, size);
	noted->fields.path = noted->path;
	if (mapping->build_id && mapping->build_id_size <= BUILD_ID_BYTES) {
		memcpy(noted->build_id, mapping->build_id,
		       mapping->build_id_size);
		noted->fields.build_id = noted->build_id;
	} else {
		noted->fields.build_id = NULL;
	}
	*image->noted_end = noted;
	image->noted_end = &noted->next;
	image->noted_count++;
	if (image->executed && !image->executable && mapping->path[0] == '/')
		image->executable = strdup(mapping->path);
	return true;
}

bool process_image_crowds(struct process_image *image, uint64_t time_ns)
{
	struct process_image_crowd *crowd = &image->crowd;
	size_t each = CROWD_EACH + image->space.count / CROWD_SHARE;

	if (time_ns - crowd->since_ns >= CROWD_NS) {
		crowd->since_ns = time_ns;
		crowd->count = 0;
	}
	if (++crowd->count <= CROWD_WORK / each)
		return false;
	forget_noted(image);
	crowd->over = true;
	image->unread = true;
	return true;
}

struct mapped_file {
	const struct process_image_source *source;
	struct opener_mapping mapping;
	bool shared;
};

static struct error *open_mapped(void *context, int *ret_fd)
{
	const struct mapped_file *file = context;

	return opener_mapped_file(file->source->opener, file->source->pid,
				  &file->mapping, ret_fd);
}

// Compilers map the memory of a memfd twice, shared, for writing and for running.
// Privately a program is mapped, or a library; no less than from a file.
static enum mapping_kind kind_of_path(const char *path, bool shared)
{
	bool compiled = shared && !strncmp(path, "/memfd:", 7);

	if (!strcmp(path, "[vdso]"))
		return MAPPING_VDSO;
	if (path[0] == '/' && strncmp(path, "//anon", 6) && !compiled &&
	    strncmp(path, "/dev/zero", 9))
		return MAPPING_FILE;
	if (path[0] == '[' && strcmp(path, "[heap]") &&
	    strncmp(path, "[anon", 5) && strncmp(path, "[stack", 6))
		return MAPPING_SPECIAL;
	return MAPPING_ANONYMOUS;
}

// @identity says which file; @file opens it when it is new. False: no memory.
static bool add(struct process_image *image,
		const struct module_identity *identity,
		struct mapped_file *file, uint64_t offset)
{
	struct module_cache *modules = file->source->modules;
	enum mapping_kind kind = kind_of_path(identity->path, file->shared);
	struct module *module = NULL;
	bool done;

	if (kind == MAPPING_VDSO)
		module = module_cache_vdso(modules);
	else if (kind == MAPPING_FILE)
		module = module_cache_get(modules, identity, open_mapped, file);
	if (!module && (kind == MAPPING_VDSO || kind == MAPPING_FILE))
		return false;
	done = space_add(&image->space, file->mapping.start, file->mapping.end,
			 offset, kind, module);
	module_unref(module);
	return done;
}

static bool add_noted(struct process_image *image,
		      const struct process_image_source *source,
		      const struct perf_mapping_fields *fields)
{
	struct module_identity identity = {
		.path = fields->path,
		.dev_major = fields->major,
		.dev_minor = fields->minor,
		.inode = fields->inode,
		.inode_generation = fields->inode_generation,
		.build_id = fields->build_id,
		.build_id_size = fields->build_id_size,
	};
	struct mapped_file file = {
		source,
		{ fields->start, fields->start + fields->length, fields->path,
		  fields->major, fields->minor, fields->inode },
		fields->shared,
	};

	if (fields->start + fields->length <= fields->start)
		return true;
	return add(image, &identity, &file, fields->file_offset);
}

static bool add_line(struct process_image *image,
		     const struct process_image_source *source,
		     const struct proc_mapping *line)
{
	struct module_identity identity = { .path = line->path,
					    .dev_major = line->dev_major,
					    .dev_minor = line->dev_minor,
					    .inode = line->inode };
	struct mapped_file file = { source,
				    { line->start, line->end, line->path,
				      line->dev_major, line->dev_minor,
				      line->inode },
				    line->shared };

	return add(image, &identity, &file, line->offset);
}

// The text of /proc/PID/maps, which is empty when the main thread has ended:
// another has the same address space. NULL: there is none.
static char *maps_of(const struct process_image_source *source, size_t *ret_size)
{
	const pid_t ids[] = { source->pid, source->tid };

	for (size_t i = 0; i < 2; i++) {
		char *text = NULL;

		if (!ids[i] || (i && ids[i] == ids[0]))
			continue;
		error_destroy(
			opener_maps(source->opener, ids[i], &text, ret_size));
		if (text && *ret_size)
			return text;
		free(text);
	}
	return NULL;
}

static bool read_lines(struct process_image *image,
		       const struct process_image_source *source,
		       const char *text, size_t size)
{
	struct proc_mapping line;
	struct reader reader;
	enum proc_maps_result result;
	bool whole = true;

	reader_init(&reader, text, size);
	do {
		result = proc_maps_next(&reader, &line);
		if (result == PROC_MAPS_MAPPING && line.executable &&
		    !add_line(image, source, &line))
			return false;
		whole &= result != PROC_MAPS_MALFORMED;
	} while (result != PROC_MAPS_END &&
		 image->space.count < PROCESS_IMAGE_MAPPINGS_MAX);
	return whole && result == PROC_MAPS_END;
}

static void read_maps(struct process_image *image,
		      const struct process_image_source *source)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	image->unknown = true;
	text = maps_of(source, &size);
	if (!text)
		return;
	space_clear(&image->space);
	image->unknown = !read_lines(image, source, text, size);
}

// Where it is not time yet nothing is known, rather than what was there before.
static void read_crowd(struct process_image *image,
		       const struct process_image_source *source)
{
	struct process_image_crowd *crowd = &image->crowd;
	uint64_t start = monotonic_ns(), end;

	if (start < crowd->reread_ns) {
		space_clear(&image->space);
		image->unknown = true;
		return;
	}
	read_maps(image, source);
	end = monotonic_ns();
	crowd->reread_ns = end + (end - start) * READ_REST;
	crowd->over = image->unread = false;
}

void process_image_doubt(struct process_image *image)
{
	image->doubt.wanted = true;
}

bool process_image_is_known(struct process_image *image, uint64_t time_ns)
{
	if (!image->unknown && !space_survey(&image->space).unread)
		return time_ns >= image->doubt.looked_ns;
	process_image_doubt(image);
	return false;
}

bool process_image_is_due(const struct process_image *image)
{
	return image->doubt.wanted && monotonic_ns() >= image->doubt.next_ns;
}

// A file that was not there, or a process that has gone, may well stay so.
static void look_again(struct process_image *image)
{
	struct process_image_doubt *doubt = &image->doubt;

	doubt->wanted = false;
	doubt->next_ns = monotonic_ns() +
			 (DOUBT_NS << (DOUBT_STEP * doubt->tries));
	if (doubt->tries < DOUBT_STEPS_MAX)
		doubt->tries++;
	space_read_again(&image->space);
	image->unread = true;
}

void process_image_resolve(struct process_image *image,
			   const struct process_image_source *source)
{
	bool again = process_image_is_due(image), memory = true;

	if (again)
		look_again(image);
	if (image->space.count + image->noted_count >
	    PROCESS_IMAGE_MAPPINGS_MAX) {
		space_clear(&image->space);
		image->unread = true;
	}
	if (image->unread && image->crowd.over) {
		read_crowd(image, source);
	} else {
		if (image->unread)
			read_maps(image, source);
		image->unread = false;
	}
	if (again)
		image->doubt.looked_ns = monotonic_ns();
	for (const struct noted_mapping *noted = image->noted; noted && memory;
	     noted = noted->next)
		memory = add_noted(image, source, &noted->fields);
	image->unknown |= !memory;
	forget_noted(image);
}
