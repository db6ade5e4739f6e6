// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/binary.h"

#include "base/reader.h"
#include "unwind/native/elf_image.h"

#include <stdlib.h>
#include <string.h>

enum {
	// PY_VERSION_HEX: 0x030c01f0 is 3.12.1, final.
	RELEASE_LEVEL_FINAL = 0xf,
	VERSION_FINAL = RELEASE_LEVEL_FINAL << 4,
	// The first version whose _PyRuntime begins with _Py_DebugOffsets.
	VERSION_DEBUG_OFFSETS = 0x030d0000,
	NAME_SCAN_MAX = 64 << 20,
};

/* A word of _Py_DebugOffsets, by its place, and what the layout says. */
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

// _Py_DebugOffsets, Include/internal/pycore_runtime.h of 3.13,
// pycore_debug_offsets.h of 3.14 and 3.15: all members are u64.
static bool offsets_agree(struct elf_image *image, uint64_t runtime,
			  const struct python_layout *layout)
{
	const uint32_t thread = layout->debug.thread;
	const uint32_t frame = layout->debug.frame, code = layout->debug.code;
	const uint32_t bytes = layout->debug.bytes, text = layout->debug.text;
	// Every group begins with the size of what it describes.
	const struct debug_offset offsets[] = {
		{ layout->debug.runtime + 16, layout->runtime.interpreters_head },
		{ layout->debug.interpreter + 16, layout->interpreter.next },
		{ layout->debug.interpreter + 24,
		  layout->interpreter.threads_head },
		{ layout->debug.interpreter_gil, layout->gil.interpreter },
		{ thread + 8, layout->thread.previous },
		{ thread + 16, layout->thread.next },
		{ thread + 24, layout->thread.interpreter },
		{ thread + 32, layout->thread.current_frame },
		{ layout->debug.thread_id, layout->thread.native_thread_id },
		{ layout->debug.thread_chunk, layout->thread.chunk },
		{ frame + 8, layout->frame.previous },
		{ frame + 16, layout->frame.code },
		{ frame + 24, layout->frame.instruction },
		{ frame + 32, layout->frame.size },
		{ frame + 40, layout->frame.owner },
		{ code + 8, layout->code.file_name },
		{ code + 16, layout->code.name },
		{ code + 24, layout->code.qualified_name },
		{ code + 32, layout->code.line_table },
		{ code + 40, layout->code.first_line },
		{ code + 48, layout->code.argument_count },
		{ layout->debug.code_bytecode, layout->code.bytecode },
		{ bytes + 8, layout->bytes.size },
		{ bytes + 16, layout->bytes.data },
		{ text + 8, layout->text.state },
		{ text + 16, layout->text.length },
		{ text + 24, layout->text.ascii_data },
	};

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint64_t value;

		if (!read_word(image, runtime + offsets[i].at, &value) ||
		    value != offsets[i].expected)
			return false;
	}
	return true;
}

static const char *judge_debug_offsets(struct python_binary *binary,
				       struct elf_image *image)
{
	uint64_t runtime = binary->runtime_vaddr;
	uint64_t version, free_threaded;
	char cookie[8];

	if (!elf_image_read(image, runtime, cookie, sizeof(cookie)) ||
	    memcmp(cookie, "xdebugpy", sizeof(cookie)) ||
	    !read_word(image, runtime + 8, &version) ||
	    !read_word(image, runtime + 16, &free_threaded))
		return "no debug offsets in the file";
	if (version != binary->version)
		return "debug offsets of another version";
	if (free_threaded)
		binary->layout = python_layout_find(binary->version, true);
	if (!binary->layout)
		return "free-threaded builds are not supported";
	if (!offsets_agree(image, runtime, binary->layout))
		return "its structures differ from the known ones";
	return NULL;
}

// The file's own description of its structures decides over our table.
static void check_debug_offsets(struct python_binary *binary,
				struct elf_image *image)
{
	const char *why = judge_debug_offsets(binary, image);

	if (why)
		unsupported(binary, why);
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

// PY_VERSION stands by itself, as "3.8.18" between two NULs, what a version has
// in common with all is its minor number: the layouts are chosen by that.
static void find_micro(struct python_binary *binary, struct elf_image *image,
		       unsigned int minor)
{
	struct elf_section section;
	char wanted[8];
	const char *at;
	size_t left;

	if (!elf_image_section(image, ".rodata", &section))
		return;
	left = section.size > NAME_SCAN_MAX ? NAME_SCAN_MAX : section.size;
	snprintf(wanted, sizeof(wanted), "%c3.%u.", '\0', minor);
	for (at = (const char *)section.bytes; left > 16; left--, at++) {
		size_t head = 1 + strlen(wanted + 1);
		size_t digits;

		if (memcmp(at, wanted, head))
			continue;
		digits = strspn(at + head, "0123456789");
		if (digits < 1 || digits > 2 || at[head + digits])
			continue;
		snprintf(binary->version_text, sizeof(binary->version_text),
			 "%s", at + 1);
		break;
	}
	elf_image_drop_section(image, ".rodata");
}

// Up to 3.10 no symbol tells the version, but the library's folder does.
static void read_old(struct python_binary *binary, struct elf_image *image)
{
	unsigned int major = 0, minor = 0;

	find_version_name(binary, image, ".dynstr");
	find_version_name(binary, image, ".rodata");
	if (!binary->version_text[0])
		strcpy(binary->version_text, "up to 3.10");
	if (sscanf(binary->version_text, "%1u.%2u", &major, &minor) == 2 &&
	    major == 3)
		binary->version = major << 24 | minor << 16 | VERSION_FINAL;
	if (binary->version)
		binary->layout = python_layout_find(binary->version, false);
	if (!binary->layout ||
	    binary->layout->chain != PYTHON_CHAIN_OBJECTS) {
		unsupported(binary, "this version is not supported");
		return;
	}
	if (!binary->runtime_vaddr)
		unsupported(binary, "it has no symbol of its interpreters");
	else if (elf_image_machine(image) != EM_X86_64)
		unsupported(binary, "is supported on x86-64 only");
	else
		find_micro(binary, image, minor);
}

static void describe_version(struct python_binary *binary)
{
	snprintf(binary->version_text, sizeof(binary->version_text), "%u.%u.%u",
		 binary->version >> 24, binary->version >> 16 & 0xff,
		 binary->version >> 8 & 0xff);
	binary->layout = python_layout_find(binary->version, false);
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
}

// Py_DEBUG builds have more members in most structures, and up to 3.7 in each
// object. Include/object.h of all versions declares this for them only.
static void refuse_debug_build(struct python_binary *binary,
			       struct elf_image *image)
{
	uint64_t vaddr, size;

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
	// Local to Python/pystate.c of 3.6.
	if (elf_image_find_symbol(image, "interp_head", ret, &size))
		return false;
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
	refuse_debug_build(binary, image);
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
