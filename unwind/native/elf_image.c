// SPDX-License-Identifier: Apache-2.0
/*
 * The headers of an ELF file, all checked when it is opened: 64-bit,
 * little-endian, one header, one program header table, one section table.
 *
 *     7f 45 4c 46 02 01 01 00 ...   e_ident: ELF, 64-bit, little-endian, v1
 *     03 00 3e 00 01 00 00 00       shared object, x86-64, v1
 *
 * Authority: gABI "ELF Header", "Sections" (extended numbering), "Program
 * Header", and binutils' description of the build-id note.
 */
#include "unwind/native/elf_parts.h"

#include "base/cleanup.h"
#include "base/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum {
	// Linux refuses to run a file with more than 64 KiB of them.
	PROGRAM_HEADER_MAX = 65536 / sizeof(Elf64_Phdr),
	// -ffunction-sections objects reach 100,000; linked files, 60.
	SECTION_MAX = 1 << 17,
	NOTE_BYTES_MAX = 64 << 10,
	BUILD_ID_MAX = 64,
	SEGMENT_NOTE_MAX = 16,
};

// A sparse file may claim any size; real ones with debug data reach 6 GiB.
#define FILE_BYTES_MAX (UINT64_C(16) << 30)

static struct error *bad(const char *what)
{
	return error_create(ERROR_BAD_DATA, "ELF: %s", what);
}

bool elf_image_fetch(struct elf_image *image, uint64_t offset, void *ret,
		     size_t size)
{
	size_t done = 0;

	if (offset > image->size || size > image->size - offset)
		return false;
	if (image->bytes) {
		memcpy(ret, image->bytes + offset, size);
		return true;
	}
	while (done < size) {
		ssize_t n = pread(image->fd, (char *)ret + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			image->failed = true;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

static struct error *check_header(const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG))
		return bad("not an ELF file");
	if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_create(ERROR_UNSUPPORTED,
				    "ELF: not 64-bit little-endian");
	if (header->e_ident[EI_VERSION] != EV_CURRENT ||
	    header->e_version != EV_CURRENT)
		return bad("unknown version");
	if (header->e_phnum && header->e_phentsize != sizeof(Elf64_Phdr))
		return bad("odd program header size");
	if (header->e_shoff && header->e_shentsize != sizeof(Elf64_Shdr))
		return bad("odd section header size");
	return NULL;
}

static struct error *read_table(struct elf_image *image, uint64_t offset,
				size_t count, size_t element_size, void **ret)
{
	_cleanup_free_ void *table = calloc(count ? count : 1, element_size);

	if (!table)
		return &error_nomem;
	if (!elf_image_fetch(image, offset, table, count * element_size))
		return bad("a header table lies beyond the end of the file");
	*ret = take_ptr(table);
	return NULL;
}

// Counts that do not fit their 16 bits are in section 0.
static struct error *read_sections(struct elf_image *image, Elf64_Ehdr *header,
				   size_t *ret_phnum)
{
	uint64_t count = header->e_shnum, names = header->e_shstrndx;
	struct error *error;
	Elf64_Shdr first;

	*ret_phnum = header->e_phnum;
	if (!header->e_shoff)
		return count ? bad("sections without a table") : NULL;
	if (!elf_image_fetch(image, header->e_shoff, &first, sizeof(first)))
		return bad("section headers lie beyond the end of the file");
	if (!count)
		count = first.sh_size;
	if (names == SHN_XINDEX)
		names = first.sh_link;
	if (header->e_phnum == PN_XNUM)
		*ret_phnum = first.sh_info;
	if (count > SECTION_MAX)
		return bad("too many sections");
	error = read_table(image, header->e_shoff, count, sizeof(Elf64_Shdr),
			   (void **)&image->section);
	if (error)
		return error;
	image->cache = calloc(count ? count : 1, sizeof(*image->cache));
	if (!image->cache)
		return &error_nomem;
	image->section_count = count;
	if (names >= count && names)
		return bad("no such section name table");
	image->name_section = names;
	return NULL;
}

static struct error *add_load(struct elf_image *image, const Elf64_Phdr *header)
{
	if (header->p_offset + header->p_filesz < header->p_offset ||
	    header->p_vaddr + header->p_memsz < header->p_vaddr)
		return bad("a segment wraps around");
	if (header->p_filesz > header->p_memsz)
		return bad("a segment is larger in the file than in memory");
	image->load[image->load_count++] = (struct elf_load){
		.file_offset = header->p_offset,
		.vaddr = header->p_vaddr,
		.file_size = header->p_filesz,
		.memory_size = header->p_memsz,
		.executable = header->p_flags & PF_X,
	};
	return NULL;
}

// One note: namesz, descsz, type, then name and description, each padded to 4.
static bool take_build_id(struct elf_image *image, const uint8_t *bytes,
			  size_t size)
{
	struct reader reader;

	reader_init(&reader, bytes, size);
	while (reader_left(&reader) && !reader.failed) {
		size_t name_size = reader_u32(&reader);
		size_t id_size = reader_u32(&reader);
		uint32_t type = reader_u32(&reader);
		const uint8_t *name, *id;

		name = reader_bytes(&reader, (name_size + 3) & ~(size_t)3);
		id = reader_bytes(&reader, (id_size + 3) & ~(size_t)3);
		if (!name || !id)
			return false;
		if (type != NT_GNU_BUILD_ID || name_size != sizeof("GNU") ||
		    memcmp(name, "GNU", sizeof("GNU")))
			continue;
		if (!id_size || id_size > BUILD_ID_MAX)
			return false;
		image->build_id = malloc(id_size);
		if (!image->build_id)
			return false;
		memcpy(image->build_id, id, id_size);
		image->build_id_size = id_size;
		return true;
	}
	return false;
}

static bool note_at(struct elf_image *image, uint64_t offset, uint64_t size)
{
	_cleanup_free_ uint8_t *bytes = NULL;

	if (!size || size > NOTE_BYTES_MAX)
		return false;
	bytes = malloc(size);
	return bytes && elf_image_fetch(image, offset, bytes, size) &&
	       take_build_id(image, bytes, size);
}

// Sections first: in a separate debug file segments point at nothing.
static void find_build_id(struct elf_image *image, const Elf64_Phdr *headers,
			  size_t count)
{
	unsigned int tried = 0;

	for (size_t i = 1; i < image->section_count; i++) {
		const Elf64_Shdr *section = &image->section[i];

		if (section->sh_type != SHT_NOTE)
			continue;
		if (tried++ == SEGMENT_NOTE_MAX ||
		    note_at(image, section->sh_offset, section->sh_size))
			return;
	}
	for (size_t i = 0; i < count; i++) {
		if (headers[i].p_type != PT_NOTE)
			continue;
		if (tried++ == SEGMENT_NOTE_MAX ||
		    note_at(image, headers[i].p_offset, headers[i].p_filesz))
			return;
	}
}

static struct error *read_segments(struct elf_image *image, uint64_t offset,
				   size_t count)
{
	_cleanup_free_ Elf64_Phdr *headers = NULL;
	struct error *error;

	if (count > PROGRAM_HEADER_MAX)
		return bad("too many program headers");
	error = read_table(image, offset, count, sizeof(*headers),
			   (void **)&headers);
	if (error)
		return error;
	image->load = calloc(count ? count : 1, sizeof(*image->load));
	if (!image->load)
		return &error_nomem;
	for (size_t i = 0; i < count && !error; i++)
		if (headers[i].p_type == PT_LOAD)
			error = add_load(image, &headers[i]);
	if (!error)
		find_build_id(image, headers, count);
	return error;
}

static struct error *parse_headers(struct elf_image *image)
{
	struct error *error;
	Elf64_Ehdr header;
	size_t phnum;

	if (!elf_image_fetch(image, 0, &header, sizeof(header)))
		return bad("shorter than an ELF header");
	error = check_header(&header);
	if (!error)
		error = read_sections(image, &header, &phnum);
	if (!error)
		error = read_segments(image, header.e_phoff, phnum);
	image->machine = header.e_machine;
	image->entry = header.e_entry;
	return error;
}

static struct error *image_finish(struct elf_image *image,
				  struct elf_image **ret)
{
	struct error *error = parse_headers(image);

	if (error && image->failed) {
		error_destroy(error);
		error = error_create(ERROR_SYSTEM,
				     "ELF: the headers could not be read");
	}
	if (error) {
		elf_image_destroy(image);
		return error;
	}
	*ret = image;
	return NULL;
}

static struct error *open_image(int fd, struct elf_image *image)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_from_errno(errno, "stat");
	if (!S_ISREG(status.st_mode))
		return error_create(ERROR_UNSUPPORTED, "not a regular file");
	if ((uint64_t)status.st_size > FILE_BYTES_MAX)
		return error_create(ERROR_UNSUPPORTED,
				    "larger than %" PRIu64 " bytes",
				    FILE_BYTES_MAX);
	image->size = (uint64_t)status.st_size;
	image->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (image->fd < 0)
		return error_from_errno(errno, "duplicate a descriptor");
	return NULL;
}

struct error *elf_image_open(int fd, struct elf_image **ret)
{
	struct elf_image *image = calloc(1, sizeof(*image));
	struct error *error;

	if (!image)
		return &error_nomem;
	image->fd = -1;
	error = open_image(fd, image);
	if (error) {
		elf_image_destroy(image);
		return error;
	}
	return image_finish(image, ret);
}

struct error *elf_image_from_bytes(const void *bytes, size_t size,
				   struct elf_image **ret)
{
	struct elf_image *image = calloc(1, sizeof(*image));

	if (!image)
		return &error_nomem;
	image->fd = -1;
	image->bytes = malloc(size ? size : 1);
	if (!image->bytes) {
		elf_image_destroy(image);
		return &error_nomem;
	}
	if (size)
		memcpy(image->bytes, bytes, size);
	image->size = size;
	return image_finish(image, ret);
}

void elf_image_destroy(struct elf_image *image)
{
	if (!image)
		return;
	elf_end(image->elf);
	for (size_t i = 0; image->cache && i < image->section_count; i++)
		free(image->cache[i].bytes);
	free(image->cache);
	free(image->section);
	free(image->load);
	free(image->build_id);
	free(image->bytes);
	if (image->fd >= 0)
		close(image->fd);
	free(image);
}

bool elf_image_take_failure(struct elf_image *image)
{
	bool failed = image->failed;

	image->failed = false;
	return failed;
}

uint64_t elf_image_entry(const struct elf_image *image)
{
	return image->entry;
}

uint16_t elf_image_machine(const struct elf_image *image)
{
	return image->machine;
}

size_t elf_image_load_count(const struct elf_image *image)
{
	return image->load_count;
}

const struct elf_load *elf_image_load(const struct elf_image *image, size_t i)
{
	return &image->load[i];
}

bool elf_image_vaddr_of_offset(const struct elf_image *image,
			       uint64_t file_offset, uint64_t *ret)
{
	for (size_t i = 0; i < image->load_count; i++) {
		const struct elf_load *load = &image->load[i];

		if (file_offset - load->file_offset < load->file_size) {
			*ret = load->vaddr + (file_offset - load->file_offset);
			return true;
		}
	}
	return false;
}

bool elf_image_read(struct elf_image *image, uint64_t vaddr, void *ret,
		    size_t size)
{
	for (size_t i = 0; i < image->load_count; i++) {
		const struct elf_load *load = &image->load[i];
		uint64_t offset = vaddr - load->vaddr;

		if (offset < load->file_size && size <= load->file_size - offset)
			return elf_image_fetch(image,
					       load->file_offset + offset, ret,
					       size);
	}
	return false;
}

const uint8_t *elf_image_build_id(const struct elf_image *image,
				  size_t *ret_size)
{
	*ret_size = image->build_id_size;
	return image->build_id;
}

// ELF_C_READ makes libelf use pread, like us; never the mmap variants.
Elf *elf_image_elf(struct elf_image *image)
{
	if (image->elf_tried)
		return image->elf;
	image->elf_tried = true;
	elf_version(EV_CURRENT);
	if (image->bytes)
		image->elf = elf_memory((char *)image->bytes, image->size);
	else
		image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
	return image->elf;
}
