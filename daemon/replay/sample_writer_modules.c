// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_writer_state.h"

#include "base/array.h"
#include "unwind/native/cfi_parts.h"
#include "unwind/python/binary.h"
#include "unwind/symbols/symbol_table.h"

#include <string.h>

enum { WORD_BYTES = 8, EVAL_TEXT_BYTES = 24, UNSUPPORTED_BYTES = 96 };

struct function_key {
	uint32_t module, number;
	uint64_t vaddr;
};

static bool hold(struct sample_writer *writer, struct module *module)
{
	if (!array_reserve_one(writer->held, writer->held_count,
			       writer->held_capacity))
		return false;
	writer->held[writer->held_count++] = module_ref(module);
	return true;
}

uint32_t writer_module(struct sample_writer *writer, struct module *module)
{
	struct sample_block *block = &writer->block;
	size_t path_size;
	uint32_t number;
	bool new;

	if (!module)
		return 0;
	number = writer_number(writer, &writer->modules, &module,
			       sizeof(module), &new);
	if (!new)
		return number;
	if (!hold(writer, module))
		writer_fail(writer, &error_nomem);
	path_size = strnlen(module->path, SAMPLE_PATH_MAX);
	sample_block_begin(block, SAMPLE_BLOCK_MODULE);
	sample_block_u32(block, (uint32_t)module->build_id_size);
	sample_block_u32(block, (uint32_t)path_size);
	sample_block_array(block, module->build_id, module->build_id_size);
	sample_block_array(block, module->path, path_size);
	writer_put(writer);
	return number;
}

static void put_python(struct sample_block *block,
		       const struct python_binary *python)
{
	static const struct python_binary none;

	if (!python)
		python = &none;
	sample_block_u32(block, python->version);
	sample_block_u32(block, python->eval_count);
	sample_block_u64(block, python->runtime_vaddr);
	sample_block_u64(block, python->code_type_vaddr);
	sample_block_u64(block, python->entry_end);
	for (unsigned int i = 0; i < PYTHON_EVAL_RANGE_MAX; i++) {
		sample_block_u64(block, python->eval[i].start);
		sample_block_u64(block, python->eval[i].end);
	}
	sample_block_text(block, python->version_text, EVAL_TEXT_BYTES);
	sample_block_text(block, python->unsupported, UNSUPPORTED_BYTES);
}

// Row by row of one FDE: the rows are counted while they are put.
struct row_writer {
	struct sample_writer *writer;
	const struct cfi_table *cfi;
	uint32_t module;
	uint64_t start;
	uint32_t count;
};

// Numbered over all modules; written when new.
static uint32_t expression_number(struct row_writer *rows, int32_t index)
{
	struct sample_writer *writer = rows->writer;
	struct sample_block *block = &writer->block;
	struct function_key key = { rows->module, (uint32_t)index, 0 };
	struct cfi_expression expression;
	uint32_t number;
	bool new;

	number = writer_number(writer, &writer->expressions, &key, sizeof(key),
			       &new);
	if (!new)
		return number;
	expression = cfi_table_expression(rows->cfi, index);
	sample_block_begin(block, SAMPLE_BLOCK_EXPRESSION);
	sample_block_u32(block, rows->module);
	sample_block_u32(block, (uint32_t)expression.size);
	sample_block_array(block, expression.bytes, expression.size);
	writer_put(writer);
	return number;
}

static bool names_expression(const struct cfi_rule *rule)
{
	return rule->kind == CFI_EXPRESSION ||
	       rule->kind == CFI_VAL_EXPRESSION;
}

// As it goes to the file, with the numbers of its expressions.
static size_t pack_row(struct row_writer *rows, const struct cfi_row *row,
		       struct cfi_packed_row *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->rule_count = row->rule_count;
	ret->cfa_kind = row->cfa_kind;
	ret->cfa_reg = row->cfa_reg;
	ret->signal_frame = row->signal_frame;
	ret->cfa_operand = row->cfa_operand;
	if (row->cfa_kind == CFI_CFA_EXPRESSION)
		ret->cfa_operand =
			(int32_t)expression_number(rows, row->cfa_operand);
	for (unsigned int i = 0; i < row->rule_count; i++) {
		struct cfi_rule *rule = &ret->rules[i];

		rule->kind = row->rules[i].kind;
		rule->reg = row->rules[i].reg;
		rule->operand = row->rules[i].operand;
		if (names_expression(rule))
			rule->operand = (int32_t)expression_number(
				rows, rule->operand);
	}
	return offsetof(struct cfi_packed_row, rules) +
	       row->rule_count * sizeof(ret->rules[0]);
}

// Its number; written when new.
static uint32_t row_number(struct row_writer *rows, const struct cfi_row *row)
{
	struct sample_writer *writer = rows->writer;
	struct sample_block *block = &writer->block;
	struct cfi_packed_row packed;
	size_t size;
	uint32_t number;
	bool new;

	if (!row)
		return 0;
	size = pack_row(rows, row, &packed);
	number = writer_number(writer, &writer->rows, &packed, size, &new);
	if (!new)
		return number;
	sample_block_begin(block, SAMPLE_BLOCK_ROW);
	sample_block_u8(block, packed.rule_count);
	sample_block_u8(block, packed.cfa_kind);
	sample_block_u8(block, packed.cfa_reg);
	sample_block_u8(block, packed.signal_frame);
	sample_block_u32(block, (uint32_t)packed.cfa_operand);
	for (unsigned int i = 0; i < packed.rule_count; i++) {
		sample_block_u8(block, packed.rules[i].kind);
		sample_block_u8(block, packed.rules[i].reg);
		sample_block_u16(block, 0);
		sample_block_u32(block, (uint32_t)packed.rules[i].operand);
	}
	writer_put(writer);
	return number;
}

// cfi_row_fn: what a function refers to comes before it.
static void count_row(void *context, uint64_t vaddr, const struct cfi_row *row)
{
	struct row_writer *rows = context;

	(void)vaddr;
	rows->count++;
	row_number(rows, row);
}

// cfi_row_fn
static void put_row(void *context, uint64_t vaddr, const struct cfi_row *row)
{
	struct row_writer *rows = context;
	struct sample_block *block = &rows->writer->block;

	sample_block_u32(block, (uint32_t)(vaddr - rows->start));
	sample_block_u32(block, row_number(rows, row));
}

static void put_function(struct sample_writer *writer, uint32_t number,
			 const struct cfi_table *cfi, uint64_t vaddr)
{
	struct row_writer rows = { .writer = writer,
				   .cfi = cfi,
				   .module = number };
	struct function_key key = { .module = number };
	struct sample_block *block = &writer->block;
	uint64_t end;
	bool new;

	if (!cfi || !cfi_table_function(cfi, vaddr, &key.vaddr, &end))
		return;
	writer_number(writer, &writer->functions, &key, sizeof(key), &new);
	if (!new)
		return;
	rows.start = key.vaddr;
	cfi_table_each_row(cfi, key.vaddr, end, count_row, &rows);
	sample_block_begin(block, SAMPLE_BLOCK_FUNCTION);
	sample_block_u32(block, number);
	sample_block_u32(block, rows.count);
	sample_block_u64(block, key.vaddr);
	sample_block_u64(block, end);
	cfi_table_each_row(cfi, key.vaddr, end, put_row, &rows);
	writer_put(writer);
}

// Only what the recorder has read of the module already: keeping a sample must
// not read files.
static bool is_known(const struct module *module)
{
	return module && module->cfi_known && module->python_known;
}

static void put_unwinding(struct sample_writer *writer, uint32_t number,
			  const struct module *module)
{
	const struct python_binary *python = module->python;
	struct sample_block *block = &writer->block;
	uint64_t start = 0, end = 0;
	uint32_t flags = 0;
	bool new;

	writer_number(writer, &writer->unwinding, &number, sizeof(number),
		      &new);
	if (!new)
		return;
	if (module->cfi) {
		flags |= MODULE_HAS_CFI;
		cfi_table_code(module->cfi, &start, &end);
	}
	if (python)
		flags |= MODULE_IS_PYTHON;
	if (python && python->layout)
		flags |= MODULE_HAS_LAYOUT;
	if (python && python->layout && python->layout->free_threaded)
		flags |= MODULE_FREE_THREADED;
	sample_block_begin(block, SAMPLE_BLOCK_UNWINDING);
	sample_block_u32(block, number);
	sample_block_u32(block, flags);
	sample_block_u64(block, start);
	sample_block_u64(block, end);
	put_python(block, python);
	writer_put(writer);
	for (unsigned int i = 0; python && i < python->eval_count; i++)
		put_function(writer, number, module->cfi,
			     python->eval[i].start);
}

static void put_symbol(struct sample_writer *writer, uint32_t module,
		       uint64_t vaddr, uint64_t size, const char *name)
{
	struct function_key key = { .module = module, .vaddr = vaddr };
	struct sample_block *block = &writer->block;
	size_t name_size = strnlen(name, SAMPLE_SYMBOL_MAX);
	bool new;

	writer_number(writer, &writer->symbols, &key, sizeof(key), &new);
	if (!new)
		return;
	sample_block_begin(block, SAMPLE_BLOCK_SYMBOL);
	sample_block_u32(block, module);
	sample_block_u32(block, (uint32_t)name_size);
	sample_block_u64(block, vaddr);
	sample_block_u64(block, size);
	sample_block_array(block, name, name_size);
	writer_put(writer);
}

void sample_writer_kernel_symbol(struct sample_writer *writer,
				 uint64_t address, const char *name)
{
	if (!writer->error)
		put_symbol(writer, 0, address, 1, name);
}

// The two functions that a word on the stack may return to: the one before it
// if it is a return address, the one at it if a signal was delivered there.
static void cover(struct sample_writer *writer, const struct mapping *mapping,
		  uint64_t word)
{
	uint32_t number = writer_module(writer, mapping->module);
	uint64_t vaddr = word - mapping->bias;

	put_unwinding(writer, number, mapping->module);
	put_function(writer, number, mapping->module->cfi, vaddr - 1);
	put_function(writer, number, mapping->module->cfi, vaddr);
}

static void cover_word(struct sample_writer *writer, uint32_t process,
		       struct space *space, uint64_t word)
{
	struct seen_address *seen =
		&writer->seen[(word ^ word >> 12) & (WRITER_SEEN_SLOTS - 1)];
	const struct mapping *mapping;

	if (seen->process == process && seen->vaddr == word)
		return;
	mapping = space_find(space, word);
	if (!mapping || !is_known(mapping->module))
		return;
	*seen = (struct seen_address){ process, word };
	cover(writer, mapping, word);
}

static void cover_words(struct sample_writer *writer, uint32_t process,
			struct space *space, const uint8_t *bytes, size_t size)
{
	uint64_t lowest, highest, word;

	if (!space->count)
		return;
	lowest = space->mappings[0].start;
	highest = space->mappings[space->count - 1].end;
	for (size_t at = 0; size - at >= WORD_BYTES; at += WORD_BYTES) {
		memcpy(&word, bytes + at, sizeof(word));
		if (word > lowest && word < highest)
			cover_word(writer, process, space, word);
	}
}

static void name_frame(struct sample_writer *writer, const struct frame *frame)
{
	struct module *module = frame->module;
	const struct symbol_table *symbols = module_symbols(module);
	const struct symbol *symbol =
		symbols ? symbol_table_find(symbols, frame->module_vaddr) :
			  NULL;
	uint32_t number = writer_module(writer, module);

	if (symbol)
		put_symbol(writer, number, symbol->vaddr, symbol->size,
			   symbol->name);
}

void writer_functions(struct sample_writer *writer, uint32_t process,
		      const struct kept_sample *sample)
{
	for (unsigned int i = 0; sample->regs && i < writer->arch->perf_count;
	     i++)
		cover_word(writer, process, sample->space, sample->regs[i]);
	cover_words(writer, process, sample->space, sample->stack,
		    sample->stack_size);
	for (size_t i = 0; i < sample->walk.frame_count; i++) {
		const struct frame *frame = &sample->walk.frames[i];

		if (frame->kind != FRAME_NATIVE || !frame->module)
			continue;
		cover_word(writer, process, sample->space, frame->pc);
		name_frame(writer, frame);
	}
}
