// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/binary.h"

#include "base/reader.h"
#include "unwind/native/elf_image.h"

#include <stdlib.h>
#include <string.h>

enum {
	// PY_VERSION_HEX: 0x030c01f0 is 3.12.1, final.
	RELEASE_LEVEL_FINAL = 0xf,
	// The first version whose _PyRuntime begins with _Py_DebugOffsets.
	VERSION_DEBUG_OFFSETS = 0x030d0000,
	NAME_SCAN_MAX = 64 << 20,
};

/**
 * _Py_DebugOffsets as CPython 3.13 has it (Include/internal/pycore_runtime.h):
 * all members are u64. Where its words stand, and what the layout says.
 */
struct debug_offset {
	uint32_t at;
	uint32_t expected;
};

static void unsupported(struct python_binary *binary, const char *why)
{
	binary->layout = NULL;
	snprintf(binary->unsupported, sizeof(binary->unsupported),
		 "CPython %s: %s", binary->version_text, why);
}

static bool read_word(struct elf_image *image, uint64_t vaddr, uint64_t *ret)
{
	return elf_image_read(image, vaddr, ret, sizeof(*ret));
}

static bool offsets_agree(struct elf_image *image, uint64_t runtime,
			  const struct python_layout *layout)
{
	const struct debug_offset offsets[] = {
		{ 40, layout->runtime.interpreters_head },
		{ 64, layout->interpreter.next },
		{ 72, layout->interpreter.threads_head },
		{ 112, layout->gil.interpreter },
		{ 160, layout->thread.previous },
		{ 168, layout->thread.next },
		{ 176, layout->thread.interpreter },
		{ 184, layout->thread.current_frame },
		{ 200, layout->thread.native_thread_id },
		{ 208, layout->thread.chunk },
		{ 232, layout->frame.previous },
		{ 240, layout->frame.code },
		{ 248, layout->frame.instruction },
		{ 256, layout->frame.size },
		{ 264, layout->frame.owner },
		{ 280, layout->code.file_name },
		{ 288, layout->code.name },
		{ 296, layout->code.qualified_name },
		{ 304, layout->code.line_table },
		{ 312, layout->code.first_line },
		{ 320, layout->code.argument_count },
		{ 344, layout->code.bytecode },
		{ 520, layout->bytes.size },
		{ 528, layout->bytes.data },
		{ 544, layout->text.state },
		{ 552, layout->text.length },
		{ 560, layout->text.ascii_data },
	};

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint64_t value;

		if (!read_word(image, runtime + offsets[i].at, &value) ||
		    value != offsets[i].expected)
			return false;
	}
	return true;
}

// The file's own description of its structures decides over our table.
static void check_debug_offsets(struct python_binary *binary,
				struct elf_image *image)
{
	uint64_t runtime = binary->runtime_vaddr;
	uint64_t version, free_threaded;
	char cookie[8];

	if (!elf_image_read(image, runtime, cookie, sizeof(cookie)) ||
	    memcmp(cookie, "xdebugpy", sizeof(cookie)) ||
	    !read_word(image, runtime + 8, &version) ||
	    !read_word(image, runtime + 16, &free_threaded))
		unsupported(binary, "no debug offsets in the file");
	else if (version != binary->version)
		unsupported(binary, "debug offsets of another version");
	else if (free_threaded)
		unsupported(binary, "free-threaded builds are not supported");
	else if (binary->layout &&
		 !offsets_agree(image, runtime, binary->layout))
		unsupported(binary, "its structures differ from the known ones");
}

// "python3.8" names the version wherever a path of the standard library or the
// SONAME is built in. The first one counts.
static void find_version_name(struct python_binary *binary,
			      struct elf_image *image, const char *section_name)
{
	struct elf_section section;
	const uint8_t *at;

	if (binary->version_text[0] ||
	    !elf_image_section(image, section_name, &section))
		return;
	if (section.size > NAME_SCAN_MAX)
		section.size = NAME_SCAN_MAX;
	at = memmem(section.bytes, section.size, "python", 6);
	for (; at; at = memmem(at, (size_t)(section.bytes + section.size - at),
			       "python", 6)) {
		char text[16] = "";
		unsigned int major, minor;
		size_t left;

		at += 6;
		left = (size_t)(section.bytes + section.size - at);
		memcpy(text, at, left < 8 ? left : 8);
		if (sscanf(text, "%1u.%2u", &major, &minor) == 2) {
			snprintf(binary->version_text,
				 sizeof(binary->version_text), "%u.%u", major,
				 minor);
			return;
		}
	}
}

static void read_old(struct python_binary *binary, struct elf_image *image)
{
	find_version_name(binary, image, ".dynstr");
	find_version_name(binary, image, ".rodata");
	if (!binary->version_text[0])
		strcpy(binary->version_text, "up to 3.10");
	unsupported(binary, "this version is not supported");
}

static void describe_version(struct python_binary *binary)
{
	snprintf(binary->version_text, sizeof(binary->version_text), "%u.%u.%u",
		 binary->version >> 24, binary->version >> 16 & 0xff,
		 binary->version >> 8 & 0xff);
	binary->layout = python_layout_find(binary->version);
	if ((binary->version >> 4 & 0xf) != RELEASE_LEVEL_FINAL)
		unsupported(binary, "pre-releases are not supported");
	else if (!binary->layout)
		unsupported(binary, "this version is not supported");
}

// Py_Version is new in 3.11, and constant, so that the file has its value.
static void read_version(struct python_binary *binary, struct elf_image *image)
{
	uint64_t vaddr, size;

	if (!elf_image_find_symbol(image, "Py_Version", &vaddr, &size) ||
	    !elf_image_read(image, vaddr, &binary->version,
			    sizeof(binary->version))) {
		binary->version = 0;
		read_old(binary, image);
		return;
	}
	describe_version(binary);
	if (binary->layout && binary->version >= VERSION_DEBUG_OFFSETS)
		check_debug_offsets(binary, image);
	// Py_DEBUG builds have more members in most structures.
	if (binary->layout &&
	    elf_image_find_symbol(image, "_Py_NegativeRefcount", &vaddr, &size))
		unsupported(binary, "debug builds are not supported");
}

static bool find_runtime(struct elf_image *image, uint64_t *ret)
{
	struct elf_section section;
	uint64_t size;

	if (elf_image_find_symbol(image, "_PyRuntime", ret, &size))
		return true;
	if (!elf_image_section(image, ".PyRuntime", &section))
		return false;
	*ret = section.vaddr;
	return true;
}

// Up to 3.6 there is no _PyRuntime; 2.7 has its loop under another name.
static bool is_older(struct elf_image *image)
{
	uint64_t vaddr, size;

	return elf_image_find_symbol(image, "_PyThreadState_Current", &vaddr,
				     &size) ||
	       elf_image_find_symbol(image, "PyEval_EvalFrameEx", &vaddr,
				     &size);
}

struct error *python_binary_read(struct elf_image *image,
				 struct python_binary **ret)
{
	struct python_binary *binary;
	uint64_t runtime = 0, size;
	bool current = find_runtime(image, &runtime);

	if (!current && !is_older(image)) {
		*ret = NULL;
		return NULL;
	}
	binary = calloc(1, sizeof(*binary));
	if (!binary)
		return &error_nomem;
	binary->runtime_vaddr = runtime;
	if (current)
		read_version(binary, image);
	else
		read_old(binary, image);
	if (!elf_image_find_symbol(image, "PyCode_Type",
				   &binary->code_type_vaddr, &size))
		binary->code_type_vaddr = 0;
	*ret = binary;
	return NULL;
}

void python_binary_destroy(struct python_binary *binary)
{
	free(binary);
}

bool python_binary_in_eval(const struct python_binary *binary, uint64_t vaddr)
{
	for (unsigned int i = 0; i < binary->eval_count; i++) {
		if (vaddr >= binary->eval[i].start &&
		    vaddr < binary->eval[i].end)
			return true;
	}
	return false;
}
