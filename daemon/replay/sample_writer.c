// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_writer.h"

#include "base/array.h"
#include "daemon/replay/sample_writer_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BUFFER_BYTES = 1 << 20 };

void writer_fail(struct sample_writer *writer, struct error *error)
{
	if (writer->error)
		error_destroy(error);
	else
		writer->error = error;
}

void writer_put(struct sample_writer *writer)
{
	struct error *error;

	if (writer->error)
		return;
	error = sample_block_write(&writer->block, writer->file);
	if (error)
		writer_fail(writer, error);
}

uint32_t writer_number(struct sample_writer *writer, struct cfi_intern *intern,
		       const void *key, size_t size, bool *ret_new)
{
	size_t before = intern->count;
	uint32_t id = 0;

	*ret_new = false;
	if (!cfi_intern_add(intern, key, size, &id)) {
		writer_fail(writer, error_create(ERROR_NO_MEMORY,
						 "too many things met"));
		return 0;
	}
	*ret_new = intern->count > before;
	return id + 1;
}

// What is there may be a recording of ours, and nothing else.
static struct error *check_old(int fd)
{
	char magic[SAMPLE_FORMAT_MAGIC_BYTES];
	struct stat status;

	if (fstat(fd, &status))
		return error_from_errno(errno, "look at it");
	if (!S_ISREG(status.st_mode))
		return error_create(ERROR_BAD_DATA, "not a regular file");
	if (status.st_size == 0)
		return NULL;
	if (pread(fd, magic, sizeof(magic), 0) != (ssize_t)sizeof(magic) ||
	    memcmp(magic, SAMPLE_FORMAT_MAGIC, sizeof(magic)))
		return error_create(ERROR_BAD_DATA,
				    "will not overwrite a file that is not a "
				    "recording of samples");
	return NULL;
}

static struct error *open_file(struct sample_writer *writer)
{
	_cleanup_close_ int fd = open(writer->path,
				      O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK,
				      0600);
	struct error *error;

	if (fd < 0)
		return error_from_errno(errno, "create");
	error = check_old(fd);
	if (error)
		return error;
	if (ftruncate(fd, 0) || fchmod(fd, 0600))
		return error_from_errno(errno, "empty it");
	writer->file = fdopen(fd, "we");
	if (!writer->file)
		return error_from_errno(errno, "open");
	take_fd(&fd);
	setvbuf(writer->file, NULL, _IOFBF, BUFFER_BYTES);
	return NULL;
}

static struct error *write_header(struct sample_writer *writer)
{
	uint32_t numbers[] = { SAMPLE_FORMAT_VERSION,
			       writer->arch->elf_machine };

	if (fwrite(SAMPLE_FORMAT_MAGIC, SAMPLE_FORMAT_MAGIC_BYTES, 1,
		   writer->file) != 1 ||
	    fwrite(numbers, sizeof(numbers), 1, writer->file) != 1)
		return error_from_errno(errno, "write");
	return NULL;
}

static void writer_destroy(struct sample_writer *writer)
{
	struct cfi_intern *interns[] = {
		&writer->modules, &writer->unwinding, &writer->functions,
		&writer->expressions, &writer->rows, &writer->symbols,
		&writer->processes, &writer->codes,
	};

	for (size_t i = 0; i < sizeof(interns) / sizeof(interns[0]); i++)
		cfi_intern_deinit(interns[i]);
	for (size_t i = 0; i < writer->held_count; i++)
		module_unref(writer->held[i]);
	sample_block_deinit(&writer->block);
	free(writer->held);
	free(writer->code_stamp);
	free(writer->code_list);
	free(writer->path);
	if (writer->file)
		fclose(writer->file);
	free(writer);
}

struct error *sample_writer_create(const char *path, const struct arch *arch,
				   uint64_t monotonic_ns, uint64_t wall_ns,
				   struct sample_writer **ret)
{
	struct sample_writer *writer = calloc(1, sizeof(*writer));
	struct error *error;

	if (!writer)
		return &error_nomem;
	writer->arch = arch;
	writer->path = strdup(path);
	error = writer->path ? open_file(writer) : &error_nomem;
	if (!error)
		error = write_header(writer);
	if (error) {
		writer_destroy(writer);
		return error_wrap(error, "keep samples in '%s'", path);
	}
	sample_block_begin(&writer->block, SAMPLE_BLOCK_START);
	sample_block_u64(&writer->block, monotonic_ns);
	sample_block_u64(&writer->block, wall_ns);
	writer_put(writer);
	*ret = writer;
	return NULL;
}

struct error *sample_writer_close(struct sample_writer *writer)
{
	struct error *error;

	if (!writer)
		return NULL;
	sample_block_begin(&writer->block, SAMPLE_BLOCK_END);
	sample_block_u64(&writer->block, writer->sample_count);
	writer_put(writer);
	if (fclose(take_ptr(writer->file)))
		writer_fail(writer, error_from_errno(errno, "write"));
	error = take_ptr(writer->error);
	if (error)
		error = error_wrap(error, "keep samples in '%s'", writer->path);
	writer_destroy(writer);
	return error;
}

void sample_writer_verdict(struct sample_writer *writer, int64_t number,
			   uint32_t trust, const char *reason)
{
	struct sample_block *block = &writer->block;
	size_t size = strnlen(reason, SAMPLE_REASON_MAX);

	if (writer->error || number < 0)
		return;
	sample_block_begin(block, SAMPLE_BLOCK_VERDICT);
	sample_block_u64(block, (uint64_t)number);
	sample_block_u32(block, trust);
	sample_block_u32(block, (uint32_t)size);
	sample_block_array(block, reason, size);
	writer_put(writer);
}
