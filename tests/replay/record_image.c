// SPDX-License-Identifier: Apache-2.0
/*
 * record_image PID TID PATH: makes PATH.pages.gz and PATH.sample.gz, a recorded
 * image (recorded_image.h) of a thread that stands still. It is stopped by
 * ptrace(2) for its registers, read once, and of what was read only that is
 * kept without which the same result does not come out.
 */
#include "base/array.h"
#include "base/reader.h"
#include "daemon/process/proc_maps.h"
#include "daemon/replay/sample_writer.h"
#include "tests/replay/image_reading.h"
#include "unwind/native/elf_image.h"

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

enum {
	STACK_BYTES = 2048, // the rest is read from the live stack
	MAPS_BYTES = 1 << 20,
	REGS_MAX = 64,
	SAMPLE_BYTES_MAX = 4 << 20,
};

struct recording {
	pid_t pid, tid;
	int mem_fd;
	struct space space;
	struct recorded_image image;
	uint64_t regs[REGS_MAX];
	uint8_t stack[STACK_BYTES];
};

static void check(struct error *error)
{
	if (error)
		errx(1, "%s", error->message);
}

// Everything that is read is kept, by whole pages.
static ssize_t read_and_keep(void *context, uint64_t vaddr, void *ret,
			     size_t size)
{
	struct recording *recording = context;
	ssize_t got = pread(recording->mem_fd, ret, size, (off_t)vaddr);
	uint64_t at = vaddr - vaddr % IMAGE_PAGE_BYTES;

	for (; got > 0 && at < vaddr + (uint64_t)got; at += IMAGE_PAGE_BYTES) {
		struct image_page *page;

		if (recorded_image_page(&recording->image, at))
			continue;
		page = recorded_image_add_page(&recording->image, at);
		if (!page ||
		    pread(recording->mem_fd, page->bytes, IMAGE_PAGE_BYTES,
			  (off_t)at) != IMAGE_PAGE_BYTES)
			errx(1, "cannot keep page %#lx", (unsigned long)at);
	}
	return got;
}

static void stop(struct recording *recording)
{
	struct user_regs_struct user;
	int status;

	if (ptrace(PTRACE_SEIZE, recording->tid, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, recording->tid, 0, 0) ||
	    waitpid(recording->tid, &status, __WALL) != recording->tid ||
	    ptrace(PTRACE_GETREGS, recording->tid, 0, &user))
		err(1, "stop thread %d", recording->tid);
	// By DWARF number: psABI x86-64 figure 3.36.
	const uint64_t dwarf[] = {
		user.rax, user.rdx, user.rcx, user.rbx, user.rsi, user.rdi,
		user.rbp, user.rsp, user.r8,  user.r9,	user.r10, user.r11,
		user.r12, user.r13, user.r14, user.r15, user.rip,
	};
	const struct arch *arch = arch_native();

	for (unsigned int i = 0; i < arch->perf_count; i++)
		recording->regs[i] = arch->perf_to_dwarf[i] >= 0 ?
					     dwarf[arch->perf_to_dwarf[i]] :
					     0;
	recording->regs[arch->perf_pc] = user.rip;
}

static void add_mapping(struct recording *recording,
			const struct proc_mapping *mapping)
{
	struct elf_image *elf = NULL;
	struct module *module;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx",
		 recording->pid, (unsigned long)mapping->start,
		 (unsigned long)mapping->end);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "open '%s'", path);
	check(elf_image_open(fd, &elf));
	close(fd);
	// Where somebody keeps his interpreters is of no interest.
	module = module_create(basename(mapping->path), elf, NULL);
	if (!module ||
	    !space_add(&recording->space, mapping->start, mapping->end,
		       mapping->offset, MAPPING_FILE, module))
		errx(1, "out of memory");
	module_unref(module);
}

static void read_mappings(struct recording *recording)
{
	char *text = malloc(MAPS_BYTES), path[64];
	struct proc_mapping mapping;
	enum proc_maps_result result;
	struct reader reader;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", recording->pid);
	file = fopen(path, "re");
	if (!file || !text)
		err(1, "read '%s'", path);
	reader_init(&reader, text, fread(text, 1, MAPS_BYTES, file));
	fclose(file);
	while ((result = proc_maps_next(&reader, &mapping)) != PROC_MAPS_END)
		if (result == PROC_MAPS_MAPPING && mapping.executable &&
		    mapping.inode)
			add_mapping(recording, &mapping);
	free(text);
}

static void open_memory(struct recording *recording)
{
	const struct arch *arch = arch_native();
	struct regs regs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", recording->pid);
	recording->mem_fd = open(path, O_RDONLY | O_CLOEXEC);
	arch_regs_from_perf(arch, recording->regs, &regs);
	if (pread(recording->mem_fd, recording->stack, STACK_BYTES,
		  (off_t)regs.value[arch->sp]) != STACK_BYTES)
		err(1, "read the stack");
}

// The files' layout and addresses come with the mappings.
static void describe(struct recording *recording)
{
	recording->image.sample = (struct kept_sample){
		.pid = recording->pid,
		.tid = recording->tid,
		.process_name = "python",
		.thread_name = "recorded",
		.space = &recording->space,
		.time_ns = 1,
		.period_ns = 1,
		.regs = recording->regs,
		.stack = recording->stack,
		.stack_size = STACK_BYTES,
	};
	if (!recorded_image_find_python(&recording->image))
		errx(1, "process %d is no Python that is known", recording->pid);
}

static void write_sample(const struct image_reading *reading, const char *path)
{
	struct kept_sample sample = reading->sample;
	_cleanup_free_ char *plain = NULL, *packed = NULL;
	struct sample_writer *writer;
	char *bytes = malloc(SAMPLE_BYTES_MAX);
	size_t size;
	FILE *file;

	if (!bytes || asprintf(&plain, "%s.sample", path) < 0 ||
	    asprintf(&packed, "%s.sample.gz", path) < 0)
		errx(1, "out of memory");
	sample.snapshot = NULL;
	sample.layout = NULL;
	sample.code_count = 0;
	sample.walk = reading->walk;
	check(sample_writer_create(plain, arch_native(), 1, 1, &writer));
	sample_writer_add(writer, &sample);
	check(sample_writer_close(writer));
	file = fopen(plain, "re");
	if (!file)
		err(1, "read '%s'", plain);
	size = fread(bytes, 1, SAMPLE_BYTES_MAX, file);
	fclose(file);
	check(recorded_image_pack(packed, bytes, size));
	unlink(plain);
	free(bytes);
}

// The same in every respect?
static bool is_equal(struct image_reading *reading,
		     const struct walk_result *walk, const char *text,
		     const struct python_gil *gil)
{
	_cleanup_free_ char *now = NULL;

	if (!image_reading_forget(reading))
		errx(1, "out of memory");
	image_reading_run(reading);
	now = image_reading_text(reading);
	return now && reading->outcome == IMAGE_WHOLE && !strcmp(now, text) &&
	       reading->gil.state == gil->state &&
	       reading->gil.holder_tid == gil->holder_tid &&
	       replay_is_equal(&reading->walk, walk);
}

// Every part that is not needed becomes zeros.
static void trim(struct recorded_image *image, struct image_reading *reading)
{
	struct walk_result walk = reading->walk;
	size_t bytes = walk.frame_count * sizeof(walk.frames[0]);
	_cleanup_free_ char *text = image_reading_text(reading);
	struct python_gil gil = reading->gil;
	uint8_t part[IMAGE_PART_BYTES];

	// The reading's own are overwritten by the next.
	walk.frames = memcpy(malloc(bytes), walk.frames, bytes);
	reading->memory = (struct live_memory){ recorded_image_read, image };
	if (!is_equal(reading, &walk, text, &gil))
		errx(1, "the recorded pages do not tell the same");
	for (size_t i = 0; i < image->page_count; i++) {
		for (size_t at = 0; at < IMAGE_PAGE_BYTES; at += sizeof(part)) {
			uint8_t *bytes_at = image->pages[i].bytes + at;

			memcpy(part, bytes_at, sizeof(part));
			memset(bytes_at, 0, sizeof(part));
			if (!is_equal(reading, &walk, text, &gil))
				memcpy(bytes_at, part, sizeof(part));
		}
	}
	free(walk.frames);
}

int main(int argc, char **argv)
{
	static struct recording recording;
	struct image_reading reading;
	_cleanup_free_ char *pages = NULL, *text = NULL;

	if (argc != 4)
		errx(2, "usage: record_image PID TID PATH");
	recording.pid = (pid_t)atoi(argv[1]);
	recording.tid = (pid_t)atoi(argv[2]);
	space_init(&recording.space);
	stop(&recording);
	read_mappings(&recording);
	open_memory(&recording);
	describe(&recording);
	if (!image_reading_init(&reading, &recording.image,
				(struct live_memory){ read_and_keep,
						      &recording }))
		errx(1, "out of memory");
	image_reading_run(&reading);
	if (reading.outcome != IMAGE_WHOLE || reading.unnamed)
		errx(1, "%s, %zu frames without name",
		     image_outcome_name(reading.outcome), reading.unnamed);
	write_sample(&reading, argv[3]);
	trim(&recording.image, &reading);
	text = image_reading_text(&reading);
	fputs(text, stdout);
	if (asprintf(&pages, "%s.pages.gz", argv[3]) < 0)
		errx(1, "out of memory");
	check(recorded_image_write_pages(&recording.image, pages));
	image_reading_deinit(&reading);
	recorded_image_deinit(&recording.image);
	space_deinit(&recording.space);
	return 0;
}
