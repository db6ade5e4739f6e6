// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/elf_image.h"

#include "base/cleanup.h"
#include "tests/cmocka.h"
#include "tests/unwind/native/exercise_elf.h"
#include "tests/unwind/native/made_elf.h"
#include "unwind/native/elf_parts.h"

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
	CUT_BYTES = 512,
	PLAIN_BYTES = 20000,
	HELD_MAX = 512 << 20, // IMAGE_BYTES_MAX of elf_section.c
};

static const char known_bytes[] = "bytes to be found by their address";

static struct elf_image *open_self(void)
{
	struct elf_image *image = NULL;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_null(elf_image_open(fd, &image));
	close(fd); // the image has its own
	return image;
}

int main(void);

static int own_bias(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	*(uint64_t *)context = info->dlpi_addr;
	return 1; // the program comes first
}

static void test_own_program(void **state)
{
	struct elf_image *image = open_self();
	uint64_t bias, vaddr, size;
	char found[sizeof(known_bytes)];
	size_t id_size;

	(void)state;
	dl_iterate_phdr(own_bias, &bias);
	assert_true(elf_image_find_symbol(image, "main", &vaddr, &size));
	assert_int_equal(vaddr + bias, (uint64_t)main);
	assert_true(size > 0);
	assert_false(elf_image_find_symbol(image, "no such one", &vaddr,
					   &size));
	assert_true(elf_image_read(image, (uint64_t)known_bytes - bias, found,
				   sizeof(found)));
	assert_string_equal(found, known_bytes);
	elf_image_build_id(image, &id_size);
	assert_true(id_size == 0 || id_size >= 8);
	assert_int_equal(elf_kind(elf_image_elf(image)), ELF_K_ELF);
	assert_ptr_equal(elf_image_elf(image), elf_image_elf(image));
	elf_image_destroy(image);
}

static uint64_t find_vaddr(struct elf_image *image, uint64_t offset)
{
	uint64_t vaddr = 0;

	assert_true(elf_image_vaddr_of_offset(image, offset, &vaddr));
	return vaddr;
}

static void test_addresses(void **state)
{
	struct elf_image *image;
	uint64_t word;
	size_t size;
	_cleanup_free_ void *file = made_elf(EM_X86_64, NULL, 0, &size);

	(void)state;
	assert_null(elf_image_from_bytes(file, size, &image));
	assert_int_equal(elf_image_machine(image), EM_X86_64);
	assert_int_equal(elf_image_load_count(image), 1);
	assert_true(elf_image_load(image, 0)->executable);
	assert_int_equal(find_vaddr(image, 0), MADE_BASE);
	assert_int_equal(find_vaddr(image, 0x3f), MADE_BASE + 0x3f);
	assert_false(elf_image_vaddr_of_offset(image, 0x40, &word));
	assert_true(elf_image_read(image, MADE_BASE, &word, 8));
	assert_int_equal(word & 0xffffffff, 0x464c457f);
	assert_true(elf_image_read(image, MADE_BASE + 0x38, &word, 8));
	assert_false(elf_image_read(image, MADE_BASE + 0x39, &word, 8));
	assert_false(elf_image_read(image, MADE_BASE - 1, &word, 8));
	elf_image_destroy(image);
}

static void assert_refused(const void *bytes, size_t size,
			   enum error_code code)
{
	struct elf_image *image;
	struct error *error = elf_image_from_bytes(bytes, size, &image);

	assert_non_null(error);
	assert_int_equal(error->code, code);
	error_destroy(error);
}

static void test_refused(void **state)
{
	size_t size;
	_cleanup_free_ uint8_t *file = made_elf(EM_X86_64, NULL, 0, &size);

	(void)state;
	assert_refused("", 0, ERROR_BAD_DATA);
	assert_refused("#!/bin/sh", 9, ERROR_BAD_DATA);
	file[EI_CLASS] = ELFCLASS32;
	assert_refused(file, size, ERROR_UNSUPPORTED);
	file[EI_CLASS] = ELFCLASS64;
	file[EI_DATA] = ELFDATA2MSB;
	assert_refused(file, size, ERROR_UNSUPPORTED);
	file[EI_DATA] = ELFDATA2LSB;
	file[0] = 0;
	assert_refused(file, size, ERROR_BAD_DATA);
}

static void assert_open_fails(int fd)
{
	struct elf_image *image;
	struct error *error;

	assert_true(fd >= 0);
	error = elf_image_open(fd, &image);
	assert_non_null(error);
	error_destroy(error);
	close(fd);
}

static void test_odd_files(void **state)
{
	char path[] = "/tmp/test_elf_image.XXXXXX";
	int pipes[2], fd;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_open_fails(pipes[0]);
	close(pipes[1]);
	assert_open_fails(open("/dev/zero", O_RDONLY));
	assert_open_fails(open("/", O_RDONLY));
	assert_open_fails(open("/proc/self/maps", O_RDONLY));
	fd = mkstemp(path);
	unlink(path);
	assert_open_fails(dup(fd)); // empty
	if (ftruncate(fd, (off_t)1 << 42) == 0) // sparse
		assert_open_fails(dup(fd));
	close(fd);
}

static void test_truncated(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat status;
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size, opened = 0;

	(void)state;
	assert_int_equal(fstat(fd, &status), 0);
	size = (size_t)status.st_size;
	bytes = malloc(size);
	assert_int_equal(read(fd, bytes, size), (ssize_t)size);
	close(fd);
	for (size_t cut = 0; cut < size; cut += CUT_BYTES)
		opened += exercise_elf(bytes, cut);
	assert_true(exercise_elf(bytes, size));
	assert_true(opened <= 1); // the section table stands at the end
}

// Each 2, 4 and 8 byte field of all headers takes each odd value.
static void test_bent_headers(void **state)
{
	static const uint64_t odd[] = {
		0, 1, 0x3f, 0xff00, 0xffff, 0x7fffffff, 0xffffffff,
		0x7fffffffffffffff, 0xfffffffffffffff0, UINT64_MAX,
	};
	static const uint8_t words[64] = { 4 };
	const struct made_section sections[] = {
		{ ".eh_frame", SHT_PROGBITS, 0, 0, words, 64 },
		{ ".symtab", SHT_SYMTAB, 0, 3, words, 48 },
		{ ".strtab", SHT_STRTAB, 0, 0, "\0main", 6 },
		{ ".note.gnu.build-id", SHT_NOTE, 0, 0, words, 32 },
	};
	size_t size, headers = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
	_cleanup_free_ uint8_t *file = made_elf(EM_X86_64, sections, 4, &size);

	(void)state;
	assert_true(exercise_elf(file, size));
	for (size_t at = 0; at < size; at += 2) {
		// What lies between the headers is not theirs.
		if (at >= headers && at < size - 6 * sizeof(Elf64_Shdr))
			continue;
		for (size_t width = 2; width <= 8 && at + width <= size;
		     width *= 2)
			for (size_t i = 0; i < sizeof(odd) / sizeof(*odd);
			     i++) {
				uint8_t saved[8];

				memcpy(saved, file + at, width);
				memcpy(file + at, &odd[i], width);
				exercise_elf(file, size);
				memcpy(file + at, saved, width);
			}
	}
}

struct compressed {
	Elf64_Chdr header;
	uint8_t bytes[PLAIN_BYTES];
};

// 0: refused; otherwise the inflated size.
static size_t inflated(const struct compressed *data, size_t size)
{
	const struct made_section section = { ".debug_frame", SHT_PROGBITS,
					      SHF_COMPRESSED, 0, data,
					      sizeof(Elf64_Chdr) + size };
	struct elf_section found = { 0 };
	struct elf_image *image;
	size_t file_size, result = 0;
	_cleanup_free_ void *file = made_elf(EM_X86_64, &section, 1,
					     &file_size);

	assert_null(elf_image_from_bytes(file, file_size, &image));
	if (elf_image_section(image, ".debug_frame", &found)) {
		result = found.size;
		for (size_t i = 0; i < found.size; i++)
			assert_int_equal(found.bytes[i], i / 64 % 256);
	}
	elf_image_destroy(image);
	return result;
}

static void assert_inflates(struct compressed *data, size_t size)
{
	data->header.ch_size = PLAIN_BYTES;
	assert_int_equal(inflated(data, size), PLAIN_BYTES);
	assert_int_equal(inflated(data, size - 5), 0);
	assert_int_equal(inflated(data, 0), 0);
	data->header.ch_size = PLAIN_BYTES - 1;
	assert_int_equal(inflated(data, size), 0);
	data->header.ch_size = PLAIN_BYTES + 1;
	assert_int_equal(inflated(data, size), 0);
	data->header.ch_size = UINT64_C(10) << 30;
	assert_int_equal(inflated(data, size), 0);
	data->header.ch_size = UINT64_MAX;
	assert_int_equal(inflated(data, size), 0);
	data->header.ch_size = PLAIN_BYTES;
	data->bytes[size / 2] ^= 0x55;
	assert_int_equal(inflated(data, size), 0);
}

static void test_compressed_sections(void **state)
{
	static struct compressed data;
	uint8_t plain[PLAIN_BYTES];
	uLongf zlib_size = sizeof(data.bytes);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i / 64);
	data.header.ch_type = ELFCOMPRESS_ZLIB;
	assert_int_equal(compress(data.bytes, &zlib_size, plain,
				  sizeof(plain)), Z_OK);
	assert_inflates(&data, zlib_size);
	data.header.ch_type = 2; // ELFCOMPRESS_ZSTD
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size = ZSTD_compress2(context, data.bytes, sizeof(data.bytes), plain,
			      sizeof(plain));
	ZSTD_freeCCtx(context);
	assert_false(ZSTD_isError(size));
	assert_inflates(&data, size);
	data.header.ch_type = 3;
	assert_int_equal(inflated(&data, size), 0);
}

// What is inflated counts by what it becomes.
static void test_all_that_is_held(void **state)
{
	static struct compressed data;
	static const uint8_t plain[PLAIN_BYTES];
	uLongf size = sizeof(data.bytes);
	struct made_section sections[] = {
		{ ".debug_frame", SHT_PROGBITS, SHF_COMPRESSED, 0, &data, 0 },
		{ ".eh_frame", SHT_PROGBITS, 0, 0, plain, sizeof(plain) },
	};
	struct elf_section found;
	struct elf_image *image;
	size_t file_size;
	void *file;

	(void)state;
	data.header = (Elf64_Chdr){ .ch_type = ELFCOMPRESS_ZLIB,
				    .ch_size = sizeof(plain) };
	assert_int_equal(compress(data.bytes, &size, plain, sizeof(plain)),
			 Z_OK);
	// Not so small that it passes for a bomb.
	sections[0].size = sizeof(data.header) + size + sizeof(plain) / 100;
	file = made_elf(EM_X86_64, sections, 2, &file_size);
	assert_null(elf_image_from_bytes(file, file_size, &image));
	free(file);
	// With room for what is in the file, and for the names of sections.
	image->bytes_held = HELD_MAX - sections[0].size - 512;
	assert_false(elf_image_section(image, ".debug_frame", &found));
	assert_false(elf_image_section(image, ".eh_frame", &found));
	elf_image_destroy(image);
}

// A third table is nobody's: a file has one of each kind.
static void test_symbol_tables(void **state)
{
	static const char *const names[] = { "spam", "eggs", "ham" };
	static const Elf64_Sym symbols[] = {
		{ .st_name = 1,
		  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		  .st_shndx = 1,
		  .st_value = MADE_BASE },
	};
	struct made_section sections[6];
	struct elf_image *image;
	char strings[3][8] = { "" };
	uint64_t vaddr, bytes;
	size_t size;
	void *file;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		strcpy(strings[i] + 1, names[i]);
		sections[2 * i] = (struct made_section){
			".symtab", i == 1 ? SHT_DYNSYM : SHT_SYMTAB, 0,
			2 * i + 2, symbols, sizeof(symbols)
		};
		sections[2 * i + 1] = (struct made_section){
			".strtab", SHT_STRTAB, 0, 0, strings[i],
			sizeof(strings[i])
		};
	}
	file = made_elf(EM_X86_64, sections, 6, &size);
	assert_null(elf_image_from_bytes(file, size, &image));
	free(file);
	assert_true(elf_image_find_symbol(image, "spam", &vaddr, &bytes));
	assert_true(elf_image_find_symbol(image, "eggs", &vaddr, &bytes));
	assert_false(elf_image_find_symbol(image, "ham", &vaddr, &bytes));
	elf_image_destroy(image);
}

static void test_dropped_section(void **state)
{
	struct elf_image *image = open_self();
	struct elf_section section;
	size_t size;

	(void)state;
	assert_true(elf_image_section(image, ".eh_frame", &section));
	size = section.size;
	elf_image_drop_section(image, ".eh_frame");
	elf_image_drop_section(image, ".eh_frame");
	elf_image_drop_section(image, "no such one");
	elf_image_drop_section(image, ".shstrtab");
	assert_true(elf_image_section(image, ".eh_frame", &section));
	assert_int_equal(section.size, size);
	elf_image_drop_sections(image);
	assert_true(elf_image_section(image, ".eh_frame", &section));
	assert_int_equal(section.size, size);
	elf_image_destroy(image);
}

static void test_build_id(void **state)
{
	static const uint32_t notes[] = {
		4, 4, 1, 0x554e47, 7, // "GNU", another type
		4, 8, NT_GNU_BUILD_ID, 0x554e47, 0x04030201, 0x08070605,
	};
	struct made_section section = { ".note.gnu.build-id", SHT_NOTE, 0, 0,
					notes, sizeof(notes) };
	struct elf_image *image;
	const uint8_t *id;
	size_t size, id_size;

	(void)state;
	for (; section.size >= 4; section.size -= 4) {
		_cleanup_free_ void *file = made_elf(EM_X86_64, &section, 1,
						     &size);

		assert_null(elf_image_from_bytes(file, size, &image));
		id = elf_image_build_id(image, &id_size);
		if (section.size == sizeof(notes)) {
			assert_int_equal(id_size, 8);
			assert_memory_equal(id, notes + 9, 8);
		} else {
			assert_int_equal(id_size, 0);
			assert_null(id);
		}
		elf_image_destroy(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_program),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bent_headers),
		cmocka_unit_test(test_compressed_sections),
		cmocka_unit_test(test_all_that_is_held),
		cmocka_unit_test(test_symbol_tables),
		cmocka_unit_test(test_dropped_section),
		cmocka_unit_test(test_build_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
