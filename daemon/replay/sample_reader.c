// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_reader.h"

#include "base/array.h"
#include "daemon/replay/sample_reader_state.h"
#include "schema/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool read_verdict(struct sample_reader *reader, struct reader *block)
{
	uint64_t number = reader_u64(block);
	uint32_t trust = reader_u32(block), size = reader_u32(block);
	struct read_sample *sample;
	char *reason = reader_text(block, size, SAMPLE_REASON_MAX);

	if (!reason)
		return false;
	if (number >= reader->sample_count || trust > STORE_TRUST_NATIVE ||
	    reader->samples[number].decided) {
		free(reason);
		return false;
	}
	sample = &reader->samples[number];
	sample->decided = true;
	sample->trust = trust;
	sample->reason = reason;
	return true;
}

static bool note_sample(struct sample_reader *reader, uint64_t offset,
			uint32_t size)
{
	if (!array_reserve_one(reader->samples, reader->sample_count,
			       reader->sample_capacity))
		return false;
	reader->samples[reader->sample_count++] =
		(struct read_sample){ .offset = offset, .size = size };
	return true;
}

static bool read_end(struct sample_reader *reader, struct reader *block)
{
	reader->ended = true;
	return reader_u64(block) == reader->sample_count;
}

static bool read_start(struct sample_reader *reader, struct reader *block)
{
	reader->monotonic_ns = reader_u64(block);
	reader->wall_ns = reader_u64(block);
	return true;
}

static bool read_block(struct sample_reader *reader,
		       enum sample_block_kind kind, struct reader *block)
{
	switch (kind) {
	case SAMPLE_BLOCK_MODULE:
		return read_module(reader, block);
	case SAMPLE_BLOCK_UNWINDING:
		return read_unwinding(reader, block);
	case SAMPLE_BLOCK_EXPRESSION:
		return read_expression(reader, block);
	case SAMPLE_BLOCK_ROW:
		return read_row(reader, block);
	case SAMPLE_BLOCK_FUNCTION:
		return read_function(reader, block);
	case SAMPLE_BLOCK_SYMBOL:
		return read_symbol(reader, block);
	case SAMPLE_BLOCK_PROCESS:
		return read_process(reader, block);
	case SAMPLE_BLOCK_CODE:
		return read_code(reader, block);
	case SAMPLE_BLOCK_VERDICT:
		return read_verdict(reader, block);
	case SAMPLE_BLOCK_START:
		return read_start(reader, block);
	case SAMPLE_BLOCK_END:
		return read_end(reader, block);
	case SAMPLE_BLOCK_SAMPLE:
		break; // only noted: see read_next()
	}
	return false;
}

static bool load(struct sample_reader *reader, uint64_t offset, uint32_t size)
{
	return array_reserve((void **)&reader->payload,
			     &reader->payload_capacity, size + 1, 1) &&
	       fseeko(reader->file, (off_t)offset, SEEK_SET) == 0 &&
	       fread(reader->payload, 1, size, reader->file) == size;
}

static struct error *truncated(const struct sample_reader *reader)
{
	return error_create(ERROR_BAD_DATA,
			    "truncated recording: %zu samples read",
			    reader->sample_count);
}

static struct error *broken(const struct sample_reader *reader, uint64_t offset)
{
	return error_create(ERROR_BAD_DATA,
			    "broken recording, at byte %llu: %zu samples read",
			    (unsigned long long)offset, reader->sample_count);
}

// One block at *offset, which moves behind it. The samples themselves are
// stepped over.
static struct error *read_next(struct sample_reader *reader, uint64_t file_size,
			       uint64_t *offset)
{
	uint64_t start = *offset + SAMPLE_BLOCK_HEADER_BYTES;
	struct reader block;
	uint32_t head[2];
	bool good;

	if (start > file_size)
		return truncated(reader);
	if (!load(reader, *offset, sizeof(head)))
		return error_from_errno(errno ? errno : EIO, "read");
	memcpy(head, reader->payload, sizeof(head));
	if (head[0] < SAMPLE_BLOCK_START || head[0] > SAMPLE_BLOCK_END ||
	    head[1] > SAMPLE_BLOCK_MAX || head[1] % SAMPLE_BLOCK_ALIGNMENT)
		return broken(reader, *offset);
	if (head[1] > file_size - start)
		return truncated(reader);
	if (head[0] == SAMPLE_BLOCK_SAMPLE) {
		good = note_sample(reader, start, head[1]);
	} else {
		good = load(reader, start, head[1]);
		reader_init(&block, reader->payload, head[1]);
		good = good && read_block(reader, head[0], &block) &&
		       !block.failed;
	}
	if (!good)
		return broken(reader, *offset);
	*offset = start + head[1];
	return NULL;
}

static struct error *read_blocks(struct sample_reader *reader)
{
	uint64_t offset = SAMPLE_FORMAT_HEADER_BYTES, size;
	struct error *error = NULL;

	if (fseeko(reader->file, 0, SEEK_END))
		return error_from_errno(errno, "seek");
	size = (uint64_t)ftello(reader->file);
	while (!reader->ended && !error)
		error = read_next(reader, size, &offset);
	return error;
}

static struct error *read_header(struct sample_reader *reader)
{
	uint32_t numbers[2];

	if (!load(reader, 0, SAMPLE_FORMAT_HEADER_BYTES) ||
	    memcmp(reader->payload, SAMPLE_FORMAT_MAGIC,
		   SAMPLE_FORMAT_MAGIC_BYTES))
		return error_create(ERROR_BAD_DATA,
				    "not a recording of samples");
	memcpy(numbers, reader->payload + SAMPLE_FORMAT_MAGIC_BYTES,
	       sizeof(numbers));
	if (numbers[0] != SAMPLE_FORMAT_VERSION)
		return error_create(ERROR_UNSUPPORTED,
				    "a recording of format %u; this program "
				    "reads format %u", numbers[0],
				    SAMPLE_FORMAT_VERSION);
	reader->arch = arch_by_machine((uint16_t)numbers[1]);
	if (!reader->arch || numbers[1] > UINT16_MAX)
		return error_create(ERROR_UNSUPPORTED,
				    "a recording of an unknown architecture");
	return NULL;
}

struct error *sample_reader_from(FILE *file, struct sample_reader **ret)
{
	struct sample_reader *reader = calloc(1, sizeof(*reader));
	struct error *error;

	if (!reader) {
		fclose(file);
		return &error_nomem;
	}
	reader->file = file;
	error = read_header(reader);
	if (!error) {
		reader->problem = read_blocks(reader);
		error = finish_modules(reader);
	}
	if (error)
		sample_reader_destroy(reader);
	else
		*ret = reader;
	return error;
}

struct error *sample_reader_open(const char *path, struct sample_reader **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	struct error *error;
	FILE *file;

	if (fd < 0)
		return error_from_errno(errno, "open '%s'", path);
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return error_create(ERROR_BAD_DATA,
				    "'%s' is not a regular file", path);
	}
	file = fdopen(fd, "re");
	if (!file) {
		close(fd);
		return &error_nomem;
	}
	error = sample_reader_from(file, ret);
	return error ? error_wrap(error, "open '%s'", path) : NULL;
}

void sample_reader_destroy(struct sample_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->sample_count; i++)
		free(reader->samples[i].reason);
	destroy_processes(reader);
	destroy_modules(reader);
	error_destroy(reader->problem);
	free(reader->samples);
	free(reader->payload);
	free(reader->snapshot);
	free(reader->sample_codes);
	free(reader->frames);
	fclose(reader->file);
	free(reader);
}

const struct error *sample_reader_problem(const struct sample_reader *reader)
{
	return reader->problem;
}

void sample_reader_start(const struct sample_reader *reader,
			 uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns)
{
	*ret_monotonic_ns = reader->monotonic_ns;
	*ret_wall_ns = reader->wall_ns;
}

const struct arch *sample_reader_arch(const struct sample_reader *reader)
{
	return reader->arch;
}

size_t sample_reader_count(const struct sample_reader *reader)
{
	return reader->sample_count;
}

struct error *sample_reader_get(struct sample_reader *reader, size_t number,
				struct kept_sample *ret)
{
	const struct read_sample *sample = &reader->samples[number];
	struct reader block;

	if (!load(reader, sample->offset, sample->size))
		return error_create(ERROR_SYSTEM, "read sample %zu", number);
	reader_init(&block, reader->payload, sample->size);
	if (!read_sample(reader, &block, ret) || block.failed)
		return error_create(ERROR_BAD_DATA,
				    "broken recording, at sample %zu", number);
	return NULL;
}

bool sample_reader_verdict(const struct sample_reader *reader, size_t number,
			   uint32_t *ret_trust, const char **ret_reason)
{
	const struct read_sample *sample = &reader->samples[number];

	if (!sample->decided)
		return false;
	*ret_trust = sample->trust;
	*ret_reason = sample->reason;
	return true;
}

static int compare_address(const void *key, const void *item)
{
	const uint64_t *address = key;
	const struct symbol *symbol = item;

	return (*address > symbol->vaddr) - (*address < symbol->vaddr);
}

const char *sample_reader_kernel_symbol(const struct sample_reader *reader,
					uint64_t address)
{
	const struct symbol *symbol = NULL;

	if (reader->kernel.count)
		symbol = bsearch(&address, reader->kernel.items,
				 reader->kernel.count,
				 sizeof(*reader->kernel.items),
				 compare_address);
	return symbol ? symbol->name : NULL;
}
