// SPDX-License-Identifier: Apache-2.0
/*
 * All code of the eval loop in one file, also of a stripped one, where the
 * compiler has moved parts of the function elsewhere ("outlined", .cold):
 *
 *     _PyEval_EvalFrameDefault   FDE 1   jumps out, with its frame set up
 *     (no symbol)                FDE 2   begins in the middle of that frame
 *
 * A jump out of the function leads into an outlined part if the two ends agree
 * on every rule of the frame: nothing else can be jumped to with a frame set
 * up. Calls in tail position leave after the frame has been taken down, to the
 * start of an FDE, which begins as every function does. An outlined part begins
 * with at least the CFA of the frame (3.13.18 of Debian: no register is saved
 * yet where its loop leaves for the cold part first).
 */
#include "unwind/python/binary.h"

#include "unwind/native/cfi_table.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/instruction.h"

#include <stdlib.h>
#include <string.h>

enum {
	EVAL_BYTES_MAX = 4 << 20, // the largest one met has 85 KB
	EVAL_BYTES_MIN = 16 << 10, // the smallest one, of 3.6.15, has 31 KB
	ENTRY_BYTES_MAX = 0x200,
};

static const char eval_name[] = "_PyEval_EvalFrameDefault";
static const char old_eval_name[] = "PyEval_EvalFrameEx"; // up to 3.5

struct eval_search {
	struct python_binary *binary;
	struct elf_image *image;
	const struct cfi_table *cfi; // may be NULL
	uint16_t machine;
	uint64_t published; // where the record is published; 0: not known
	bool reentered; // a jump leads into the entry
};

static bool add_range(struct python_binary *binary, uint64_t start,
		      uint64_t end)
{
	if (start >= end || end - start > EVAL_BYTES_MAX ||
	    binary->eval_count >= PYTHON_EVAL_RANGE_MAX ||
	    python_binary_in_eval(binary, start))
		return false;
	binary->eval[binary->eval_count++] =
		(struct python_range){ start, end };
	return true;
}

static bool rows_equal(const struct cfi_row *a, const struct cfi_row *b)
{
	return a->cfa_kind == b->cfa_kind && a->cfa_reg == b->cfa_reg &&
	       a->cfa_operand == b->cfa_operand &&
	       a->rule_count == b->rule_count &&
	       !memcmp(a->rules, b->rules,
		       a->rule_count * sizeof(a->rules[0]));
}

// Whether a frame is set up at @row. Every function begins as the loop does.
static bool is_set_up(const struct eval_search *search,
		      const struct cfi_row *row)
{
	const struct cfi_row *entry =
		cfi_table_find(search->cfi, search->binary->eval[0].start);

	return row && entry && !rows_equal(row, entry);
}

// Whether a jump makes the entry run twice, or leads past the store that
// publishes the record. A jump ahead, to before that store, does neither (3.14's
// check of the stack's depth).
static bool is_reentry(const struct eval_search *search, uint64_t from,
		       uint64_t to)
{
	uint64_t start = search->binary->eval[0].start;

	return to > start && to < search->binary->entry_end &&
	       (from < start || from >= to || to > search->published);
}

static void follow_jump(struct eval_search *search, uint64_t from, uint64_t to)
{
	const struct cfi_row *source, *target, *first;
	uint64_t start, end;

	if (is_reentry(search, from, to))
		search->reentered = true;
	if (python_binary_in_eval(search->binary, to) ||
	    !cfi_table_function(search->cfi, to, &start, &end))
		return;
	source = cfi_table_find(search->cfi, from);
	target = cfi_table_find(search->cfi, to);
	first = cfi_table_find(search->cfi, start);
	if (source && target && is_set_up(search, first) &&
	    rows_equal(source, target))
		add_range(search->binary, start, end);
}

// Decodes the range from its start: a function of GCC or Clang has no data in
// between. What is not decoded is stepped over, and wrong jumps read from there
// do not pass follow_jump().
static void sweep(struct eval_search *search, const uint8_t *bytes,
		  struct python_range range)
{
	size_t size = range.end - range.start;
	size_t at = 0;

	while (at < size) {
		struct instruction insn;
		uint64_t vaddr = range.start + at;

		if (!instruction_decode(search->machine, bytes + at, size - at,
					vaddr, &insn)) {
			at++;
			continue;
		}
		if (insn.kind == INSTRUCTION_JUMP ||
		    insn.kind == INSTRUCTION_BRANCH)
			follow_jump(search, vaddr, insn.target);
		at += insn.size;
	}
}

// Parts may have parts: `eval_count` grows while it is walked.
static struct error *find_outlined(struct eval_search *search)
{
	struct python_binary *binary = search->binary;

	for (unsigned int i = 0; search->cfi && i < binary->eval_count; i++) {
		struct python_range range = binary->eval[i];
		_cleanup_free_ uint8_t *bytes = malloc(range.end - range.start);

		if (!bytes)
			return &error_nomem;
		if (elf_image_read(search->image, range.start, bytes,
				   range.end - range.start))
			sweep(search, bytes, range);
	}
	return NULL;
}

static bool add_named_part(void *context, const char *name, uint64_t vaddr,
			   uint64_t size, unsigned char info)
{
	struct eval_search *search = context;
	uint64_t start = vaddr, end = vaddr + size;

	(void)info;
	if (strncmp(name, eval_name, sizeof(eval_name) - 1) ||
	    strncmp(name + sizeof(eval_name) - 1, ".cold", 5))
		return true;
	if (search->cfi)
		cfi_table_function(search->cfi, vaddr, &start, &end);
	add_range(search->binary, start, end);
	return true;
}

// Where the loop publishes its record: the thread state's cframe in 3.11 and
// 3.12, its current frame in others.
static int32_t record_offset(const struct python_layout *layout)
{
	return (int32_t)(layout->thread.cframe == PYTHON_NO_OFFSET ?
				 layout->thread.current_frame :
				 layout->thread.cframe);
}

/*
 * The loop begins with a check of its thread state, which may branch off to a
 * fatal error. Then it fills in its record, publishes it, and counts down the
 * recursion limit, all in one basic block that no later jump enters; the compiler
 * mixes the stores as it likes. So the first branch or call behind the store
 * that publishes the record is the first instruction of which it is certain
 * that the record is complete, and nothing before it is run twice.
 *
 *     52b13f  mov  %rcx,0x38(%rdi)     tstate->cframe = &cframe
 *     52b155  movups %xmm0,0xb8(%rsp)  cframe.current_frame, .previous
 *     52b160  jne  537165              here
 */
static bool find_entry_end(struct eval_search *search,
			   const uint8_t *bytes, size_t size, uint64_t *ret)
{
	struct python_range range = search->binary->eval[0];
	int32_t offset = record_offset(search->binary->layout);
	bool published = false;
	size_t at = 0;

	while (at < size) {
		struct instruction insn;
		uint64_t vaddr = range.start + at;

		if (!instruction_decode(search->machine, bytes + at, size - at,
					vaddr, &insn) ||
		    insn.kind == INSTRUCTION_JUMP ||
		    insn.kind == INSTRUCTION_LEAVE)
			return false;
		if (insn.kind == INSTRUCTION_STORE && insn.offset == offset) {
			if (!published)
				search->published = vaddr;
			published = true;
		}
		if (published && (insn.kind == INSTRUCTION_BRANCH ||
				  insn.kind == INSTRUCTION_CALL)) {
			*ret = vaddr;
			return true;
		}
		at += insn.size;
	}
	return false;
}

static bool read_entry(struct eval_search *search, uint64_t *ret)
{
	struct python_range range = search->binary->eval[0];
	uint8_t bytes[ENTRY_BYTES_MAX];
	size_t size = range.end - range.start;

	if (size > sizeof(bytes))
		size = sizeof(bytes);
	return elf_image_read(search->image, range.start, bytes, size) &&
	       find_entry_end(search, bytes, size, ret);
}

static bool find_start(struct eval_search *search)
{
	uint64_t vaddr, size, start, end;

	if (!elf_image_find_symbol(search->image, eval_name, &vaddr, &size) &&
	    !elf_image_find_symbol(search->image, old_eval_name, &vaddr, &size))
		return false;
	end = vaddr + size;
	if (search->cfi &&
	    cfi_table_function(search->cfi, vaddr, &start, &size) &&
	    start == vaddr && size > end)
		end = size;
	return add_range(search->binary, vaddr, end);
}

// Keeps the ranges found so far, and the first reason.
static struct error *refuse(struct python_binary *binary, const char *why)
{
	if (!binary->layout)
		return NULL;
	binary->layout = NULL;
	binary->entry_end = 0;
	snprintf(binary->unsupported, sizeof(binary->unsupported),
		 "CPython %s: %s", binary->version_text, why);
	return NULL;
}

/*
 * A part that is not found would pass for another function. So would most of a
 * loop that is made of tail calls (3.14's --with-tail-call-interp), in which
 * each opcode is a function: what is left then only sets up the record.
 */
static bool is_whole(const struct python_binary *binary)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < binary->eval_count; i++)
		bytes += binary->eval[i].end - binary->eval[i].start;
	return bytes >= EVAL_BYTES_MIN;
}

struct error *python_binary_find_eval(struct python_binary *binary,
				      struct elf_image *image,
				      const struct cfi_table *cfi)
{
	struct eval_search search = { .binary = binary,
				      .image = image,
				      .cfi = cfi,
				      .machine = elf_image_machine(image) };
	struct error *error;

	binary->eval_count = 0;
	if (!find_start(&search))
		return refuse(binary, "its eval loop has no symbol");
	// Without it, a half-written record could pass for a whole one. A frame
	// object is whole before it is run.
	if (binary->layout && binary->layout->chain != PYTHON_CHAIN_OBJECTS &&
	    !read_entry(&search, &binary->entry_end))
		refuse(binary, "its eval loop begins in an unknown way");
	// Also of a version that cannot be read, so that a stack with Python
	// in it is known as one.
	error = find_outlined(&search);
	if (!error && search.reentered)
		return refuse(binary, "its eval loop comes back to its entry");
	if (error)
		return error;
	elf_image_each_function(image, add_named_part, &search);
	if (!is_whole(binary))
		return refuse(binary, "its eval loop is in unknown pieces");
	return NULL;
}
