// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_scan.h"

#include "daemon/process/proc_maps.h"
#include "daemon/process/process_state.h"

#include <string.h>

struct mapping_source {
	const struct opener *opener;
	pid_t pid;
	struct opener_mapping mapping;
};

static struct error *open_mapped(void *context, int *ret_fd)
{
	struct mapping_source *source = context;

	return opener_mapped_file(source->opener, source->pid, &source->mapping,
				  ret_fd);
}

static enum mapping_kind kind_of_path(const char *path)
{
	if (!strcmp(path, "[vdso]"))
		return MAPPING_VDSO;
	if (path[0] == '/' && strncmp(path, "//anon", 6) &&
	    strncmp(path, "/memfd:", 7) && strncmp(path, "/dev/zero", 9))
		return MAPPING_FILE;
	if (path[0] == '[' && strcmp(path, "[heap]") &&
	    strncmp(path, "[anon", 5) && strncmp(path, "[stack", 6))
		return MAPPING_SPECIAL;
	return MAPPING_ANONYMOUS;
}

// @identity says which file; @source opens it when it is new.
static bool map_one(struct process_table *table, struct process *process,
		    const struct module_identity *identity,
		    struct mapping_source *source, uint64_t offset)
{
	enum mapping_kind kind = kind_of_path(identity->path);
	struct module *module = NULL;
	bool done;

	if (kind == MAPPING_VDSO)
		module = module_cache_vdso(table->modules);
	else if (kind == MAPPING_FILE)
		module = module_cache_get(table->modules, identity,
					  open_mapped, source);
	if (!module && (kind == MAPPING_VDSO || kind == MAPPING_FILE))
		return false;
	done = space_add(&process->space, source->mapping.start,
			 source->mapping.end, offset, kind, module);
	module_unref(module);
	return done;
}

bool process_map_record(struct process_table *table, struct process *process,
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
	struct mapping_source source = {
		table->opener, process->pid,
		{ fields->start, fields->start + fields->length, fields->path,
		  fields->major, fields->minor, fields->inode }
	};

	if (fields->start + fields->length <= fields->start)
		return true;
	return map_one(table, process, &identity, &source,
		       fields->file_offset);
}

static bool map_line(struct process_table *table, struct process *process,
		     const struct proc_mapping *line)
{
	struct module_identity identity = { .path = line->path,
					    .dev_major = line->dev_major,
					    .dev_minor = line->dev_minor,
					    .inode = line->inode };
	struct mapping_source source = { table->opener, process->pid,
					 { line->start, line->end, line->path,
					   line->dev_major, line->dev_minor,
					   line->inode } };

	return map_one(table, process, &identity, &source, line->offset);
}

static void read_maps(struct process_table *table, struct process *process)
{
	_cleanup_free_ char *text = NULL;
	struct proc_mapping line;
	struct reader reader;
	enum proc_maps_result result;
	size_t size;
	struct error *error =
		opener_maps(table->opener, process->pid, &text, &size);

	process->maps_read = true;
	if (error) {
		error_destroy(error);
		return;
	}
	reader_init(&reader, text, size);
	do {
		result = proc_maps_next(&reader, &line);
		if (result == PROC_MAPS_MAPPING && line.executable &&
		    !map_line(table, process, &line))
			return;
	} while (result != PROC_MAPS_END);
}

// The kernel's own name of a task; at most 15 bytes, and a newline.
static void read_comm(const struct opener *opener, pid_t pid, pid_t tid,
		      char *ret)
{
	char text[PROCESS_NAME_MAX + 1];
	size_t size = opener_text(opener, OPENER_TEXT_COMM, pid, tid, text,
				  sizeof(text));

	if (!size)
		return;
	text[size - 1] = '\0';
	memcpy(ret, text, size);
}

struct thread_reader {
	const struct opener *opener;
	struct process *process;
};

static void read_thread(void *context, pid_t tid)
{
	struct thread_reader *reader = context;
	char name[PROCESS_NAME_MAX] = "";
	struct thread *thread = process_thread(reader->process, tid);

	read_comm(reader->opener, reader->process->pid, tid, name);
	if (thread && *name)
		thread_set_name(thread, name);
}

// What is known may be out of date. Another name means another program, whose
// exec went unseen.
static struct process *start_over(struct process_table *table,
				  struct process *process, const char *name)
{
	pid_t pid = process->pid;

	process->losses = table->losses;
	if (!strcmp(process->name, name)) {
		space_clear(&process->space);
		return process;
	}
	process_table_remove(table, process);
	return process_table_add(table, pid, table->lost_ns);
}

void process_table_scan(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_find(table, pid);
	struct thread_reader reader = { .opener = table->opener };
	char name[PROCESS_NAME_MAX] = "";

	read_comm(table->opener, pid, 0, name);
	if (!process)
		process = process_table_add(table, pid, 0);
	else if (process->losses != table->losses && *name)
		process = start_over(table, process, name);
	if (!process)
		return;
	process->losses = table->losses;
	reader.process = process;
	if (*name)
		process_set_name(process, name);
	opener_list(table->opener, pid, read_thread, &reader);
	read_maps(table, process);
}

static void scan_one(void *context, pid_t pid)
{
	process_table_scan(context, pid);
}

void process_table_scan_all(struct process_table *table)
{
	opener_list(table->opener, 0, scan_one, table);
}
